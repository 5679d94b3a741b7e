import type { WorkflowStep } from "cloudflare:workers";
import type { Steps } from "../../ports/steps.ts";
import type { World } from "../../ports/world.ts";

/**
 * What the step engine does when even the ledger cannot be written: 1 s, 10 times, as the requirements ask for a locked
 * database. Everything else is decided by core/retry and never reaches these.
 */
const STEP_CONFIG = {
  retries: { limit: 10, delay: 1_000, backoff: "constant" },
  timeout: 15 * 60_000,
} as const;

/** Durable steps by Cloudflare Workflows. */
export function createWorkflowSteps(step: WorkflowStep, world: World): Steps {
  return {
    do: async <T>(name: string, work: () => Promise<T>): Promise<T> =>
      (await step.do(name, STEP_CONFIG, work as () => Promise<never>)) as T,
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
