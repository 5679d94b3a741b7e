import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import type { NaiveEnv } from "./naive-copier.ts";

/** D1 reads of each step between the first and the last: a run that finds nothing new makes 6 steps and 14 round trips. */
const READS = [4, 1, 7, 2];

/** What the local engine takes for a run that does nothing at all. Its output is how long it took, in ms. */
export class EmptyRun extends WorkflowEntrypoint<NaiveEnv> {
  override async run(_event: Readonly<WorkflowEvent<unknown>>, step: WorkflowStep): Promise<number> {
    const startedMs = await step.do("start", async () => Date.now());
    for (const [place, reads] of READS.entries()) {
      await step.do(`step:${place}`, async () => {
        for (let read = 0; read < reads; read += 1) await this.env.DB.prepare("select 1").all();
        return null;
      });
    }
    return step.do("end", async () => Date.now() - startedMs);
  }
}
