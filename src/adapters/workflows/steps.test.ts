import { expect, it } from "vitest";
import { createWorkflowEngine } from "../../../emulators/workflows/engine.ts";
import { WorkflowStore } from "../../../emulators/workflows/store.ts";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { BACKOFF_WAITS_MS, LOCK_WAITS_MS } from "../../core/policy.ts";
import { createWorkflowSteps } from "./steps.ts";

it("tries a step that throws 10 times after 1 s, then after 5, 10, 20, 40 and 80 s, and counts the tries", async () => {
  const { world } = await aWorkspace();
  const tries: number[] = [];
  const waitsMs: number[] = [];
  const ended = Promise.withResolvers<void>();
  const engine = createWorkflowEngine({
    run: async (_, step) => {
      const steps = createWorkflowSteps(step as never, world);
      const down = async (n: number): Promise<never> => {
        tries.push(n);
        throw new Error("the ledger is out of reach");
      };
      await steps.do("step", down).catch(() => undefined);
      ended.resolve();
    },
    nowMs: () => world.nowMs(),
    sleepUntilVirtual: async (atMs) => {
      const waitMs = atMs - world.nowMs();
      // That of the step itself.
      if (waitMs === 15 * 60_000) return new Promise(() => undefined);
      waitsMs.push(waitMs);
      world.advance(waitMs);
    },
    store: new WorkflowStore(),
  });
  await engine.binding.create({ id: "run" });
  await ended.promise;
  expect(waitsMs).toEqual([...LOCK_WAITS_MS, ...BACKOFF_WAITS_MS]);
  expect(tries).toEqual(Array.from({ length: waitsMs.length + 1 }, (_, n) => n + 1));
});
