import type { Chunk } from "../core/chunk.ts";
import type { IndexRow } from "../core/embedding-plan.ts";
import {
  EMPTY_AFTER_MS,
  REBUILD_ROUNDS_MAX,
  RUN_CHUNKS_MAX,
  RUN_ITEMS_MAX,
  VECTOR_BATCH_DOCUMENTS_MAX,
} from "../core/policy.ts";
import { replacesIndex, type Rebuild } from "../core/rebuild.ts";
import type { Check } from "../core/report.ts";
import { lookAtDead } from "../engine/dead-vectors.ts";
import { durably, fail } from "../engine/durably.ts";
import { boundIndex, countWhere, emptyIndex } from "../engine/emptying.ts";
import { isWhole, settledOf, type Batch } from "../engine/batch.ts";
import { indexDocuments } from "../engine/indexing.ts";
import { pause } from "../engine/looking.ts";
import {
  endRebuild,
  findingOf,
  NOTHING_TO_TELL,
  rebuildOf,
  type RebuildInRun,
} from "../engine/rebuild-run.ts";
import { reindex } from "../engine/reindexing.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";
import type { IndexTarget } from "../engine/sending.ts";
import type { UnbuiltDocument } from "../ports/index-registry.ts";
import type { Embedder } from "../ports/vectors.ts";

/**
 * Vectors again. Of the live model: every one is sent again under its own id. Of another: its index is built beside the
 * live one, verified, made live in one batch, and the old one is emptied. Questions are answered all the while.
 */
export async function rebuildVectors(context: RunContext): Promise<PipelineOutcome> {
  const found = await rebuildOf(context);
  if (found === null) return NOTHING_TO_TELL;
  return replacesIndex(found.rebuild) ? replaceIndex(context, found) : reindex(context, found, true);
}

/** Where a replacement stands. */
type Standing = {
  readonly live: IndexRow;
  /** The index that is being built or emptied beside it. */
  readonly other: IndexRow | null;
  readonly free: string | null;
  /** The model that the configuration asks for. */
  readonly wanted: string;
};

async function replaceIndex(context: RunContext, found: RebuildInRun): Promise<PipelineOutcome> {
  const { rebuild } = found;
  const standing = await durably(context, "indexes", () => standingOf(context));
  const { live, other } = standing;
  const findings = await lookAtDead(context);
  // 1. It has gone live before: only the old index is left to be emptied.
  if (live.model === rebuild.model) return emptyOld(context, rebuild, { other, outcome: "done", findings });
  // 2. Nobody wants it any more.
  if (standing.wanted !== rebuild.model) {
    if (other?.state === "building") await giveUpBuild(context, other);
    return emptyOld(context, rebuild, { other, outcome: "given_up", findings });
  }
  // An index of something else stands in the way.
  if (other !== null && other.model !== rebuild.model) {
    if (other.state === "building") await giveUpBuild(context, other);
    const emptied = await emptyIndex(context, other);
    return { ...NOTHING_TO_TELL, continues: true, findings: [...findings, ...emptied.findings] };
  }
  const maker = makerOf(context, rebuild.model);
  const to = other?.binding ?? standing.free ?? "";
  if (other === null) await durably(context, "begin", () => begin(context, to, maker));
  const target = { index: boundIndex(context, to), embedder: maker };
  // 3. Every document, then those that changed meanwhile, until it holds them all.
  const built = await buildAll(context, found, target);
  if (built.more) return { ...NOTHING_TO_TELL, continues: true, findings: [...findings, ...built.findings] };
  // 4. Hold it against the ledger; only what agrees goes live.
  const checks = await verify(context, target);
  const wrong = checks.filter((check) => !check.ok);
  if (wrong.length > 0) {
    const why = wrong.map((check) => `${check.name}: ${check.actual}, expected ${check.expected}`);
    const waits = `the new index does not go live yet: ${why.join("; ")}`;
    return { ...NOTHING_TO_TELL, checks, findings: [...findings, ...built.findings, waits] };
  }
  const change = { from: live.binding, to, nowMs: context.ports.world.nowMs() };
  const isLive = await durably(context, "switch", () =>
    context.ports.registry.switchTo(context.fence, change),
  );
  if (!isLive) return { ...NOTHING_TO_TELL, continues: true, checks, findings };
  // 5. Questions under way were begun with the old index.
  await pause(context, "switched", EMPTY_AFTER_MS);
  const told = { other: { ...live, state: "emptying" as const }, outcome: "done" as const };
  const end = await emptyOld(context, rebuild, { ...told, findings: [...findings, ...built.findings] });
  return { ...end, checks: [...checks, ...(end.checks ?? [])] };
}

async function standingOf({ ports }: RunContext): Promise<Standing> {
  const { items } = await ports.registry.rows();
  const live = items.find((row) => row.state === "live");
  if (live === undefined) return fail({ kind: "defect", party: "engine", detail: "no index is live" });
  const free = Object.keys(ports.indexes).find((name) => items.every((row) => row.binding !== name));
  const other = items.find((row) => row.state !== "live") ?? null;
  return { live, other, free: free ?? null, wanted: (ports.wanted?.embedder ?? ports.embedder).model };
}

/** Who makes the vectors of a model: what is wanted, or what is live by now. */
function makerOf({ ports }: RunContext, model: string | null): Embedder {
  const maker = [ports.wanted?.embedder, ports.embedder].find((embedder) => embedder?.model === model);
  return (
    maker ??
    fail({
      kind: "embeddings_refused",
      party: "engine",
      detail: `EMBEDDINGS no longer asks for ${model}, whose vectors are being made`,
    })
  );
}

/** Nothing is begun on an index that cannot hold the vectors or holds others, nor with a model that does not answer. */
async function begin(context: RunContext, binding: string, maker: Embedder): Promise<null> {
  const { registry, world } = context.ports;
  const refuse = (detail: string): never => fail({ kind: "embeddings_refused", party: "engine", detail });
  if (binding === "")
    refuse(`${maker.model} needs a second vector index beside the live one, and none is bound`);
  const { dimensions, vectorCount } = await boundIndex(context, binding).describe();
  if (dimensions !== maker.dimensions)
    refuse(
      `${binding} has ${dimensions} dimensions and ${maker.model} makes ${maker.dimensions}: create its index anew (docs/runbook.md, embeddings_refused)`,
    );
  if (vectorCount > 0)
    refuse(
      `${binding} holds ${vectorCount} vectors that nobody knows: create its index anew (docs/runbook.md, embeddings_refused)`,
    );
  await maker.embedDocuments(["ready"]);
  const { model, pooling, address } = maker;
  await registry.begin(context.fence, { binding, model, dimensions, pooling, address }, world.nowMs());
  return null;
}

type Built = { readonly more: boolean; readonly findings: readonly string[] };

async function buildAll(context: RunContext, { isLate }: RebuildInRun, target: IndexTarget): Promise<Built> {
  const { registry } = context.ports;
  const { model } = target.embedder;
  const findings: string[] = [];
  const aside: string[] = [];
  const lost: string[] = [];
  let [taken, sent] = [0, 0];
  for (let round = 1; round <= REBUILD_ROUNDS_MAX; round += 1) {
    const notIds = [...aside];
    const done = await indexDocuments<UnbuiltDocument>(context, {
      target,
      name: `round ${round} `,
      documentsMax: RUN_ITEMS_MAX - taken,
      chunksMax: RUN_CHUNKS_MAX - sent,
      resend: false,
      take: async (before) =>
        isLate()
          ? null
          : (await registry.unbuilt(model, before.at(-1) ?? "", VECTOR_BATCH_DOCUMENTS_MAX, notIds)).items,
      instead: (document) => fromLedger(context, document),
      settle: (batch) => settle(context, model, batch),
    });
    taken += done.taken.length;
    sent += done.sent;
    findings.push(...done.findings);
    lost.push(...done.lost);
    aside.push(...done.unsettled, ...done.lost);
    if (done.more || done.taken.length === 0) {
      const told = findingOf("raw revision missing or damaged, vectors made from the ledger", lost);
      return { more: done.more, findings: [...findings, ...told] };
    }
  }
  return { more: true, findings };
}

/** The chunks that the live index holds of a document whose revision is lost: it must not drop out of the search. */
async function fromLedger(
  { ports }: RunContext,
  { id, indexedHash }: UnbuiltDocument,
): Promise<{ chunks: Chunk[]; contentHash: string } | null> {
  const chunks = await ports.registry.liveChunks(ports.embedder.model, id);
  return indexedHash === null || chunks.length === 0 ? null : { chunks, contentHash: indexedHash };
}

async function settle(context: RunContext, model: string, batch: Batch): Promise<void> {
  const nowMs = context.ports.world.nowMs();
  const documents = batch.planned.map((document) => {
    const { id, verdict, reason } = settledOf(document, batch, nowMs);
    const contentHash = isWhole(document, batch) ? document.contentHash : null;
    return { id, verdict, reason, contentHash };
  });
  const done = { runId: context.run.id, model, documents };
  await context.ports.registry.commitBuilt(context.fence, done);
}

/** Twice: what the ledger says was built, and what the index says it holds. */
async function verify(context: RunContext, { index, embedder }: IndexTarget): Promise<Check[]> {
  const { registry } = context.ports;
  const { model } = embedder;
  const state = await durably(context, "verify documents", () => registry.buildState(model));
  const liveChunks = await durably(context, "verify chunks", () => registry.liveCount(model));
  const vectorCount = await countWhere(context, "verify", index, (count) => count === liveChunks);
  const missing = state.missing === 0 ? "" : ` (${state.missing} missing: ${state.missingIds.join(", ")})`;
  return [
    {
      name: `new index: documents of ${model}`,
      ok: state.missing === 0,
      expected: state.documents,
      actual: `${state.built}${missing}`,
    },
    {
      name: `new index: vectors of ${model}`,
      ok: vectorCount === liveChunks,
      expected: liveChunks,
      actual: vectorCount,
    },
  ];
}

async function giveUpBuild(context: RunContext, { binding }: IndexRow): Promise<void> {
  const { registry, world } = context.ports;
  await durably(context, "give up", async () => {
    await registry.giveUp(context.fence, binding, world.nowMs());
    return null;
  });
}

async function emptyOld(
  context: RunContext,
  rebuild: Rebuild,
  {
    other,
    outcome,
    findings,
  }: { other: IndexRow | null; outcome: "done" | "given_up"; findings: readonly string[] },
): Promise<PipelineOutcome> {
  const emptied = other === null ? { check: null, findings: [] } : await emptyIndex(context, other);
  const told = { ...NOTHING_TO_TELL, findings: [...findings, ...emptied.findings] };
  if (other !== null && emptied.check === null) return { ...told, continues: emptied.findings.length === 0 };
  const words = `EMBEDDINGS no longer asks for ${rebuild.model}: what was built of it is given up`;
  await endRebuild(context, rebuild, outcome);
  return {
    ...told,
    findings: outcome === "done" ? told.findings : [...told.findings, words],
    checks: emptied.check === null ? [] : [emptied.check],
  };
}
