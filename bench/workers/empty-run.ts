import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import type { NaiveEnv } from "./naive-copier.ts";

/** D1 reads of each step: lease, preflight, page, records, and what the last one reads before it takes the time. */
const READS = { lease: 1, preflight: 2, page: 6, records: 1, close: 1 } as const;

/** What the local engine takes for a run that does nothing at all. Its output is how long it took, in ms. */
export class EmptyRun extends WorkflowEntrypoint<NaiveEnv> {
  override async run(_event: Readonly<WorkflowEvent<unknown>>, step: WorkflowStep): Promise<number> {
    let startedMs = Number.POSITIVE_INFINITY;
    for (const [name, reads] of Object.entries(READS)) {
      const atMs = await step.do(name, async () => {
        const beganMs = Date.now();
        for (let read = 0; read < reads; read += 1) await this.env.DB.prepare("select 1").all();
        return name === "close" ? Date.now() : beganMs;
      });
      startedMs = Math.min(startedMs, atMs);
      if (name === "close") return atMs - startedMs;
    }
    throw new Error("an empty run closes");
  }
}
