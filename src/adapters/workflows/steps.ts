import type { WorkflowStep } from "cloudflare:workers";
import { BACKOFF_WAITS_MS, LOCK_WAITS_MS } from "../../core/policy.ts";
import type { Steps } from "../../ports/steps.ts";
import type { World } from "../../ports/world.ts";

/**
 * What the step engine does when even the ledger cannot be written: 1 s, 10 times, as the requirements ask for a locked
 * database, then the ladder for anything out of reach (D1 is known to stall for 30 to 80 s). Everything else is decided
 * by core/retry and never reaches these.
 */
const ENGINE_WAITS_MS = [...LOCK_WAITS_MS, ...BACKOFF_WAITS_MS];
const STEP_CONFIG = {
  retries: {
    limit: ENGINE_WAITS_MS.length,
    // The engine's default multiplies even what a function says by 2, 4, 8, ...
    backoff: "constant" as const,
    delay: ({ ctx }: { ctx: { attempt: number } }) => ENGINE_WAITS_MS[ctx.attempt - 1] ?? 0,
  },
  timeout: 15 * 60_000,
};

/** Durable steps by Cloudflare Workflows. */
export function createWorkflowSteps(step: WorkflowStep, world: World): Steps {
  return {
    do: async <T>(name: string, work: (tries: number) => Promise<T>): Promise<T> =>
      (await step.do(
        name,
        STEP_CONFIG,
        ({ attempt }: { attempt: number }) => work(attempt) as Promise<never>,
      )) as T,
    sleepUntil: async (name, worldMs) => {
      const atMs = world.realAtMs(worldMs);
      // The engine refuses a time that has passed, which is the normal case after a restart.
      if (atMs <= world.realNowMs()) return;
      try {
        await step.sleepUntil(name, atMs);
      } catch (error) {
        if (atMs > world.realNowMs()) throw error;
      }
    },
  };
}
