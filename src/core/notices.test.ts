import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messageOf, testMessage } from "./alert-message.ts";
import { ALERT_WORDS } from "./alert-words.ts";
import { ALERT_KINDS } from "./alerts.ts";
import { FailureError, REACTIONS, type FailureKind } from "./errors.ts";
import {
  afterSending,
  CLOSED,
  dueNotice,
  leftOut,
  NEEDS_ADDRESS,
  OPENED,
  superseded,
  takeMessage,
  type Due,
  type Tellable,
} from "./notices.ts";
import {
  ALERT_AGAIN_AFTER_MS,
  ALERT_DETAIL_CHARS_MAX,
  ALERT_MESSAGE_NAMES_MAX,
  ALERT_MESSAGES_PER_HOUR,
  ALERT_WAIT_MAX_MS,
  BACKOFF_WAITS_MS,
} from "./policy.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const HOUR_MS = 3_600_000;
const TRIES = BACKOFF_WAITS_MS.length + 1;

const anAlert = (change: Partial<Tellable> = {}): Tellable => ({
  id: "01A",
  kind: "access_lost",
  subject: "fireflies",
  detail: "the key was refused",
  openedMs: NOW_MS,
  closedMs: null,
  pending: null,
  isTold: false,
  ...change,
});
const due = (alert: Tellable, isBlocked = false): Pick<Due, "notice" | "attempts" | "leaveOut"> => {
  const { notice, attempts, leaveOut } = dueNotice(alert, isBlocked);
  return { notice, attempts, leaveOut };
};
const failure = (kind: FailureKind, notBeforeMs?: number) =>
  new FailureError({
    kind,
    party: "alert-webhook",
    detail: "told to",
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
  }).failure;
const begun = (alert: Tellable, attempts = 1): Due => ({ ...dueNotice(alert, false), attempts });

describe("dueNotice", () => {
  it("opens an alert, goes on with the notice under way, and closes it for who heard of it", () => {
    expect(due(anAlert())).toEqual({ notice: OPENED, attempts: 0, leaveOut: null });
    expect(due(anAlert({ pending: { notice: 3, attempts: 2 } }))).toEqual({
      notice: 3,
      attempts: 2,
      leaveOut: null,
    });
    const closed = { closedMs: NOW_MS, isTold: true };
    expect(due(anAlert({ ...closed, pending: { notice: 3, attempts: 2 } }))).toEqual({
      notice: CLOSED,
      attempts: 0,
      leaveOut: null,
    });
    expect(due(anAlert({ ...closed, pending: { notice: CLOSED, attempts: 2 } })).attempts).toBe(2);
  });

  it("leaves out a closing that nobody waits for, what a blocked channel would not take, and what was cut off too often", () => {
    expect(due(anAlert({ closedMs: NOW_MS })).leaveOut).toBe("its opening was not told here");
    expect(due(anAlert(), true).leaveOut).toBe(NEEDS_ADDRESS);
    const cutOff = (attempts: number) => due(anAlert({ pending: { notice: 0, attempts } })).leaveOut;
    expect(cutOff(TRIES - 1)).toBeNull();
    expect(cutOff(TRIES)).toBe("cut off at each try");
  });
});

describe("afterSending", () => {
  it("plans the next notice of an open alert at widening times, and none of a closed one", () => {
    const waits = [0, 1, 2, 3, 4, 9].map((notice) => {
      const alert = anAlert({ pending: { notice, attempts: 0 } });
      const [told, next] = afterSending([begun(alert)], null, NOW_MS).deliveries;
      expect(told).toMatchObject({ notice, outcome: "delivered" });
      expect(next).toMatchObject({ notice: notice + 1, attempts: 0, outcome: null });
      return (next?.nextMs ?? 0) - NOW_MS;
    });
    const [first, second, third, daily] = ALERT_AGAIN_AFTER_MS;
    expect(waits).toEqual([first, second, third, daily, daily, daily]);
    const closed = begun(anAlert({ closedMs: NOW_MS, isTold: true }));
    expect(afterSending([closed], null, NOW_MS)).toMatchObject({
      deliveries: [{ outcome: "delivered" }],
      notBeforeMs: 0,
      isBlocked: false,
    });
  });

  it("tries again by the ladder of every step, then gives up until the next notice", () => {
    const nextOf = (attempts: number) =>
      afterSending([begun(anAlert(), attempts)], failure("unreachable"), NOW_MS);
    for (const [place, waitMs] of BACKOFF_WAITS_MS.entries()) {
      const told = nextOf(place + 1);
      expect(told.deliveries).toMatchObject([{ outcome: null, nextMs: NOW_MS + waitMs, detail: "told to" }]);
      expect(told.notBeforeMs).toBe(NOW_MS + waitMs);
    }
    expect(nextOf(TRIES)).toMatchObject({
      deliveries: [{ outcome: "failed" }, { notice: 1, outcome: null }],
      notBeforeMs: 0,
      isBlocked: false,
    });
  });

  it("uses the channel again when the first of several notices may be tried, and tries a closing again too", () => {
    const [wait = 0, longer = 0] = BACKOFF_WAITS_MS;
    const several = [begun(anAlert(), 2), begun(anAlert({ id: "01B", closedMs: NOW_MS, isTold: true }), 1)];
    const told = afterSending(several, failure("unreachable"), NOW_MS);
    expect(told.deliveries).toMatchObject([
      { alertId: "01A", outcome: null, nextMs: NOW_MS + longer },
      { alertId: "01B", notice: CLOSED, outcome: null, nextMs: NOW_MS + wait },
    ]);
    expect(told.notBeforeMs).toBe(NOW_MS + wait);
  });

  it("is blocked as soon as one notice waits for another address, though another was given up", () => {
    const several = [begun(anAlert(), TRIES), begun(anAlert({ id: "01B" }), 1)];
    const named = failure("rate_limited", NOW_MS + ALERT_WAIT_MAX_MS + 1);
    expect(afterSending(several, named, NOW_MS)).toMatchObject({ notBeforeMs: 0, isBlocked: true });
  });

  it("never tries before a named time, and takes one too far ahead for a refusal", () => {
    const named = (ms: number) =>
      afterSending([begun(anAlert())], failure("rate_limited", NOW_MS + ms), NOW_MS);
    expect(named(20 * HOUR_MS).notBeforeMs).toBe(NOW_MS + 20 * HOUR_MS);
    expect(named(ALERT_WAIT_MAX_MS)).toMatchObject({ isBlocked: false });
    expect(named(ALERT_WAIT_MAX_MS + 1)).toMatchObject({ isBlocked: true, deliveries: [{ nextMs: null }] });
  });

  it("has an open alert wait for another address, and gives a closing up", () => {
    expect(afterSending([begun(anAlert())], failure("denied"), NOW_MS)).toMatchObject({
      deliveries: [{ outcome: null, nextMs: null }],
      isBlocked: true,
    });
    const closed = begun(anAlert({ closedMs: NOW_MS, isTold: true }));
    expect(afterSending([closed], failure("denied"), NOW_MS).deliveries).toMatchObject([
      { outcome: "failed" },
    ]);
  });

  it("leaves at most one notice of an alert that is not over, whatever fails", () => {
    const kinds = Object.keys(REACTIONS) as FailureKind[];
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.integer({ min: 1, max: TRIES + 1 }),
        fc.integer({ min: -1, max: 5 }),
        fc.option(fc.integer({ min: -HOUR_MS, max: 2 * ALERT_WAIT_MAX_MS })),
        (kind, attempts, notice, ms) => {
          const alert = anAlert({
            closedMs: notice === CLOSED ? NOW_MS : null,
            isTold: true,
            pending: { notice, attempts },
          });
          const named = ms === null ? failure(kind) : failure(kind, NOW_MS + ms);
          const told = afterSending([{ ...dueNotice(alert, false), attempts }], named, NOW_MS);
          expect(told.deliveries.filter(({ outcome }) => outcome === null).length).toBeLessThanOrEqual(1);
          if (notice === CLOSED) expect(told.deliveries.length).toBe(1);
          // What is tried again is never tried before the time that was named.
          const again = told.deliveries.find((one) => one.outcome === null && one.notice === notice);
          if (again !== undefined && again.nextMs !== null && ms !== null)
            expect(again.nextMs).toBeGreaterThanOrEqual(NOW_MS + ms);
        },
      ),
    );
  });
});

describe("what is left out", () => {
  it("is written down: as dropped, as failed, or as waiting for a person", () => {
    const at = (alert: Tellable, isBlocked = false) => leftOut(dueNotice(alert, isBlocked), NOW_MS);
    expect(at(anAlert({ closedMs: NOW_MS }))).toMatchObject([{ notice: CLOSED, outcome: "dropped" }]);
    expect(at(anAlert({ closedMs: NOW_MS, isTold: true }), true)).toMatchObject([{ outcome: "failed" }]);
    expect(at(anAlert(), true)).toMatchObject([{ outcome: null, nextMs: null, detail: NEEDS_ADDRESS }]);
    const cutOff = anAlert({ pending: { notice: 0, attempts: TRIES } });
    expect(at(cutOff)).toMatchObject([{ outcome: "failed" }, { notice: 1, outcome: null }]);
  });

  it("includes the reminder of an alert that has closed", () => {
    const reminder = { notice: 2, attempts: 0 };
    const closed = dueNotice(anAlert({ closedMs: NOW_MS, pending: reminder }), false);
    expect(superseded(closed)).toMatchObject([
      { notice: 2, outcome: "dropped", detail: "the alert closed before" },
    ]);
    expect(superseded(dueNotice(anAlert({ closedMs: NOW_MS }), false)), "none was planned").toEqual([]);
    expect(superseded(dueNotice(anAlert({ pending: reminder }), false))).toEqual([]);
    const closing = anAlert({ closedMs: NOW_MS, pending: { notice: CLOSED, attempts: 1 } });
    expect(superseded(dueNotice(closing, false))).toEqual([]);
  });
});

describe("takeMessage", () => {
  it("counts messages within an hour, and begins anew after it or when the clock was set back", () => {
    expect(takeMessage({ fromMs: 0, messages: 0 }, NOW_MS)).toEqual({ fromMs: NOW_MS, messages: 1 });
    const full = { fromMs: NOW_MS, messages: ALERT_MESSAGES_PER_HOUR };
    expect(takeMessage({ ...full, messages: 3 }, NOW_MS + 1)).toEqual({ fromMs: NOW_MS, messages: 4 });
    expect(takeMessage(full, NOW_MS)).toEqual({ fullUntilMs: NOW_MS + HOUR_MS });
    expect(takeMessage(full, NOW_MS + HOUR_MS - 1)).toEqual({ fullUntilMs: NOW_MS + HOUR_MS });
    expect(takeMessage(full, NOW_MS + HOUR_MS)).toEqual({ fromMs: NOW_MS + HOUR_MS, messages: 1 });
    expect(takeMessage(full, NOW_MS - 1)).toEqual({ fromMs: NOW_MS - 1, messages: 1 });
  });
});

describe("a message", () => {
  const lines = (notices: readonly Due[], nowMs = NOW_MS) => {
    const { subject, parts, notes } = messageOf(notices, [], nowMs);
    return [
      subject,
      ...parts.flatMap(({ title, lines: said, command }) => [title, ...said, command ?? ""]),
      ...notes,
    ];
  };

  it.each(ALERT_KINDS)(
    "says of %s what is wrong in one sentence, since when, where to look and what to run",
    (kind) => {
      const [subject, title, what, since, look, more, command] = lines([begun(anAlert({ kind }))]);
      const words = ALERT_WORDS[kind];
      expect(subject).toBe(`meeting-sync: alert: ${kind.replaceAll("_", " ")} (fireflies)`);
      expect(title).toBe(`Alert: ${kind.replaceAll("_", " ")} (fireflies)`);
      expect(what).toBe(`${words.what}: the key was refused.`);
      expect(words.what).not.toMatch(/\.\s|\.$/);
      expect(since).toBe("Since 2026-06-01T12:00:00.000Z.");
      expect(look).toBe(`First look: ${words.firstLook}.`);
      expect(more).toBe(
        `More: docs/runbook.md, section ${kind}. To stop these reminders: npm run -s syncctl -- alerts ack 01A`,
      );
      expect(command).toBe(`npm run -s syncctl -- ${words.command}`);
    },
  );

  it("counts in its subject what is open and what has closed, and knows a closing without a time", () => {
    const [opened, closed] = [anAlert(), anAlert({ id: "01B", closedMs: NOW_MS + HOUR_MS, isTold: true })];
    const subject = (...alerts: readonly Tellable[]): string =>
      messageOf(
        alerts.map((alert) => begun(alert)),
        [],
        NOW_MS,
      ).subject;
    expect(subject(opened, anAlert({ id: "01C" }))).toBe("meeting-sync: alerts, 2 open");
    expect(subject(closed, { ...closed, id: "01D" })).toBe("meeting-sync: alerts, 2 closed");
    expect(subject(opened, closed)).toBe("meeting-sync: alerts, 1 open, 1 closed");
    expect(subject(opened, anAlert({ id: "01C" }), closed)).toBe("meeting-sync: alerts, 2 open, 1 closed");
    const timeless = { ...begun(closed), alert: { ...closed, closedMs: null } };
    expect(messageOf([timeless], [], NOW_MS).parts[0]?.lines[0]).toContain("open for less than a minute");
  });

  it("says how long an alert stands, in the largest whole unit", () => {
    const reminder = begun(anAlert({ pending: { notice: 1, attempts: 0 } }));
    const after = (ms: number) => lines([reminder], NOW_MS + ms)[0];
    expect(after(59_000)).toContain("still open after less than a minute:");
    expect(after(60_000)).toContain("still open after 1 min:");
    expect(after(24 * HOUR_MS)).toContain("still open after 1 d:");
    expect(lines([reminder], NOW_MS + HOUR_MS)).toContain("Since 2026-06-01T12:00:00.000Z, 1 h ago.");
    expect(after(59 * 60_000)).toContain("still open after 59 min:");
    expect(after(HOUR_MS)).toContain("still open after 1 h:");
    expect(after(49 * HOUR_MS)).toContain("still open after 2 d:");
    const closed = begun(anAlert({ closedMs: NOW_MS + 90 * 60_000, isTold: true }));
    expect(lines([closed]).join("\n")).toContain("open for 1 h");
  });

  it("names a bounded number of alerts, open ones first, and counts the others", () => {
    const many = Array.from({ length: ALERT_MESSAGE_NAMES_MAX + 3 }, (_, n) =>
      begun(anAlert({ id: `${n}`, ...(n % 2 === 0 && { closedMs: NOW_MS, isTold: true }) })),
    );
    const { subject, parts, notes } = messageOf(many, ["Alerts over email have not arrived."], NOW_MS);
    expect(subject).toBe("meeting-sync: alerts, 6 open, 7 closed");
    expect(parts.map(({ title }) => title.split(":")[0])).toEqual([
      ...Array.from({ length: 6 }, () => "Alert"),
      ...Array.from({ length: 4 }, () => "Closed"),
    ]);
    expect(notes).toEqual(["3 more: npm run -s syncctl -- alerts", "Alerts over email have not arrived."]);
  });

  it("has no notes where all are named and every channel works", () => {
    expect(messageOf([begun(anAlert())], [], NOW_MS).notes).toEqual([]);
  });

  it("puts a detail on one line, and cuts none that is just short enough", () => {
    const detail = ` two  of\n\tthem ${"x".repeat(ALERT_DETAIL_CHARS_MAX - "two of them ".length)} `;
    const [, , what = ""] = lines([begun(anAlert({ detail }))]);
    expect(what).toMatch(/: two of them x+\.$/);
  });

  it("lets no address out, no second line and no long text, whatever a detail holds", () => {
    const detail = `all of maya@acme.test and\n<ben@acme.test>, ${"x".repeat(2 * ALERT_DETAIL_CHARS_MAX)}`;
    const [, , what = ""] = lines([begun(anAlert({ detail }))]);
    expect(what).toContain("all of (address) and (address)");
    expect(what).not.toMatch(/@|\n/);
    expect(what.length).toBeLessThan(ALERT_DETAIL_CHARS_MAX + 100);
  });

  it("of a test says that nothing is wrong", () => {
    expect(testMessage(NOW_MS)).toEqual({
      subject: "meeting-sync: test of this alert channel",
      parts: [
        {
          title: "Test",
          lines: [expect.stringContaining("nothing is wrong"), "Sent 2026-06-01T12:00:00.000Z."],
          command: "npm run -s syncctl -- alerts",
        },
      ],
      notes: [],
    });
  });
});
