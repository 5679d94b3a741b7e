import { LIST_API_ROWS_MAX } from "../core/policy.ts";
import { rebuildWords, replacesIndex, type Rebuild } from "../core/rebuild.ts";
import type { Ports } from "../ports/ports.ts";
import type { Run } from "../ports/run-store.ts";

/** A rebuild, how far it has come, and the runs that carried it. */
export type RebuildStatus = {
  readonly rebuild: Rebuild;
  /** As it was asked for: "rebuild chunks --scope from:2026-05-01". */
  readonly words: string;
  /** `emptying`: the new index answers, and the old one is taken away. */
  readonly phase: "going on" | "emptying" | "ended";
  /** Meetings that are done, of those it is about. */
  readonly done: number;
  readonly total: number;
  /** Newest first. */
  readonly runs: readonly Run[];
};

/** Where a rebuild stands; null if there is none of that id. Reads only. */
export async function readRebuild(ports: Ports, id: string): Promise<RebuildStatus | null> {
  const rebuild = await ports.rebuilds.rebuild(id);
  if (rebuild === null) return null;
  const [{ items: runs }, progress] = await Promise.all([
    ports.rebuilds.runsOf(id, LIST_API_ROWS_MAX),
    readProgress(ports, rebuild),
  ]);
  return { rebuild, words: rebuildWords(rebuild), runs, ...progress };
}

/** The rebuild that is going on; null as a rule. */
export async function readOpenRebuild(ports: Ports): Promise<RebuildStatus | null> {
  const open = await ports.rebuilds.open();
  return open === null ? null : readRebuild(ports, open.id);
}

/** How far a rebuild has come, in meetings. */
export async function readProgress(
  { rebuilds, registry }: Ports,
  rebuild: Rebuild,
): Promise<Pick<RebuildStatus, "phase" | "done" | "total">> {
  const progress = await rebuilds.progress(rebuild);
  if (rebuild.endedMs !== null) return { phase: "ended", done: progress.total, total: progress.total };
  if (!replacesIndex(rebuild)) return { phase: "going on", ...progress };
  const rows = (await registry.rows()).items;
  if (rows.some((row) => row.state === "live" && row.model === rebuild.model))
    return { phase: "emptying", done: progress.total, total: progress.total };
  const { built, documents } = await registry.buildState(rebuild.model ?? "");
  return { phase: "going on", done: built, total: documents };
}
