import { beforeEach, describe, expect, it } from "vitest";
import { aListedMeeting, aWorkspace } from "../../test/in-process/workspace.ts";
import { FailureError } from "../core/errors.ts";
import { ALERT_RUN_MS, BACKOFF_WAITS_MS } from "../core/policy.ts";
import { PIPELINES } from "../pipelines/index.ts";
import type { Ports } from "../ports/ports.ts";
import type { Run } from "../ports/run-store.ts";
import type { Steps } from "../ports/steps.ts";
import { executeRun, type Pipelines } from "./run.ts";
import { reviveUnfinished, startRun } from "./tick.ts";

/** Words that do not compress away. */
function wordsOf(count: number): string {
  return Array.from({ length: count }, (_, n) => (n * 2_654_435_761).toString(36)).join(" ");
}

const MANUAL = { sync: "fireflies", trigger: "manual", priority: "normal" } as const;

describe("executeRun", () => {
  let space: Awaited<ReturnType<typeof aWorkspace>>;
  beforeEach(async () => {
    space = await aWorkspace();
  });

  async function run(pipelines: Pipelines = PIPELINES): Promise<Run | null> {
    const queued = await startRun(space.ports, space.engine, {
      sync: "fireflies",
      trigger: "manual",
      priority: "normal",
    });
    const { steps } = await aWorkspace();
    await executeRun(
      space.ports,
      { do: steps.do, sleepUntil: space.steps.sleepUntil },
      queued.run.id,
      pipelines,
    );
    return space.ports.runs.run(queued.run.id);
  }
  const openKinds = async (): Promise<string[]> =>
    (await space.ports.runs.openAlerts()).items.map((alert) => alert.kind);
  const ending = (sourceCount: number, destinationCount: number): Pipelines => ({
    ...PIPELINES,
    fireflies: async () => ({
      continues: false,
      sourceCount,
      destinationCount,
      failedCount: 0,
      findings: [],
    }),
  });

  it("counts every meeting in exactly one state", async () => {
    space.source.meetings = [
      aListedMeeting("m1"),
      aListedMeeting("m2", { title: null }),
      aListedMeeting("m3", { sentences: null, dateString: "2026-06-01T11:00:00.000Z" }),
    ];
    const ended = await run();
    expect(ended?.result?.counts).toMatchObject({ seen: 3, created: 1, quarantined: 1, pending: 1 });
    expect(ended).toMatchObject({ state: "succeeded", sourceCount: 3, destinationCount: 3 });
  });

  it("changes nothing the second time", async () => {
    space.source.meetings = [aListedMeeting("m1"), aListedMeeting("m2", { title: null })];
    await run();
    const again = await run();
    expect(again?.result?.counts).toMatchObject({
      seen: 2,
      unchanged: 1,
      quarantined: 1,
      created: 0,
      updated: 0,
    });
    expect(again?.result?.apiCalls).toBe(1);
  });

  it("tries a call six times, writes every attempt, then fails with an alert that the next success closes", async () => {
    space.source.failWith = () => {
      throw new FailureError({ kind: "unreachable", party: "fireflies", detail: "HTTP 503" });
    };
    const failed = await run();
    expect(failed).toMatchObject({ state: "failed", detail: "HTTP 503" });
    const { items } = await space.ports.runs.troubles(failed?.id ?? "", 50);
    expect(items.map((row) => row.next)).toEqual([...BACKOFF_WAITS_MS.map(() => "wait"), "halt"]);
    const waits = items.map((row) => (row.nextMs === null ? null : row.nextMs - row.atMs));
    expect(waits.slice(0, 5)).toEqual([...BACKOFF_WAITS_MS]);
    expect((await openKinds()).toSorted()).toEqual(["api_errors", "retries_exhausted"]);
    space.source.failWith = null;
    space.world.advance(10 * 60_000);
    await run();
    expect(await openKinds()).toEqual([]);
  });

  it("does not report success when the source has more than the destination", async () => {
    const ended = await run(ending(100, 98));
    expect(ended?.state).toBe("succeeded_with_findings");
    expect(await openKinds()).toEqual(["count_mismatch"]);
  });

  it("shows a single missing id, though one in a thousand is below the alert's share", async () => {
    const ended = await run(ending(1_000, 999));
    expect(ended?.state).toBe("succeeded_with_findings");
    expect(await openKinds()).toEqual(["count_mismatch"]);
  });

  it("alerts when a run took longer than 15 minutes", async () => {
    const slow: Pipelines = {
      ...PIPELINES,
      fireflies: async () => {
        space.world.advance(ALERT_RUN_MS + 1);
        return { continues: false, sourceCount: 0, destinationCount: 0, failedCount: 0, findings: [] };
      },
    };
    await run(slow);
    expect(await openKinds()).toEqual(["run_too_long"]);
  });

  describe("failed calls", () => {
    const MINUTE_MS = 60_000;
    /** A run whose calls fail at these minutes after its start, and which ends after so many. */
    const failingAt = (minutes: readonly number[], endsAfter: number): Pipelines => ({
      ...PIPELINES,
      fireflies: async (context) => {
        const startMs = space.world.nowMs();
        const waitUntil = (minute: number): void =>
          space.world.advance(startMs + minute * MINUTE_MS - space.world.nowMs());
        for (const [n, minute] of minutes.entries()) {
          waitUntil(minute);
          const failure = { kind: "unreachable", party: "fireflies", detail: "HTTP 503" } as const;
          await space.ports.runs.recordFailure(
            context.fence,
            {
              id: space.world.newId(),
              runId: context.run.id,
              step: `page:${n}`,
              party: "fireflies",
              operation: "list",
              isCall: true,
              atMs: space.world.nowMs(),
            },
            {
              failure,
              next: { do: "wait", untilMs: 0, retry: true },
              decidedMs: space.world.nowMs(),
              durationMs: 1,
            },
          );
        }
        waitUntil(endsAfter);
        return { continues: false, sourceCount: 0, destinationCount: 0, failedCount: 0, findings: [] };
      },
    });

    it("alert when more than three fall within five minutes, however early in the run", async () => {
      await run(failingAt([0, 1, 2, 3], 14));
      expect(await openKinds()).toEqual(["api_errors"]);
      await run(ending(1, 1));
      expect(await openKinds(), "the next run has none").toEqual([]);
    });

    it("do not alert when no five minutes hold more than three", async () => {
      await run(failingAt([0, 2, 4, 6, 8, 10, 12], 14));
      expect(await openKinds()).toEqual([]);
    });

    it("add up across runs", async () => {
      await run(failingAt([0, 1], 1));
      await run(failingAt([1, 2], 14));
      expect(await openKinds()).toEqual(["api_errors"]);
    });
  });

  describe("a program that ends in the middle of a step", () => {
    const never = new Promise<never>(() => undefined);

    /** Start the program again and again until it gets to the end of the run, and count its lives. */
    async function lives(
      ends: (source: typeof space.source, end: () => Promise<never>) => Partial<Ports> | void,
      sync: Run["sync"] = "fireflies",
    ): Promise<number> {
      const { run } = await startRun(space.ports, space.engine, { ...MANUAL, sync });
      const steps = { do: (await aWorkspace()).steps.do, sleepUntil: space.steps.sleepUntil };
      for (let life = 1; life <= 20; life += 1) {
        const ended = Promise.withResolvers<boolean>();
        const source = { ...space.source };
        const more = ends(source, () => {
          ended.resolve(false);
          return never;
        });
        const ports = { ...space.ports, source, ...more };
        const done = executeRun(ports, steps, run.id, PIPELINES).then(() => true);
        if (await Promise.race([done, ended.promise])) return life;
        await reviveUnfinished(space.ports, space.engine, { afterRestart: true });
      }
      throw new Error("it never got to the end");
    }
    const at = (minute: number) => ({ dateString: new Date(Date.UTC(2026, 4, 30, 0, minute)).toISOString() });
    const pagesAsked = (rows: number[]) => ({
      listing: (source: typeof space.source, end: () => Promise<never>): void => {
        const { listMeetings, getMeeting } = space.source;
        source.listMeetings = async (request) => {
          rows.push(request.light ? 0 : request.rows);
          const reply = await listMeetings(request);
          const isPoisoned = reply.items.some((row) => row.read().id === "poison");
          return isPoisoned && !request.light ? end() : reply;
        };
        source.getMeeting = async (request) => (request.id === "poison" ? end() : getMeeting(request));
      },
    });

    it("is killed once at no cost: the same page is asked for again at once", async () => {
      space.source.meetings = Array.from({ length: 60 }, (_, n) => aListedMeeting(`m${n}`, at(n)));
      const rows: number[] = [];
      let killed = false;
      const beganMs = space.world.nowMs();
      await lives((source, end) => {
        source.listMeetings = async (request) => {
          rows.push(request.rows);
          if (killed) return space.source.listMeetings(request);
          killed = true;
          return end();
        };
      });
      expect(rows).toEqual([50, 50, 50, 50]);
      expect(space.world.nowMs()).toBe(beganMs);
      expect((await space.ports.runs.lastEnded("fireflies"))?.state).toBe("succeeded");
    });

    it("asks for ever smaller pages with ever longer waits, and sets the meeting aside that ends it", async () => {
      const ids = ["a", "b", "poison", "c", "d"];
      space.source.meetings = ids.map((id, n) => aListedMeeting(id, at(n)));
      const rows: number[] = [];
      const beganMs = space.world.nowMs();
      expect(await lives(pagesAsked(rows).listing)).toBe(9);
      expect(rows.slice(0, 6)).toEqual([50, 50, 25, 12, 6, 0]);
      expect(space.world.nowMs() - beganMs).toBe(75_000 + 15_000);
      const ended = await space.ports.runs.lastEnded("fireflies");
      expect(ended).toMatchObject({ state: "succeeded_with_findings" });
      expect(ended?.result?.counts).toMatchObject({ seen: 5, created: 4, failed: 1 });
      const cutOff = (await space.ports.runs.troubles(ended?.id ?? "", 50)).items.filter(
        (row) => row.outcome === "interrupted",
      );
      expect(cutOff.map((row) => row.step)).toEqual([
        ...Array(5).fill("page:1"),
        ...Array(3).fill("page:1.3"),
      ]);
    });

    it("sets the largest meetings of a page aside if judging them ends it", async () => {
      const said = (words: number) => [{ speaker_name: "Maya", text: wordsOf(words) }];
      space.source.meetings = ["a", "b", "poison", "c"].map((id, n) =>
        aListedMeeting(id, { ...at(n), sentences: said(id === "poison" ? 40_000 : 100) }),
      );
      const { raw } = space.ports;
      const poisoned = (end: () => Promise<never>) => ({
        ...raw,
        getText: async (key: string) => (key.includes("/poison/") ? end() : raw.getText(key)),
      });
      expect(await lives((_, end) => ({ raw: poisoned(end) }))).toBe(4);
      const ended = await space.ports.runs.lastEnded("fireflies");
      expect(ended?.result?.counts).toMatchObject({ seen: 4, created: 3, failed: 1 });
      // It is not run into again an hour later.
      space.world.advance(3_600_000);
      expect(await lives((_, end) => ({ raw: poisoned(end) }))).toBe(1);
      expect((await space.ports.runs.lastEnded("fireflies"))?.result?.counts).toMatchObject({
        unchanged: 3,
        failed: 1,
      });
    });

    it("sets the largest documents of a batch aside if cutting them ends it, and the others get their vectors", async () => {
      const said = (words: number) => [{ speaker_name: "Maya", text: wordsOf(words) }];
      space.source.meetings = ["a", "poison", "b"].map((id, n) =>
        aListedMeeting(id, { ...at(n), sentences: said(id === "poison" ? 4_000 : 100) }),
      );
      await run();
      const { raw } = space.ports;
      const poisoned = (end: () => Promise<never>) => ({
        ...raw,
        getText: async (key: string) => (key.includes("/poison/") ? end() : raw.getText(key)),
      });
      expect(await lives((_, end) => ({ raw: poisoned(end) }), "vectors")).toBe(4);
      const ended = await space.ports.runs.lastEnded("vectors");
      expect(ended).toMatchObject({ state: "succeeded_with_findings" });
      expect(ended?.result?.counts).toMatchObject({ created: 2, failed: 1 });
      expect(await space.ports.records.owedCount(space.world.nowMs())).toEqual({ owed: 1, due: 0 });
    });

    it("gives up a step that ends it whatever is asked for, and says so", async () => {
      await lives((source, end) => {
        source.account = end;
      });
      expect(await space.ports.runs.lastEnded("fireflies")).toMatchObject({
        state: "failed",
        detail: "the program ended in the middle of account",
      });
      expect(await openKinds()).toEqual(["run_lost"]);
      space.world.advance(3_600_000);
      await run();
      expect(await openKinds()).toEqual([]);
    });

    it("is not what a ledger out of reach is taken for", async () => {
      const { runs } = space.ports;
      let refusals = 8;
      const vendorKey: typeof runs.vendorKey = async (name) => {
        if (refusals-- > 0) throw new FailureError({ kind: "locked", party: "d1", detail: "busy" });
        return runs.vendorKey(name);
      };
      const recordFailure: typeof runs.recordFailure = async () => {
        throw new FailureError({ kind: "locked", party: "d1", detail: "busy" });
      };
      const busy = { ...space.ports, runs: { ...runs, vendorKey, recordFailure } };
      const retried: Steps = {
        ...space.steps,
        do: async (name, work) => {
          for (;;) {
            try {
              return await space.steps.do(name, work);
            } catch {
              // As the step engine does.
            }
          }
        },
      };
      const queued = await startRun(space.ports, space.engine, MANUAL);
      await executeRun(busy, retried, queued.run.id, PIPELINES);
      const ended = await runs.run(queued.run.id);
      expect(ended?.state).toBe("succeeded");
      expect((await runs.troubles(queued.run.id, 50)).items).toEqual([]);
    });
  });

  it("writes nothing more once another life holds the lane", async () => {
    space.source.meetings = [aListedMeeting("m1")];
    const stolen: Pipelines = {
      ...PIPELINES,
      fireflies: async (context) => {
        // Another life of the same run takes the lane over: its token is higher from now on.
        await space.ports.runs.acquireLease(context.run, {
          startedMs: 0,
          realNowMs: space.world.realNowMs(),
          termMs: 1,
        });
        return PIPELINES.fireflies(context);
      },
    };
    expect((await run(stolen))?.state).toBe("running");
    expect((await space.ports.records.totals()).records).toBe(0);
  });

  it("leaves a run whose lane was lost at its very end to whoever holds it, and does not try again", async () => {
    const stolen: Pipelines = {
      ...PIPELINES,
      fireflies: async (context) => {
        const outcome = await PIPELINES.fireflies(context);
        const at = { startedMs: 0, realNowMs: space.world.realNowMs(), termMs: 1 };
        await space.ports.runs.acquireLease(context.run, at);
        return outcome;
      },
    };
    expect((await run(stolen))?.state).toBe("running");
    space.engine.knows = "ended";
    space.world.advance(60_000);
    await reviveUnfinished(space.ports, space.engine, { afterRestart: false });
    const states = (await space.ports.runs.runs(10)).items.map(({ trigger, state }) => [trigger, state]);
    expect(states).toEqual([
      ["recovery", "queued"],
      ["manual", "failed"],
    ]);
  });

  it("ends as failed, with the reason, when the pipeline breaks in a way nobody foresaw", async () => {
    const broken: Pipelines = {
      ...PIPELINES,
      fireflies: async () => {
        throw new TypeError("undefined is not a function");
      },
    };
    expect(await run(broken)).toMatchObject({
      state: "failed",
      detail: "TypeError: undefined is not a function",
    });
    expect(await openKinds()).toEqual(["defect"]);
  });
});
