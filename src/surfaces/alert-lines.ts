/** Alerts and the ways to reach people, in sentences. Pure. */
import { CLOSED, OPENED } from "../core/notices.ts";
import type { ListedAlert, ListedDelivery } from "../ports/alert-store.ts";
import type { Alert } from "../ports/run-store.ts";
import type { ChannelStatus } from "../queries/alerts.ts";

/** Said where no channel is configured. */
export const SHOWN_HERE_ONLY =
  "Alerts are shown here only: set ALERT_WEBHOOK_URL, or ALERT_EMAIL_TO and ALERT_EMAIL_FROM, to be told of them";

/** Who has an alert in hand; null: nobody. */
export function acknowledgedWords({ acknowledged }: Pick<Alert, "acknowledged">): string | null {
  if (acknowledged === null) return null;
  const { by, atMs, note } = acknowledged;
  return `acknowledged by ${by} at ${iso(atMs)}${note === null ? "" : `: ${note}`}`;
}

/** What is to be known of how people are told of alerts: nothing where every channel works. */
export function channelTroubles(channels: readonly ChannelStatus[]): string[] {
  if (channels.length === 0) return [`${SHOWN_HERE_ONLY}.`];
  return channels
    .filter(({ state }) => state !== "works" && state !== "not used yet")
    .map((channel) => `Alerts over ${channelWords(channel)}.`);
}

/** `webhook: failing since …: HTTP 500; 2 notices wait` */
export function channelWords(channel: ChannelStatus): string {
  const { kind, state, sinceMs, detail, lastOkMs, notBeforeMs, waiting, note } = channel;
  const since = sinceMs === null ? "" : ` since ${iso(sinceMs)}`;
  const parts = [
    `${state}${state === "works" ? "" : since}${detail === null ? "" : `: ${detail}`}`,
    ...(lastOkMs === null ? [] : [`last arrived ${iso(lastOkMs)}`]),
    ...(notBeforeMs === null ? [] : [`nothing is sent before ${iso(notBeforeMs)}`]),
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? "notice waits" : "notices wait"}`]),
    ...(note === null ? [] : [note]),
  ];
  return `${kind}: ${parts.join("; ")}`;
}

/** One alert as a list shows it: itself, who has it in hand, and what became of its notices. */
export function alertLines(alert: ListedAlert): string[] {
  const { id, kind, subject, detail, openedMs, closedMs, deliveries } = alert;
  const until = closedMs === null ? "" : `, closed ${iso(closedMs)}`;
  const inHand = acknowledgedWords(alert);
  return [
    `${id}  ${kind} (${subject}) since ${iso(openedMs)}${until}: ${detail}`,
    ...(inHand === null ? [] : [`  ${inHand}`]),
    ...deliveries.map((delivery) => `  ${deliveryWords(delivery, closedMs === null && inHand !== null)}`),
  ];
}

function deliveryWords(
  { channel, notice, attempts, nextMs, outcome, detail, doneMs }: ListedDelivery,
  isQuiet: boolean,
): string {
  const what = notice === CLOSED ? "closed" : notice === OPENED ? "opened" : `reminder ${notice}`;
  const why = detail === null ? "" : `: ${detail}`;
  const tries = attempts > 1 || (attempts > 0 && outcome !== "delivered") ? `, ${attempts} tries` : "";
  const name = `${what} over ${channel.split(":")[0]}`;
  if (outcome !== null) return `${name}: ${outcome} ${doneMs === null ? "" : iso(doneMs)}${tries}${why}`;
  if (isQuiet) return `${name}: not sent while it is acknowledged${tries}${why}`;
  if (nextMs === null) return `${name}: waits for a person${tries}${why}`;
  return `${name}: ${attempts === 0 ? "due" : "tried again"} ${iso(nextMs)}${tries}${why}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
