/** The part of the runtime's built-in module that the product uses beyond what the emulators declare. */
declare module "cloudflare:workers" {
  export type { WorkflowStep, WorkflowEvent } from "@cloudflare/workers-types";
  import type { ExecutionContext, WorkflowEvent, WorkflowStep } from "@cloudflare/workers-types";

  export abstract class WorkflowEntrypoint<Env = unknown, Params = unknown> {
    protected ctx: ExecutionContext;
    protected env: Env;
    constructor(ctx: ExecutionContext, env: Env);
    run(event: Readonly<WorkflowEvent<Params>>, step: WorkflowStep): Promise<unknown>;
  }
}
