import { IDS_SHOWN_MAX, REBUILD_RUN_MS } from "../core/policy.ts";
import type { Rebuild } from "../core/rebuild.ts";
import { durably } from "./durably.ts";
import type { PipelineOutcome, RunContext } from "./run-context.ts";

/** A rebuild as one of its runs found it. */
export type RebuildInRun = {
  readonly rebuild: Rebuild;
  /** Whether this run has lasted long enough; asked inside of a step, so that the answer is remembered. */
  readonly isLate: () => boolean;
};

/** What an outcome is without anything to tell. */
export const NOTHING_TO_TELL: PipelineOutcome = {
  continues: false,
  sourceCount: null,
  destinationCount: null,
  failedCount: 0,
  findings: [],
};

/** The rebuild that a run carries; null if it has ended: by an earlier life of this run whose answer was lost. */
export async function rebuildOf(context: RunContext): Promise<RebuildInRun | null> {
  const { rebuilds, world } = context.ports;
  const begun = await durably(context, "rebuild", async () => ({
    rebuild: await rebuilds.rebuild(context.run.rebuild?.id ?? ""),
    sinceRealMs: world.realNowMs(),
  }));
  if (begun.rebuild === null || begun.rebuild.endedMs !== null) return null;
  return {
    rebuild: begun.rebuild,
    isLate: () => world.realNowMs() - begun.sinceRealMs > REBUILD_RUN_MS,
  };
}

/** The rebuild is at its end. */
export async function endRebuild(
  context: RunContext,
  { id }: Rebuild,
  outcome: "done" | "given_up",
): Promise<void> {
  const { rebuilds, world } = context.ports;
  await durably(context, "end", async () => {
    await rebuilds.end(context.fence, id, outcome, world.nowMs());
    return null;
  });
}

/** A finding about meetings by id; more than can be shown are counted. */
export function findingOf(what: string, ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const shown = ids.slice(0, IDS_SHOWN_MAX).join(", ");
  const rest = ids.length > IDS_SHOWN_MAX ? ` and ${ids.length - IDS_SHOWN_MAX} more` : "";
  return [`${what}: ${shown}${rest}`];
}
