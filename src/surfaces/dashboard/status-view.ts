import type { Alert, Lane } from "../../ports/run-store.ts";
import type { Status } from "../../queries/status.ts";
import { asksOnPress, byId, keyedList, make, setText, timeElement, type Row } from "./dom.ts";
import { reasonWords, wordsOf, type Formats } from "./formats.ts";
import type { ApiClient } from "../client.ts";
import { syncTitle } from "../run-titles.ts";
import { overallOf, waitingLanes, type Overall } from "./overall.ts";

/** What the buttons need of the rest of the page. */
type AlertDoors = {
  readonly client: () => ApiClient | null;
  readonly failed: (error: unknown) => void;
  /** Refresh now. */
  readonly wake: () => void;
};

/** The line that says whether all is well, the open alerts, and what waits. */
export function createStatusView(formats: Formats, doors: AlertDoors): { show(status: Status): void } {
  let nowMs = 0;
  const line = byId("overall", HTMLElement);
  const notes = byId("overall-notes", HTMLElement);
  const nothingWaits = byId("waiting-empty", HTMLElement);
  const world = byId("world-time", HTMLElement);
  const alerts = keyedList<Alert>(
    byId("alerts", HTMLElement),
    ({ id }) => id,
    (alert) => alertRow(alert, doors, { formats, nowMs: () => nowMs }),
  );
  const lanes = keyedList<Lane>(
    byId("waiting", HTMLElement),
    ({ lane }) => lane,
    () => laneRow(formats, () => nowMs),
  );
  return {
    show: (status) => {
      nowMs = status.nowMs;
      const overall = overallOf(status, formats);
      showOverall(line, overall);
      setText(notes, overall.notes.join(" "));
      alerts.show(status.alerts);
      lanes.show(waitingLanes(status));
      setText(nothingWaits, "No sync is held back.");
      nothingWaits.hidden = waitingLanes(status).length > 0;
      const now = formats.whole(nowMs);
      setText(world, now.text);
      world.setAttribute("datetime", now.iso);
      world.title = now.iso;
      document.title = overall.tone === "bad" ? `${overall.lead} – meeting-sync` : "meeting-sync";
    },
  };
}

/** Written anew only if it reads differently, for it is a live region. */
function showOverall(line: HTMLElement, { tone, lead, figures, lastListing }: Overall): void {
  const listing = lastListing === null ? ["no listing yet"] : ["last listing at ", timeElement(lastListing)];
  const wanted = make("p", {}, make("strong", {}, `${lead}:`), ` ${figures}; `, ...listing, ".");
  line.dataset["tone"] = tone;
  if (line.textContent !== wanted.textContent) line.replaceChildren(...wanted.childNodes);
}

function alertRow(
  alert: Alert,
  doors: AlertDoors,
  { formats, nowMs }: { readonly formats: Formats; readonly nowMs: () => number },
): Row<Alert> {
  const detail = make("span", { class: "detail" });
  const inHand = make("span", { class: "small", role: "status" });
  const button = acknowledgeButton(alert, doors, inHand);
  const link = make("a", { href: `/runbook#${encodeURIComponent(alert.kind)}` }, "What to do");
  const element = make(
    "li",
    { class: "line" },
    make("span", { class: "when" }, "since ", timeElement(formats.moment(alert.openedMs, nowMs()))),
    make(
      "p",
      {},
      make("strong", {}, `${wordsOf(alert.kind)} (${alert.subject})`),
      ": ",
      detail,
      " ",
      link,
      make("span", { class: "unseen" }, ` about ${wordsOf(alert.kind)}`),
      " ",
      button,
      inHand,
    ),
  );
  return {
    element,
    update: (now) => {
      setText(detail, `${now.detail}.`);
      if (now.acknowledged === null) return;
      const { by, atMs, note } = now.acknowledged;
      button.hidden = true;
      const said = note === null ? "" : `: ${note}`;
      setText(inHand, `Acknowledged by ${by}, ${formats.moment(atMs, nowMs()).text}${said}.`);
    },
  };
}

/** Whoever presses it has the alert in hand: nobody is told of it again until it has closed. */
function acknowledgeButton(
  alert: Alert,
  { client, failed, wake }: AlertDoors,
  outcome: HTMLElement,
): HTMLButtonElement {
  const button = make(
    "button",
    { type: "button", class: "plain-button" },
    "Acknowledge",
    make("span", { class: "unseen" }, ` ${wordsOf(alert.kind)} (${alert.subject})`),
  );
  asksOnPress(button, { outcome, failed }, async () => {
    const api = client();
    if (api === null) return;
    await api.acknowledgeAlert(alert.id, { by: "somebody at the page", note: null });
    wake();
  });
  return button;
}

function laneRow(formats: Formats, nowMs: () => number): Row<Lane> {
  const when = make("span", { class: "when" });
  const text = make("p", {});
  return {
    element: make("li", { class: "line" }, when, text),
    update: ({ lane, notBeforeMs, reason }) => {
      const until = notBeforeMs === null ? null : formats.moment(notBeforeMs, nowMs());
      const said = until === null ? "" : `until ${until.text}`;
      if (when.textContent !== said)
        when.replaceChildren(...(until === null ? [] : ["until ", timeElement(until)]));
      const held = until === null ? ", until somebody acts" : "";
      const why = reason === null ? "no reason was given" : reasonWords(reason);
      setText(text, `${syncTitle(lane)}${held}: ${why}.`);
    },
  };
}
