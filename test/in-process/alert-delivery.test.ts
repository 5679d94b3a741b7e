import { beforeEach, describe, expect, it } from "vitest";
import { createEmailChannel } from "../../src/adapters/notify/email.ts";
import { createWebhookChannel } from "../../src/adapters/notify/webhook.ts";
import type { AlertKind } from "../../src/core/alerts.ts";
import {
  ALERT_AGAIN_AFTER_MS,
  ALERT_CLAIM_MS,
  ALERT_MESSAGE_NAMES_MAX,
  ALERT_MESSAGES_PER_HOUR,
  BACKOFF_WAITS_MS,
} from "../../src/core/policy.ts";
import { testChannels } from "../../src/engine/telling.ts";
import { tick } from "../../src/engine/tick.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { readAlerts } from "../../src/queries/alerts.ts";
import { mailCatcher, slackReceiver } from "../alert-receivers.ts";
import { aWorkspace } from "./workspace.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SECRET = "https://hooks.slack.test/services/T0/B0/very-secret";
const [FROM, TO] = ["alerts@acme.test", "oncall@acme.test"];

/** A workspace whose people are told over both channels. */
async function withChannels() {
  const space = await aWorkspace();
  const { world } = space;
  const slack = slackReceiver();
  const mail = mailCatcher();
  const webhookTo = (url: string) => createWebhookChannel({ url, fetch: slack.fetch, world });
  const webhook = await webhookTo(SECRET);
  const email = await createEmailChannel({ binding: mail, from: FROM, to: [TO], world, note: null });
  const ports: Ports = { ...space.ports, channels: { usable: [webhook, email], unusable: [] } };
  const open = (kind: AlertKind = "access_lost", subject = "fireflies", through = ports) =>
    through.runs.updateAlerts(null, world.nowMs(), {
      open: [{ id: world.newId(), kind, subject, detail: "the key was refused" }],
      close: [],
    });
  const close = (kind: AlertKind = "access_lost", subject = "fireflies") =>
    ports.runs.updateAlerts(null, world.nowMs(), { open: [], close: [{ kind, subject }] });
  const beat = async (through = ports) => tick(through, space.engine);
  return {
    ...space,
    ports,
    slack,
    mail,
    webhook,
    email,
    webhookTo,
    open,
    close,
    beat,
    /** The clock goes on, then beats. */
    after: async (ms: number, through = ports) => {
      world.advance(ms);
      return beat(through);
    },
    rows: async () =>
      (await space.d1.prepare("select * from alert_deliveries order by channel desc, notice").all()).results,
    subjects: () => slack.taken.map((text) => text.split("\n")[0]),
  };
}

describe("an alert", () => {
  let space: Awaited<ReturnType<typeof withChannels>>;
  beforeEach(async () => {
    space = await withChannels();
  });

  it("is told by a beat that fails otherwise as well", async () => {
    const asleep = async (): Promise<never> => {
      throw new Error("the step engine does not answer");
    };
    await space.open();
    const engine = { ...space.engine, start: asleep };
    await expect(tick(space.ports, engine)).rejects.toThrow("does not answer");
    expect(space.slack.taken.length).toBe(1);
    expect(space.mail.mails.length).toBe(1);
  });

  it("is told once over each channel when it opens, with what to do, and nothing that is secret", async () => {
    await space.open();
    await space.open();
    await space.beat();
    await space.beat();
    expect(space.slack.taken.length).toBe(1);
    const [text = ""] = space.slack.taken;
    for (const said of [
      "access lost (fireflies)",
      "A vendor refuses our key, or there is none: the key was refused.",
      "Since 2026-06-01T12:00:00.000Z",
      "First look: ",
      "npm run -s syncctl -- status",
      "docs/runbook.md, section access_lost",
    ])
      expect(text).toContain(said);
    expect(space.mail.mails).toEqual([
      {
        from: FROM,
        to: [TO],
        subject: "meeting-sync: alert: access lost (fireflies)",
        text: expect.stringContaining("npm run -s syncctl -- status"),
        html: expect.stringContaining("<pre>npm run -s syncctl -- status</pre>"),
      },
    ]);
    expect(text).not.toContain("secret");
  });

  it("is told again at widening intervals while it is open, and never in between", async () => {
    await space.open();
    const spans: number[] = [];
    const openedMs = space.world.nowMs();
    let told = 0;
    for (let minutes = 0; minutes < 4 * 24 * 60; minutes += 1) {
      await space.after(MINUTE_MS);
      if (space.slack.taken.length > told) spans.push(space.world.nowMs() - openedMs);
      told = space.slack.taken.length;
    }
    const [first = 0, ...again] = spans;
    expect(first).toBe(MINUTE_MS);
    const gaps = again.map((ms, place) => ms - (spans[place] ?? 0));
    expect(gaps.slice(0, 4)).toEqual([...ALERT_AGAIN_AFTER_MS]);
    expect(gaps.slice(3).every((gap) => gap === ALERT_AGAIN_AFTER_MS.at(-1))).toBe(true);
    expect(space.subjects()[1]).toBe("meeting-sync: still open after 1 h: access lost (fireflies)");
  });

  it("is told once more when it has closed, and a new opening is a new alert", async () => {
    await space.open();
    await space.beat();
    space.world.advance(5 * HOUR_MS);
    await space.close();
    await space.beat();
    await space.after(30 * 24 * HOUR_MS);
    expect(space.subjects()).toEqual([
      "meeting-sync: alert: access lost (fireflies)",
      "meeting-sync: closed: access lost (fireflies)",
    ]);
    expect(space.slack.taken[1]).toContain("open for 5 h");
    await space.open();
    await space.beat();
    expect(space.subjects().at(-1)).toBe("meeting-sync: alert: access lost (fireflies)");
  });

  it("that closed before anybody was told of it is told to nobody", async () => {
    await space.open();
    await space.close();
    await space.beat();
    expect(space.slack.requests + space.mail.mails.length).toBe(0);
    const [alert] = (await readAlerts(space.ports)).items;
    expect(alert?.deliveries.map(({ outcome }) => outcome)).toEqual(["dropped", "dropped"]);
  });

  it("that was acknowledged is not told again, stays open, and its end is told", async () => {
    await space.open();
    await space.beat();
    const [{ id } = { id: "" }] = (await readAlerts(space.ports)).items;
    const atMs = space.world.nowMs();
    const acked = await space.ports.alerts.acknowledge(id, { atMs, by: "Maya", note: "new key ordered" });
    expect(acked?.acknowledged).toEqual({ atMs, by: "Maya", note: "new key ordered" });
    const second = await space.ports.alerts.acknowledge(id, { atMs: atMs + 1, by: "Ben", note: null });
    expect(second?.acknowledged?.by).toBe("Maya");
    for (let hours = 0; hours < 72; hours += 1) await space.after(HOUR_MS);
    expect(space.slack.taken.length).toBe(1);
    expect((await space.ports.runs.openAlerts()).items).toMatchObject([{ acknowledged: { by: "Maya" } }]);
    await space.close();
    await space.beat();
    expect(space.subjects().at(-1)).toBe("meeting-sync: closed: access lost (fireflies)");
  });

  it("costs a beat with nothing due one read and no write, while it is open, acknowledged or closed", async () => {
    const idle = async (): Promise<[number, number]> => {
      const changes = async (): Promise<number> =>
        (await space.d1.prepare("select total_changes() as n").first<{ n: number }>())?.n ?? 0;
      await space.after(MINUTE_MS);
      const before = await changes();
      space.calls.d1 = 0;
      await space.beat();
      return [space.calls.d1, (await changes()) - before];
    };
    // With no vendor nothing falls due.
    const still: Ports = { ...space.ports, source: null };
    space.ports = still;
    const beat = space.beat;
    space.beat = async () => beat(still);
    space.after = async (ms) => {
      space.world.advance(ms);
      return space.beat();
    };
    expect(await idle()).toEqual([1, 0]);
    await space.open();
    expect(await idle()).toEqual([1, 0]);
    space.slack.behaviour = { status: 410 };
    await space.open("defect");
    expect(await idle()).toEqual([1, 0]);
    const [{ id } = { id: "" }] = (await readAlerts(space.ports)).items;
    await space.ports.alerts.acknowledge(id, { atMs: 0, by: "Maya", note: null });
    expect(await idle()).toEqual([1, 0]);
    await space.close();
    await space.close("defect");
    expect(await idle()).toEqual([1, 0]);
    const unsettled = await space.d1.prepare("select * from alerts where settled = 0").all();
    expect(unsettled.results).toEqual([]);
  });
});

describe("a channel", () => {
  let space: Awaited<ReturnType<typeof withChannels>>;
  beforeEach(async () => {
    space = await withChannels();
  });
  const channelOf = async (kind: string) =>
    (await readAlerts(space.ports)).channels.find((channel) => channel.kind === kind);
  /** Beats as often as the clock makes them. */
  const minutes = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) await space.after(MINUTE_MS);
  };

  it.each([
    ["is down", "no connection"],
    ["answers 500", { status: 500 }],
  ] as const)(
    "that %s gets six tries, is shown failing, and hears of the alert with the next notice",
    async (_, how) => {
      space.slack.behaviour = how;
      await space.open();
      await space.beat();
      await minutes(30);
      expect(space.slack.requests).toBe(BACKOFF_WAITS_MS.length + 1);
      expect(space.mail.mails.length).toBe(1);
      expect(await channelOf("webhook")).toMatchObject({
        state: "failing",
        sinceMs: expect.any(Number),
        detail: expect.stringMatching(/HTTP 500|no connection/),
      });
      expect((await space.ports.runs.openAlerts()).items.map(({ kind }) => kind)).toEqual(["access_lost"]);
      space.slack.behaviour = { status: 200 };
      await minutes(60);
      expect(space.subjects()).toEqual(["meeting-sync: still open after 1 h: access lost (fireflies)"]);
      expect(await channelOf("webhook")).toMatchObject({ state: "works", sinceMs: null });
    },
  );

  it("is spoken of over the other one when it fails", async () => {
    space.slack.behaviour = { status: 500 };
    await space.open();
    await space.beat();
    await space.open("storage_full");
    await space.after(MINUTE_MS);
    expect(space.mail.mails.at(-1)?.text).toContain("Alerts over webhook have not arrived since");
    expect(space.mail.mails.at(-1)?.text).toContain("HTTP 500");
  });

  it("that is slow is given up in time, and does not keep the other", async () => {
    const signal = AbortSignal.abort(new DOMException("late", "TimeoutError"));
    const slow = await createWebhookChannel({
      url: SECRET,
      fetch: space.slack.fetch,
      world: { nowMs: space.world.nowMs, timeout: () => signal },
    });
    space.slack.behaviour = "never answers";
    const ports = { ...space.ports, channels: { usable: [slow, space.email], unusable: [] } };
    await space.open();
    await space.beat(ports);
    expect(space.mail.mails.length).toBe(1);
    expect(await channelOf("webhook")).toMatchObject({
      state: "failing",
      detail: "no complete reply in time",
    });
  });

  it("that redirects is not followed and waits for another address", async () => {
    space.slack.behaviour = { status: 302, headers: { location: "https://elsewhere.test/" } };
    await space.open();
    await minutes(120);
    expect(space.slack.requests).toBe(1);
    expect(await channelOf("webhook")).toMatchObject({
      state: "needs another address",
      detail: expect.stringContaining("redirects (HTTP 302), which is not followed"),
    });
  });

  it.each([404, 410, 403])(
    "that answers %i gets no further try until it has another address",
    async (status) => {
      space.slack.behaviour = { status };
      await space.open();
      await minutes(90);
      await space.open("storage_full");
      await minutes(90);
      expect(space.slack.requests).toBe(1);
      expect(await channelOf("webhook")).toMatchObject({
        state: "needs another address",
        detail: expect.stringContaining(`(HTTP ${status}): set another ALERT_WEBHOOK_URL`),
        waiting: 2,
      });
      space.slack.behaviour = { status: 200 };
      const other = await space.webhookTo(`${SECRET}-2`);
      const ports = { ...space.ports, channels: { usable: [other, space.email], unusable: [] } };
      await space.after(MINUTE_MS, ports);
      expect(space.subjects()).toEqual(["meeting-sync: alerts, 2 open"]);
    },
  );

  it("that a test reaches again is told what waited for it", async () => {
    space.slack.behaviour = { status: 404 };
    await space.open();
    await minutes(5);
    expect(await testChannels(space.ports)).toEqual([
      { kind: "webhook", problem: expect.stringContaining("HTTP 404") },
      { kind: "email", problem: null },
    ]);
    space.slack.behaviour = { status: 200 };
    expect(await testChannels(space.ports)).toEqual([
      { kind: "webhook", problem: null },
      { kind: "email", problem: null },
    ]);
    await minutes(1);
    expect(space.subjects()).toEqual([
      "meeting-sync: test of this alert channel",
      "meeting-sync: alert: access lost (fireflies)",
    ]);
  });

  it("that names a time is not asked before it", async () => {
    space.slack.behaviour = { status: 429, headers: { "retry-after": "1800" } };
    await space.open();
    await space.beat();
    space.slack.behaviour = { status: 200 };
    await space.open("storage_full");
    await minutes(29);
    expect(space.slack.requests).toBe(1);
    await minutes(2);
    expect(space.subjects()).toEqual(["meeting-sync: alerts, 2 open"]);
  });

  it.each([
    ["E_SENDER_NOT_VERIFIED", "needs another address", 1],
    ["E_DAILY_LIMIT_EXCEEDED", "failing", 2],
    ["E_INTERNAL_SERVER_ERROR", "failing", 6],
  ])("of mail that answers %s: %s, and no address is in what is shown", async (code, state, tries) => {
    space.mail.code = code;
    let asked = 0;
    const { send } = space.mail;
    space.mail.send = (mail) => {
      asked += 1;
      return send(mail);
    };
    await space.open();
    await minutes(59);
    await minutes(code === "E_DAILY_LIMIT_EXCEEDED" ? 5 : 0);
    expect(asked).toBe(tries);
    const shown = await channelOf("email");
    expect(shown).toMatchObject({ state });
    expect(JSON.stringify([shown, await space.rows()])).not.toContain("acme.test");
  });

  it("gets one message for many notices that are due at once, and few in an hour", async () => {
    const kinds: AlertKind[] = [
      "access_lost",
      "storage_full",
      "defect",
      "run_lost",
      "api_errors",
      "zero_seen",
    ];
    for (const kind of kinds)
      for (const subject of ["fireflies", "projects"]) await space.open(kind, subject);
    await space.beat();
    expect(space.slack.taken.length).toBe(1);
    expect(space.subjects()).toEqual([`meeting-sync: alerts, ${2 * kinds.length} open`]);
    expect(space.slack.taken[0]).toContain(
      `${2 * kinds.length - ALERT_MESSAGE_NAMES_MAX} more: npm run -s syncctl -- alerts`,
    );
    // An alert that opens and closes each minute.
    for (let n = 0; n < 25; n += 1) {
      await space.close();
      await minutes(1);
      await space.open();
      await minutes(1);
    }
    expect(space.slack.requests).toBe(ALERT_MESSAGES_PER_HOUR);
    await minutes(15);
    expect(space.slack.requests).toBeGreaterThan(ALERT_MESSAGES_PER_HOUR);
    expect(await channelOf("webhook")).toMatchObject({ state: "works" });
  });

  it("fails no beat, whatever it throws, and however the ledger fails it", async () => {
    await space.open();
    const bad = { ...space.webhook, send: () => Promise.reject(new Error("boom")) };
    const through = { ...space.ports, channels: { usable: [bad], unusable: [] } };
    expect(await space.beat(through)).toEqual({ untold: null });
    const alerts = { ...space.ports.alerts, claim: () => Promise.reject(new Error("no ledger")) };
    expect(await space.after(HOUR_MS * 2, { ...space.ports, alerts })).toMatchObject({
      untold: { kind: "defect" },
    });
  });

  it("is told of what opens after the clock was set back by days, whatever it was to wait for before", async () => {
    space.slack.behaviour = { status: 429, headers: { "retry-after": "600" } };
    await space.open();
    await space.beat();
    space.slack.behaviour = { status: 200 };
    await space.after(-2 * 24 * HOUR_MS);
    await space.open("run_lost");
    await space.after(MINUTE_MS);
    expect(space.subjects().join()).toContain("run lost");
  });

  it("is told of alerts again after the clock was set back", async () => {
    space.slack.behaviour = { status: 429, headers: { "retry-after": "600" } };
    await space.open();
    await space.beat();
    space.slack.behaviour = { status: 200 };
    await space.after(-365 * 24 * HOUR_MS);
    expect(space.slack.taken.length).toBe(1);
  });
});

describe("a process that dies while it tells people", () => {
  let space: Awaited<ReturnType<typeof withChannels>>;
  beforeEach(async () => {
    space = await withChannels();
    space.ports = { ...space.ports, channels: { usable: [space.webhook], unusable: [] } };
  });
  const died = (): Promise<never> => Promise.reject(new Error("killed"));
  const minutes = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) await space.after(MINUTE_MS, space.ports);
  };

  it("before it sent: sent once, when its claim has run out", async () => {
    const killed = { ...space.webhook, send: died };
    await space.open();
    const alerts = { ...space.ports.alerts, finish: died };
    await space.beat({ ...space.ports, alerts, channels: { usable: [killed], unusable: [] } });
    expect(space.slack.requests).toBe(0);
    await minutes(ALERT_CLAIM_MS / MINUTE_MS);
    expect(space.slack.taken.length).toBe(1);
    await minutes(30);
    expect(space.slack.taken.length).toBe(1);
  });

  it("after it sent and before the row: sent once more, and not a third time", async () => {
    await space.open();
    await space.beat({ ...space.ports, alerts: { ...space.ports.alerts, finish: died } });
    expect(space.slack.taken.length).toBe(1);
    await minutes(30);
    expect(space.slack.taken.length).toBe(2);
  });

  it("at the same place each time: sent as often as its ladder allows, and no more until the next notice", async () => {
    await space.open();
    const ports = { ...space.ports, alerts: { ...space.ports.alerts, finish: died } };
    for (let n = 0; n < 50; n += 1) await space.after(MINUTE_MS, ports);
    expect(space.slack.taken.length).toBe(BACKOFF_WAITS_MS.length + 1);
  });

  it("sends nothing twice when only the reply of the ledger was lost", async () => {
    await space.open();
    const lost =
      <A extends unknown[], R>(work: (...values: A) => Promise<R>) =>
      async (...values: A) => {
        await work(...values);
        throw new Error("network connection lost");
      };
    const { alerts } = space.ports;
    await space.beat({ ...space.ports, alerts: { ...alerts, finish: lost(alerts.finish) } });
    await minutes(30);
    expect(space.slack.taken.length).toBe(1);
    await space.open("storage_full");
    await space.beat({ ...space.ports, alerts: { ...alerts, begin: lost(alerts.begin) } });
    expect(space.slack.taken.length).toBe(1);
    await minutes(10);
    expect(space.slack.taken.length).toBe(2);
  });

  it("hears of a message whose reply was lost once more, for nobody can know that it arrived", async () => {
    space.slack.behaviour = "reply lost";
    await space.open();
    await space.beat(space.ports);
    space.slack.behaviour = { status: 200 };
    await minutes(30);
    expect(space.slack.taken.length).toBe(2);
  });

  it("leaves the channel to one of two that tell at once", async () => {
    await space.open();
    await Promise.all([space.beat(space.ports), space.beat(space.ports)]);
    await minutes(30);
    expect(space.slack.taken.length).toBe(1);
  });
});
