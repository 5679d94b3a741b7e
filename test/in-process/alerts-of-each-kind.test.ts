import { describe, expect, it } from "vitest";
import { FIREFLIES_DEMO_KEY } from "../../emulators/fireflies/keys.ts";
import type { SourceMeeting } from "../../emulators/fireflies/source-meeting.ts";
import { createEmailChannel } from "../../src/adapters/notify/email.ts";
import { createWebhookChannel } from "../../src/adapters/notify/webhook.ts";
import { alertName } from "../../src/core/alert-message.ts";
import { ALERT_KINDS, type AlertKind } from "../../src/core/alerts.ts";
import { FailureError, type FailureKind } from "../../src/core/errors.ts";
import {
  DISK_LOW_BYTES,
  ALERT_PARKS,
  ALERT_RUN_MS,
  MEND_PAUSE_MS,
  PROOF_AGAIN_AFTER_MS,
  REFUSED_RETRY_AFTER_MS,
} from "../../src/core/policy.ts";
import { askForProof } from "../../src/engine/proving/asking.ts";
import { askForRebuild } from "../../src/engine/rebuilding.ts";
import { executeRun } from "../../src/engine/run.ts";
import { watchStorage } from "../../src/engine/storage-beat.ts";
import { tellAlerts } from "../../src/engine/telling.ts";
import { reviveUnfinished, startRun, tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { Run, SyncName } from "../../src/ports/run-store.ts";
import type { MeetingSource } from "../../src/ports/sources.ts";
import { mailCatcher, slackReceiver } from "../alert-receivers.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "../scenarios/meetings-workspace.ts";
import { freshSteps, runSync } from "./workspace.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 5, 1, 12);

/** A meeting every eight hours for five weeks: enough for a norm. */
const MEETINGS: readonly SourceMeeting[] = Array.from({ length: 105 }, (_, n) =>
  aSourceMeeting(`m${String(n).padStart(3, "0")}`, NOW_MS - 8 * HOUR_MS - n * 8 * HOUR_MS),
);

/** A workspace in step, whose people are told over both channels. */
async function inStep() {
  const space = await aFirefliesWorkspace({ meetings: [...MEETINGS] });
  const { world } = space;
  const [slack, mail] = [slackReceiver(), mailCatcher()];
  const ports: Ports = {
    ...space.ports,
    channels: {
      usable: [
        await createWebhookChannel({ url: "https://hooks.slack.test/x", fetch: slack.fetch, world }),
        await createEmailChannel({
          binding: mail,
          from: "alerts@acme.test",
          to: ["oncall@acme.test"],
          world,
          note: null,
        }),
      ],
      unusable: [],
    },
  };
  const { source } = ports;
  if (source === null) throw new Error("there is a source");
  const whole = {
    ...space,
    ports,
    source,
    slack,
    mail,
    /** Run a sync, an hour after the last one. */
    run: (sync: SyncName, change: Partial<Ports> = {}): Promise<Run> => {
      world.advance(HOUR_MS);
      return runSync({ ...space, ports }, sync, { ...ports, ...change });
    },
    prove: async (): Promise<void> => {
      world.advance(Math.max(MEND_PAUSE_MS, PROOF_AGAIN_AFTER_MS));
      const { run } = await askForProof(ports, space.engine, true);
      await executeRun(ports, freshSteps(world), run.id, PIPELINES);
    },
    /** A source whose listing is tampered with. */
    listing: (tamper: (list: MeetingSource["listMeetings"]) => MeetingSource["listMeetings"]) => ({
      source: { ...source, listMeetings: tamper(source.listMeetings) },
    }),
    all: (op: "hide" | "show"): void => {
      for (const { id } of MEETINGS) space.fireflies.control({ op, id });
    },
  };
  await whole.run("fireflies");
  await whole.run("vectors");
  return whole;
}
type Space = Awaited<ReturnType<typeof inStep>>;

const failing =
  (kind: FailureKind, more: { notBeforeMs?: number } = {}) =>
  (): Promise<never> =>
    Promise.reject(new FailureError({ kind, party: "fireflies", detail: "told to", ...more }));

/** How the condition of each alert comes about, and how it goes; `of` the subject if it is not fireflies. */
type Case = {
  readonly of?: string;
  readonly breaks: (space: Space) => Promise<unknown>;
  readonly mends: (space: Space) => Promise<unknown>;
};

/** A glance of a beat that is to measure. */
const NOT_MEASURED = { sampledMs: null, fullSubjects: [] };

const anHourLater = (space: Space): Promise<Run> => space.run("fireflies");

const CASES: Readonly<Record<AlertKind, Case>> = {
  retries_exhausted: {
    breaks: (space) => {
      const next = Array.from({ length: 6 }, () => ({ kind: "server_error" as const }));
      space.fireflies.control({ op: "fault", clear: true, next });
      return space.run("fireflies");
    },
    mends: anHourLater,
  },
  api_errors: {
    breaks: (space) => {
      const next = Array.from({ length: 4 }, () => ({ kind: "server_error" as const }));
      space.fireflies.control({ op: "fault", clear: true, next });
      return space.run("fireflies");
    },
    mends: anHourLater,
  },
  count_mismatch: {
    // Rows go while a run is under way.
    breaks: (space) =>
      space.run(
        "fireflies",
        space.listing((list) => async (request) => {
          await space.d1.exec(
            "delete from meetings where id in (select id from meetings order by id limit 3)",
          );
          return list(request);
        }),
      ),
    // A proof names them, and the next run makes them again from R2.
    mends: async (space) => {
      await space.prove();
      await space.run("fireflies");
      await space.run("fireflies");
    },
  },
  proof_failed: {
    of: "proof",
    breaks: async (space) => {
      await space.d1.exec("delete from meetings where id in (select id from meetings order by id limit 1)");
      await space.prove();
    },
    mends: async (space) => {
      await space.run("fireflies");
      await space.run("vectors");
      await space.prove();
    },
  },
  run_too_long: {
    breaks: (space) =>
      space.run(
        "fireflies",
        space.listing((list) => (request) => {
          space.world.advance(ALERT_RUN_MS + 1);
          return list(request);
        }),
      ),
    mends: anHourLater,
  },
  storage_full: {
    breaks: (space) => space.run("fireflies", { freeBytes: async () => 7 }),
    mends: anHourLater,
  },
  storage_filling: {
    of: "disk",
    breaks: (space) =>
      watchStorage({ ...space.ports, freeBytes: async () => DISK_LOW_BYTES - 1 }, NOT_MEASURED),
    mends: (space) =>
      watchStorage({ ...space.ports, freeBytes: async () => 100 * DISK_LOW_BYTES }, NOT_MEASURED),
  },
  access_lost: {
    breaks: (space) => {
      space.fireflies.control({ op: "remove-key" });
      return space.run("fireflies");
    },
    mends: (space) => {
      space.fireflies.control({ op: "rotate-key", key: FIREFLIES_DEMO_KEY });
      return space.run("fireflies");
    },
  },
  listing_order: {
    breaks: (space) =>
      space.run(
        "fireflies",
        space.listing((list) => async (request) => {
          const reply = await list(request);
          return { ...reply, items: reply.items.toReversed() };
        }),
      ),
    mends: anHourLater,
  },
  embeddings_refused: {
    of: "vectors",
    breaks: (space) =>
      space.run("vectors", {
        wanted: { embedder: null, problem: "EMBEDDINGS names no model that is known." },
      }),
    mends: (space) => space.run("vectors"),
  },
  defect: {
    breaks: (space) =>
      space.run(
        "fireflies",
        space.listing(() => () => Promise.reject(new TypeError("x is not a function"))),
      ),
    mends: anHourLater,
  },
  vectors_not_visible: {
    of: "vectors",
    breaks: async (space) => {
      space.fireflies.control({ op: "edit", id: "m000", set: { sentences: someOther("edited") } });
      await space.run("fireflies");
      await space.run("vectors", { index: { ...space.ports.index, upsert: async () => undefined } });
    },
    mends: (space) => space.run("vectors"),
  },
  vectors_refused: {
    of: "vectors",
    breaks: async (space) => {
      for (const id of ["m000", "m001", "m002", "m003", "m004", "m005"])
        space.fireflies.control({ op: "edit", id, set: { sentences: someOther(`edited-${id}`) } });
      await space.run("fireflies");
      const { embedder } = space.ports;
      await space.run("vectors", {
        embedder: {
          ...embedder,
          embedDocuments: async (texts) => {
            if (texts.some((text) => text.includes("edited-m003")))
              throw new FailureError({ kind: "refused", party: "workers-ai", detail: "3006" });
            return embedder.embedDocuments(texts);
          },
        },
      });
    },
    mends: (space) => {
      space.world.advance(REFUSED_RETRY_AFTER_MS);
      return space.run("vectors");
    },
  },
  run_lost: {
    breaks: async (space) => {
      const { ports, engine, world } = space;
      const asked = { sync: "fireflies", trigger: "manual", priority: "normal" } as const;
      const { run } = await startRun(ports, engine, asked);
      await ports.runs.acquireLease(run, { startedMs: 0, realNowMs: world.realNowMs(), termMs: HOUR_MS });
      engine.knows = "ended";
      await reviveUnfinished(ports, engine, { afterRestart: true });
      engine.knows = "revived";
    },
    // The recovery that waits is the next run of the lane.
    mends: anHourLater,
  },
  parked_repeatedly: {
    breaks: async (space) => {
      for (let n = 0; n < ALERT_PARKS; n += 1) {
        const notBeforeMs = space.world.nowMs() + 3 * HOUR_MS;
        await space.run(
          "fireflies",
          space.listing(() => failing("quota", { notBeforeMs })),
        );
        space.world.advance(3 * HOUR_MS);
      }
    },
    mends: anHourLater,
  },
  deletions_held: {
    breaks: async (space) => {
      for (const { id } of MEETINGS.filter((_, n) => n % 2 === 1))
        space.fireflies.control({ op: "hide", id });
      for (let day = 0; day < 10; day += 1) {
        space.world.advance(DAY_MS - HOUR_MS);
        await space.run("fireflies");
      }
    },
    // The past is swept within a week.
    mends: async (space) => {
      space.all("show");
      for (let day = 0; day < 10; day += 1) {
        space.world.advance(DAY_MS - HOUR_MS);
        await space.run("fireflies");
      }
    },
  },
  source_silent: {
    breaks: async (space) => {
      space.world.advance(2 * DAY_MS);
      await space.run("fireflies");
    },
    mends: (space) => {
      space.fireflies.control({ op: "arrive", meeting: aSourceMeeting("new", space.world.nowMs()) });
      return space.run("fireflies");
    },
  },
  zero_seen: {
    breaks: (space) => {
      space.all("hide");
      return space.run("fireflies");
    },
    mends: (space) => {
      space.all("show");
      return space.run("fireflies");
    },
  },
};

function someOther(about: string): NonNullable<SourceMeeting["sentences"]> {
  return aSourceMeeting("other", 0, { about }).sentences ?? [];
}

describe("an alert of each kind opens once, is told over both channels, closes by itself and says so", () => {
  it.each(ALERT_KINDS)("%s", async (kind) => {
    const space = await inStep();
    const { of = "fireflies", breaks, mends } = CASES[kind];
    const name = alertName({ kind, subject: of });
    const isOpen = async (): Promise<boolean> =>
      (await space.ports.runs.openAlerts()).items.some((one) => one.kind === kind && one.subject === of);
    const rows = async () => space.rows(`select closed_ms from alerts where kind = '${kind}'`);
    await tellAlerts(space.ports);
    expect([space.slack.taken, space.mail.mails]).toEqual([[], []]);

    await breaks(space);
    expect(await isOpen()).toBe(true);
    await tellAlerts(space.ports);
    expect(await rows()).toEqual([{ closed_ms: null }]);
    expect(space.slack.taken.join("\n").split(`*Alert: ${name}*`).length).toBe(2);
    expect(space.mail.mails.map(({ text }) => text).join("\n")).toContain(`Alert: ${name}`);
    await tellAlerts(space.ports);
    expect(space.slack.taken.length).toBe(1);

    await mends(space);
    expect(await isOpen()).toBe(false);
    await tellAlerts(space.ports);
    expect(space.slack.taken.at(-1)).toContain(`*Closed: ${name}*`);
    expect(space.mail.mails.at(-1)?.text).toContain(`Closed: ${name}`);
    expect(await rows()).toEqual([{ closed_ms: expect.any(Number) }]);
    const said = JSON.stringify([
      space.slack.taken,
      space.mail.mails.map(({ subject, text, html }) => [subject, text, html]),
    ]);
    for (const secret of [FIREFLIES_DEMO_KEY, "hooks.slack.test", "@acme.test", "crane", "Meeting m0"])
      expect(said).not.toContain(secret);
  });
});

describe("failed calls of a run that is still going on", () => {
  /** A started run, and calls that failed just now. */
  async function during(calls: number) {
    const space = await inStep();
    const { ports, engine, world, d1 } = space;
    const asked = { sync: "fireflies", trigger: "manual", priority: "normal" } as const;
    const { run } = await startRun(ports, engine, asked);
    world.advance(HOUR_MS);
    await ports.runs.acquireLease(run, {
      startedMs: world.nowMs(),
      realNowMs: world.realNowMs(),
      termMs: HOUR_MS,
    });
    for (let n = 0; n < calls; n += 1)
      await d1
        .prepare(
          `insert into attempts (id, run_id, step, party, operation, is_call, at_ms, outcome)
           values (?1, ?2, 'page:1', 'fireflies', 'list', 1, ?3, 'unreachable')`,
        )
        .bind(`failed-${n}`, run.id, world.nowMs())
        .run();
    await tick(ports, engine);
    return { ...space, kinds: (await ports.runs.openAlerts()).items.map(({ kind }) => kind) };
  }

  it("are noticed by the next beat when they are more than three, and told", async () => {
    const { kinds, slack } = await during(4);
    expect(kinds).toEqual(["api_errors"]);
    expect(slack.taken.join()).toContain("*Alert: api errors (fireflies)*");
  });

  it("are no matter while they are three", async () => {
    const { kinds, slack } = await during(3);
    expect([kinds, slack.taken]).toEqual([[], []]);
  });

  it("are no matter of a cleanup that they fall into: nothing would close that for a week", async () => {
    const { ports, engine, world, d1 } = await inStep();
    const asked = { sync: "cleanup", trigger: "manual", priority: "normal" } as const;
    const { run } = await startRun(ports, engine, asked);
    for (let n = 0; n < 4; n += 1)
      await d1
        .prepare(
          `insert into attempts (id, run_id, step, party, operation, is_call, at_ms, outcome)
           values (?1, 'of another lane', 'page:1', 'fireflies', 'list', 1, ?2, 'unreachable')`,
        )
        .bind(`failed-${n}`, world.nowMs())
        .run();
    await executeRun(ports, freshSteps(world), run.id, PIPELINES);
    expect((await ports.runs.run(run.id))?.state).toBe("succeeded");
    expect((await ports.runs.openAlerts()).items).toEqual([]);
  });
});

describe("what is made once, or once a week", { timeout: 60_000 }, () => {
  it.each(["rebuild chunks", "cleanup"] as const)(
    "a %s that took long is told of while it lasts, and not for ever once it has ended well",
    async (subject) => {
      const space = await inStep();
      const { engine, world } = space;
      const run =
        subject === "cleanup"
          ? (await startRun(space.ports, engine, { sync: "cleanup", trigger: "manual", priority: "normal" }))
              .run
          : await rebuilt(space);
      let kinds: string[] = [];
      const { rebuilds, cleanup } = space.ports;
      const late = async (): Promise<void> => {
        world.advance(ALERT_RUN_MS + 1);
        await tick(space.ports, engine);
        kinds = [...kinds, ...(await openAlerts(space))];
      };
      const ports: Ports = {
        ...space.ports,
        rebuilds: { ...rebuilds, end: async (...args) => (await late(), rebuilds.end(...args)) },
        cleanup: { ...cleanup, layBallast: async (fence) => (await late(), cleanup.layBallast(fence)) },
      };
      await executeRun(ports, freshSteps(world), run.id, PIPELINES);
      expect(kinds).toContain(`run_too_long ${subject}`);
      expect((await space.ports.runs.run(run.id))?.state).toBe("succeeded");
      expect(await openAlerts(space)).not.toContain(`run_too_long ${subject}`);
    },
  );
});

async function openAlerts({ ports }: Space): Promise<string[]> {
  return (await ports.runs.openAlerts()).items.map(({ kind, subject }) => `${kind} ${subject}`);
}

async function rebuilt({ ports, engine }: Space): Promise<Run> {
  const scope = { meetings: ["m000"], from: null, to: null };
  const asked = await askForRebuild(ports, engine, { what: "chunks", scope, priority: "normal" });
  if ("refused" in asked) throw new Error(asked.refused);
  return asked.run;
}
