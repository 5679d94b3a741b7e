import { VECTORS_RETRY_AFTER_MS } from "../core/policy.ts";
import {
  isSameScope,
  otherModel,
  rebuildWords,
  scopeWords,
  type Rebuild,
  type RebuildName,
  type RebuildScope,
} from "../core/rebuild.ts";
import type { Ports } from "../ports/ports.ts";
import type { RunEngine } from "../ports/run-engine.ts";
import type { Priority, Run } from "../ports/run-store.ts";

export type RebuildWish = {
  readonly what: RebuildName;
  readonly scope: RebuildScope;
  readonly priority: Priority;
};

/** A wish that was taken, or one sentence why not; `never` if it means nothing, at whatever time it is asked for. */
type Answer =
  | { readonly run: Run; readonly created: boolean }
  | { readonly refused: string; readonly never: boolean };

/**
 * Take a wish for a rebuild: it stands in the ledger before the answer, and goes on until it is fulfilled. The same wish
 * again is the same rebuild; another one has to wait for its end.
 */
export async function askForRebuild(ports: Ports, engine: RunEngine, wish: RebuildWish): Promise<Answer> {
  const { rebuilds, world } = ports;
  const { what, scope, priority } = wish;
  const model = what === "records" ? null : (ports.wanted?.embedder ?? ports.embedder).model;
  const before = await rebuilds.open();
  const refusal = before === null ? await refusalOf(ports, wish) : null;
  if (refusal !== null) return refusal;
  const asked = { id: world.newId(), what, scope, model, liveModel: ports.embedder.model };
  const run = { id: world.newId(), queuedMs: world.nowMs(), priority };
  const open = before ?? (await rebuilds.ask({ ...asked, askedMs: world.nowMs() }, run));
  const isSame =
    open.what === what && isSameScope(open.scope, scope) && (what !== "vectors" || open.model === model);
  if (!isSame)
    return {
      refused: `${rebuildWords(open)}${open.model === null ? "" : ` (${open.model})`} is going on and has to end before another rebuild begins: look at syncctl status`,
      never: false,
    };
  const carrying = await continueRebuild(ports, engine, open, priority);
  return carrying === null
    ? { refused: `${rebuildWords(open)} has just ended`, never: false }
    : { run: carrying, created: open.id === asked.id };
}

/** Why a rebuild cannot be begun; null if it can. */
async function refusalOf(
  { wanted, embedder, rebuilds }: Ports,
  { what, scope }: RebuildWish,
): Promise<{ refused: string; never: boolean } | null> {
  const [unknown] = await rebuilds.unknownMeetings(scope.meetings);
  if (unknown !== undefined) return { refused: `there is no meeting "${unknown}"`, never: true };
  if (what === "records" || wanted === null) return null;
  if (wanted.problem !== null) return { refused: wanted.problem, never: false };
  if (what === "chunks") return { refused: otherModel(embedder.model, wanted.embedder.model), never: false };
  if (scopeWords(scope).length === 0) return null;
  const all = `EMBEDDINGS asks for ${wanted.embedder.model}, so that all vectors are made anew: leave the scope out`;
  return { refused: all, never: true };
}

/**
 * Queue the next run of an open rebuild, and start it unless its lane has another one to end first: then whoever looks
 * next starts it. Returns the run that carries the rebuild now; null if it has ended meanwhile.
 */
export async function continueRebuild(
  { rebuilds, runs, world }: Ports,
  engine: RunEngine,
  rebuild: Rebuild,
  priority: Priority = "normal",
): Promise<Run | null> {
  await rebuilds.queueRun(rebuild, { id: world.newId(), queuedMs: world.nowMs(), priority });
  const run = await newestRun(rebuilds, rebuild);
  const { items } = await runs.unfinished();
  const first = items.find((other) => other.sync === run?.sync);
  if (run?.state === "queued" && first?.id === run.id) await engine.start(run.id);
  return run;
}

async function newestRun(rebuilds: Ports["rebuilds"], { id }: Rebuild): Promise<Run | null> {
  return (await rebuilds.runsOf(id, 1)).items[0] ?? null;
}

/**
 * The open rebuild, if a run of it is due: at once where one run ended because it had taken on enough or waited for a
 * time that has come, and after a pause where one broke off or could not finish.
 */
export async function dueRebuild({ rebuilds, world }: Ports): Promise<Rebuild | null> {
  const open = await rebuilds.open();
  if (open === null || (open.notBeforeMs ?? 0) > world.nowMs()) return null;
  const last = await newestRun(rebuilds, open);
  if (last === null) return open;
  if (last.endedMs === null) return null;
  const goesOn = last.continues || (last.state === "parked" && last.notBeforeMs !== null);
  return goesOn || world.nowMs() - last.endedMs >= VECTORS_RETRY_AFTER_MS ? open : null;
}
