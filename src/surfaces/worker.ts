import type { ExecutionContext, MessageBatch, ScheduledController } from "@cloudflare/workers-types";
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { executeRun } from "../engine/run.ts";
import { reviveUnfinished, tick, untold } from "../engine/tick.ts";
import { PIPELINES } from "../pipelines/index.ts";
import { awaitReadiness, composeEngine, composePorts, composeSteps, hasClock } from "./compose.ts";
import type { Env } from "./env.ts";
import { noteUntold } from "./untold.ts";
import { createApi } from "./http/api.ts";

/** One instance carries one run. */
export class SyncRun extends WorkflowEntrypoint<Env, { runId: string }> {
  override async run(event: Readonly<WorkflowEvent<{ runId: string }>>, step: WorkflowStep): Promise<void> {
    const ports = await composePorts(this.env);
    await executeRun(ports, composeSteps(step, ports.world), event.payload.runId, PIPELINES);
  }
}

const api = createApi();

export default {
  fetch: (request: Request, env: Env): Response | Promise<Response> => api.fetch(request, env),

  /** The clock: every minute. */
  scheduled: async (_controller: ScheduledController, env: Env): Promise<void> => {
    noteUntold(await tick(await composePorts(env), composeEngine(env)));
  },

  /** Wake-ups only: the truth that work is owed is a column in D1, so a message carries nothing, and many are one. */
  queue: async (_batch: MessageBatch, env: Env, _context: ExecutionContext): Promise<void> => {
    await awaitReadiness(env);
    const [ports, engine] = [await composePorts(env), composeEngine(env)];
    if (await hasClock(env)) noteUntold(await tick(ports, engine));
    else {
      // Nothing new is begun then, but who waited for its lane has it now, and people are told at once.
      await reviveUnfinished(ports, engine, { afterRestart: false });
      noteUntold({ untold: await untold(ports) });
    }
  },
};
