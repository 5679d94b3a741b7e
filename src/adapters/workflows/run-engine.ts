import type { Workflow } from "@cloudflare/workers-types";
import type { RunEngine } from "../../ports/run-engine.ts";

/** Event type that no run waits for: sending it makes the local engine take up an instance it had dropped. */
const KICK = "kick";

/** Runs as instances of a Workflow, one instance per run, named by the run. */
export function createRunEngine(workflow: Workflow): RunEngine {
  return {
    start: async (runId) => {
      // createBatch leaves out ids that exist, so a start that is repeated after a lost reply is harmless.
      await workflow.createBatch([{ id: runId, params: { runId } }]);
    },
    revive: async (runId) => {
      try {
        const instance = await workflow.get(runId);
        const { status } = await instance.status();
        if (status === "errored" || status === "terminated" || status === "unknown") return "lost";
        if (status === "complete") return "ended";
        await instance.sendEvent({ type: KICK, payload: null });
        return "revived";
      } catch (error) {
        if (!isNotFound(error)) throw error;
        // Locally, asking for an unknown instance leaves an empty file behind.
        await workflow.deleteBatch([runId]);
        return "lost";
      }
    },
    forget: async (runIds) => {
      await workflow.deleteBatch([...runIds]);
    },
  };
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && /not.?found/i.test(error.message);
}
