import { describe, expect, it } from "vitest";
import { SCENARIOS } from "../contracts/workflow-scenarios.ts";
import { workflowSuite } from "../contracts/workflow.testsuite.ts";
import { createWorkflowEngine, type WorkflowEngine, type WorkflowRun } from "./engine.ts";
import type { WorkflowPoint } from "./step-context.ts";
import { WorkflowStore } from "./store.ts";

const realSleep = (atMs: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, atMs - Date.now());
    signal.addEventListener("abort", () => clearTimeout(timer));
  });

const scenarioEngine = createWorkflowEngine({
  run: (event, step) => {
    const { scenario } = event.payload as { scenario: string };
    return SCENARIOS[scenario]?.run(step) ?? Promise.reject(new Error(`no scenario "${scenario}"`));
  },
  nowMs: Date.now,
  sleepUntilVirtual: realSleep,
  store: new WorkflowStore(),
});

workflowSuite("in-process", () => scenarioEngine.binding);

/** A clock that stands until told to go on, and forgets aborted timers. */
function aClock() {
  let nowMs = 1_000;
  const timers: { atMs: number; resolve: () => void; signal: AbortSignal }[] = [];
  return {
    nowMs: () => nowMs,
    sleepUntilVirtual: (atMs: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => void timers.push({ atMs, resolve, signal })),
    pendingMs: () => timers.filter((timer) => !timer.signal.aborted).map((timer) => timer.atMs - nowMs),
    advance: async (ms: number) => {
      nowMs += ms;
      for (const timer of timers.filter(({ atMs, signal }) => atMs <= nowMs && !signal.aborted)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.resolve();
      }
      await settle();
    },
  };
}

/** Let everything run that can run without the clock. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
}

function anEngine(
  run: WorkflowRun,
  at?: (point: WorkflowPoint, name: string, engine: WorkflowEngine) => void,
  retryDelaysAfterKill: "forgotten" | "kept" = "forgotten",
) {
  const clock = aClock();
  const store = new WorkflowStore();
  const engine: WorkflowEngine = createWorkflowEngine({
    run,
    nowMs: clock.nowMs,
    sleepUntilVirtual: clock.sleepUntilVirtual,
    store,
    retryDelaysAfterKill,
    at: (point, _, name) => at?.(point, name, engine),
  });
  const status = async () => (await engine.binding.get("x")).status();
  const start = async () => {
    await engine.binding.create({ id: "x" });
    await settle();
  };
  const revive = async () => {
    await (await engine.binding.get("x")).sendEvent({ type: "revive", payload: null });
    await settle();
  };
  return { clock, store, engine, status, start, revive };
}

describe("the engine after a kill", () => {
  it("does not resume by itself, answers finished steps from memory, and goes on after an event", async () => {
    const ran: string[] = [];
    const { engine, clock, start, status, revive } = anEngine(async (_, step) => {
      await step.do("first", async () => void ran.push("first"));
      await step.sleep("nap", 100);
      await step.do("second", async () => void ran.push("second"));
      return "done";
    });
    await start();
    engine.kill();
    await clock.advance(1_000);
    expect([ran, engine.runningIds(), (await status()).status]).toEqual([["first"], [], "running"]);
    await revive();
    expect([ran, await status()]).toEqual([["first", "second"], { status: "complete", output: "done" }]);
  });

  it("keeps the due time of a sleep", async () => {
    const { engine, clock, start, status, revive } = anEngine(async (_, step) => {
      await step.sleep("nap", 1_000);
    });
    await start();
    await clock.advance(400);
    engine.kill();
    await clock.advance(400);
    await revive();
    expect(clock.pendingMs()).toEqual([200]);
    await clock.advance(200);
    expect((await status()).status).toBe("complete");
  });

  it("throws at a sleepUntil whose time has passed, even one that was slept through before", async () => {
    const errors: string[] = [];
    const { engine, clock, start, revive } = anEngine(async (_, step) => {
      await step.sleepUntil("dawn", 2_000).catch((error: Error) => void errors.push(error.message));
      await step.sleep("day", 5_000);
    });
    await start();
    await clock.advance(1_000);
    expect(errors).toEqual([]);
    engine.kill();
    await clock.advance(1);
    await revive();
    expect(errors).toEqual(["You can't sleep until a time in the past, time-traveler"]);
  });

  it("keeps the due time of a sleepUntil that has not come", async () => {
    const { engine, clock, start, revive, status } = anEngine(async (_, step) => {
      await step.sleepUntil("dawn", 2_000);
    });
    await start();
    await clock.advance(400);
    engine.kill();
    await revive();
    expect(clock.pendingMs()).toEqual([600]);
    await clock.advance(600);
    expect((await status()).status).toBe("complete");
  });

  it("forgets a pending retry delay and counts the attempts of before", async () => {
    const attempts: number[] = [];
    const { engine, clock, start, revive } = anEngine(async (_, step) => {
      await step.do("flaky", { retries: { limit: 5, delay: "1 hour" } }, async ({ attempt }) => {
        attempts.push(attempt);
        throw new Error("no");
      });
    });
    await start();
    expect(clock.pendingMs()).toEqual([3_600_000]);
    engine.kill();
    await revive();
    expect(attempts).toEqual([1, 2]);
  });

  it.each([
    ["a number", 9_000, [1, 2]],
    ["a function", () => 9_000, [1, 2, 3]],
  ])(
    "when told to keep retry delays, keeps one given as %s as measured",
    async (_, delay, attemptsAtRevival) => {
      const attempts: number[] = [];
      const { engine, clock, start, revive } = anEngine(
        async (_event, step) => {
          await step.do("flaky", { retries: { limit: 5, delay } }, async ({ attempt }) => {
            attempts.push(attempt);
            throw new Error("no");
          });
        },
        undefined,
        "kept",
      );
      await start();
      await clock.advance(9_000);
      await clock.advance(4_000);
      engine.kill();
      await revive();
      expect(attempts).toEqual(attemptsAtRevival);
    },
  );

  it("remembers retries that are used up, and runs a step again that gave up by NonRetryableError", async () => {
    const ran: string[] = [];
    const { engine, start, revive } = anEngine(async (_, step) => {
      const failing = (name: string, error: Error) =>
        step
          .do(name, { retries: { limit: 0, delay: 0 } }, async () => {
            ran.push(name);
            throw error;
          })
          .catch(() => {});
      await failing("used up", new Error("no"));
      await failing("gave up", Object.assign(new Error("no"), { name: "NonRetryableError" }));
      await step.sleep("then", 1);
    });
    await start();
    engine.kill();
    await revive();
    expect(ran).toEqual(["used up", "gave up", "gave up"]);
  });

  it.each([
    ["attempt_started", 0, 1],
    ["work_done", 1, 2],
    ["result_stored", 1, 1],
  ] as const)(
    "killed at %s, a step's work had run %i times and has in the end run %i times",
    async (...row) => {
      const [point, timesBefore, timesAfter] = row;
      let times = 0;
      let isArmed = true;
      const { engine, start, revive, status } = anEngine(
        async (_, step) => step.do("only", async () => ++times),
        (reached) => {
          if (!isArmed || reached !== point) return;
          isArmed = false;
          engine.kill();
        },
      );
      await start();
      expect([times, (await status()).status]).toEqual([timesBefore, "running"]);
      await revive();
      expect([times, await status()]).toEqual([timesAfter, { status: "complete", output: timesAfter }]);
    },
  );

  it("drops what dead code still brings", async () => {
    let release: (value: string) => void = () => {};
    const { engine, start, status, revive, store } = anEngine(async (_, step) =>
      step.do("slow", () => new Promise<string>((resolve) => (release = resolve))),
    );
    await start();
    const releaseOld = release;
    engine.kill();
    releaseOld("from the dead");
    await settle();
    expect(store.instances.get("x")?.steps.get("slow-1")?.result).toBeNull();
    await revive();
    release("from the living");
    await settle();
    expect((await status()).output).toBe("from the living");
  });

  it("runs the new process's code on the old process's memory", async () => {
    const { engine, start, revive, status, clock } = anEngine(async (_, step) => {
      await step.do("first", async () => "old");
      await step.sleep("nap", 1);
      return "old";
    });
    await start();
    engine.kill();
    engine.setRun(async (_, step) => [await step.do("first", async () => "new"), "new"]);
    await clock.advance(1);
    await revive();
    expect((await status()).output).toEqual(["old", "new"]);
  });

  it("leaves no timer of a finished step behind", async () => {
    const { clock, start } = anEngine(async (_, step) => step.do("quick", async () => 1));
    await start();
    expect(clock.pendingMs()).toEqual([]);
  });
});

describe("the engine's arithmetic and limits", () => {
  it("limit 5 from 5 seconds, exponential, waits 5, 10, 20, 40 and 80 s", async () => {
    const { clock, start, status } = anEngine(async (_, step) =>
      step.do("fail", { retries: { limit: 5, delay: "5 seconds", backoff: "exponential" } }, async () => {
        throw new Error("no");
      }),
    );
    await start();
    const waitsMs: number[] = [];
    for (let waitMs = clock.pendingMs()[0]; waitMs !== undefined; waitMs = clock.pendingMs()[0]) {
      waitsMs.push(waitMs);
      await clock.advance(waitMs);
    }
    expect(waitsMs).toEqual([5_000, 10_000, 20_000, 40_000, 80_000]);
    expect(await status()).toMatchObject({ status: "errored", error: { name: "Error", message: "no" } });
  });

  it("asks a delay function, which sees the error as run will", async () => {
    const seen: string[] = [];
    const delay = ({ error }: { error: Error }) => {
      seen.push(error.message);
      return "7 seconds";
    };
    const { clock, start } = anEngine(async (_, step) =>
      step.do("fail", { retries: { limit: 1, delay } }, async () => {
        throw Object.assign(new Error("wait"), { name: "Busy" });
      }),
    );
    await start();
    expect([seen, clock.pendingMs()]).toEqual([["Busy: wait"], [7_000]]);
  });

  it("a result of 1 MiB passes, a larger one fails the attempt", async () => {
    const { start, status } = anEngine(async (_, step) => {
      await step.do("fits", async () => "x".repeat(1_048_500));
      const retries = { limit: 0, delay: 0 };
      return step.do("too large", { retries }, async () => "x".repeat(1_048_577));
    });
    await start();
    expect(await status()).toMatchObject({
      status: "errored",
      error: {
        message: "WorkflowInternalError: Step too large-1 output is too large. Maximum allowed size is 1MiB.",
      },
    });
  });

  it("parameters above 1 MiB are refused", async () => {
    const { engine } = anEngine(async () => 1);
    await expect(engine.binding.create({ params: { text: "x".repeat(1_048_577) } })).rejects.toThrow("1MiB");
  });

  it("an instance of a class cannot be a result", async () => {
    class Meeting {
      readonly id = "m1";
    }
    const { start, status } = anEngine(async (_, step) => step.do("give", async () => new Meeting()));
    await start();
    expect(await status()).toMatchObject({ status: "errored", error: { name: "WorkflowFatalError" } });
  });
});
