import { chunkTranscript } from "../core/chunk.ts";
import { planDocument, vectorMetadata } from "../core/chunk-plan.ts";
import { sha256Hex } from "../core/identity.ts";
import { suspectsOf } from "../core/large-pages.ts";
import { transcriptSentences } from "../core/mapping/fireflies-meeting.ts";
import {
  CHUNK_ROWS_PER_STATEMENT,
  CHUNK_SIZES,
  DEAD_CHECK_IDS_MAX,
  REFUSED_RETRY_AFTER_MS,
  RUN_CHUNKS_MAX,
  RUN_ITEMS_MAX,
  SEND_CHUNKS_PER_STEP,
  VECTOR_BATCH_BYTES_TARGET,
  VECTOR_BATCH_DOCUMENTS_MAX,
  VISIBLE_WAITS_MS,
} from "../core/policy.ts";
import { interruptionsIn } from "../core/retry.ts";
import { durably, type StepScope } from "../engine/durably.ts";
import { embeddingsOf } from "../engine/embeddings.ts";
import { sendChunks, type Refusal } from "../engine/sending.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";
import type { ChunkRow, OwedDocument, PlannedRow } from "../ports/record-store.ts";
import type { IndexedVector } from "../ports/vectors.ts";

/** A document of a batch after planning: which vectors it wants, and which it no longer wants. */
type Planned = {
  readonly id: string;
  readonly contentHash: string;
  readonly indexedBefore: boolean;
  readonly wanted: readonly string[];
  readonly send: readonly string[];
  readonly leftovers: readonly string[];
  /** Why the document could not be planned or sent; null as a rule. */
  readonly failed: string | null;
  /** True if trying again soon would end the same. */
  readonly isRefused: boolean;
};

/**
 * Owed documents to chunks to vectors. Source: requirements, "Document Vectorization"; protocols 6.
 *
 * A document stops being owed only when every vector it wants was read back and every leftover was given up.
 */
export async function syncVectors(context: RunContext): Promise<PipelineOutcome> {
  const risen = await durably(context, "dead", (scope) => lookAtDead(context, scope));
  const { due: total } = await durably(context, "owed", () =>
    context.ports.records.owedCount(context.ports.world.nowMs()),
  );
  const taken: string[] = [];
  const batches: Planned[][] = [];
  let sent = 0;
  let more = true;
  // 1. Chunks, embeddings, vectors of every batch; the index takes its time meanwhile.
  while (taken.length < RUN_ITEMS_MAX && sent < RUN_CHUNKS_MAX) {
    const n = batches.length + 1;
    const owed = await durably(context, `take:${n}`, () => takeOwed(context, taken));
    more = owed.length > 0;
    if (!more) break;
    taken.push(...owed.map((document) => document.id));
    for (const { id } of owed) context.unreached.add(id);
    const planned = await durably(context, `chunks:${n}`, (scope) => plan(context, scope, owed));
    const send = planned.flatMap((document) => document.send);
    sent += send.length;
    const refusals: Refusal[] = [];
    for (const [m, ids] of slicesOf(send, SEND_CHUNKS_PER_STEP).entries()) {
      const step = `send:${n}.${m + 1}`;
      refusals.push(
        ...(await durably(context, step, (scope) => sendChunks(context, scope, context.ports, ids))),
      );
    }
    batches.push(withoutRefused(planned, refusals));
  }
  // 2. Read each batch back; then give up what the new revisions no longer want, and see it gone.
  const findings = risen === 0 ? [] : [`${risen} deleted vectors were still visible`];
  for (const [place, planned] of batches.entries())
    findings.push(...(await confirm(context, place + 1, planned)));
  const continues = more && total > taken.length;
  return { continues, sourceCount: null, destinationCount: null, failedCount: 0, findings };
}

/** A document that was refused is not looked for, and keeps the vectors that it had. */
function withoutRefused(planned: readonly Planned[], refusals: readonly Refusal[]): Planned[] {
  const reasons = new Map(refusals.map(({ documentId, reason }) => [documentId, reason]));
  return planned.map((document) => {
    const failed = reasons.get(document.id);
    return failed === undefined ? document : { ...document, send: [], failed, isRefused: true };
  });
}

async function confirm(context: RunContext, n: number, planned: readonly Planned[]): Promise<string[]> {
  const send = planned.flatMap((document) => document.send);
  const missing = new Set(
    await untilNone(context, `visible:${n}`, send, (scope, ids) => stillMissing(context, scope, ids)),
  );
  const whole = planned.filter(
    ({ wanted, failed }) => failed === null && !wanted.some((id) => missing.has(id)),
  );
  const leftovers = whole.flatMap((document) => document.leftovers);
  if (leftovers.length > 0) await durably(context, `dead:${n}`, (scope) => giveUp(context, scope, leftovers));
  const lingering = await untilNone(context, `gone:${n}`, leftovers, (scope, ids) =>
    stillThere(context, scope, ids),
  );
  await durably(context, `done:${n}`, (scope) => settle(context, scope, { planned, missing }));
  for (const { id } of planned) context.unreached.delete(id);
  return [
    ...(missing.size > 0 ? [`${missing.size} vectors were accepted and are not visible`] : []),
    ...(lingering.length > 0 ? [`${lingering.length} deleted vectors are still visible`] : []),
  ];
}

/** The next owed documents: few enough that their transcripts fit in memory one after another and in one batch. */
async function takeOwed(context: RunContext, taken: readonly string[]): Promise<OwedDocument[]> {
  const { items } = await context.ports.records.owedDocuments(
    VECTOR_BATCH_DOCUMENTS_MAX,
    taken,
    context.ports.world.nowMs(),
  );
  let bytes = 0;
  return items.filter((document, place) => {
    bytes += document.storedBytes;
    return place === 0 || bytes <= VECTOR_BATCH_BYTES_TARGET;
  });
}

async function plan(
  context: RunContext,
  scope: StepScope,
  owed: readonly OwedDocument[],
): Promise<Planned[]> {
  const { records, world } = context.ports;
  const ledger = await records.chunksOf(owed.map((document) => document.id));
  const interruptions = interruptionsIn(await scope.failures());
  const suspects = suspectsOf(owed, (document) => document.storedBytes, interruptions);
  const planned = [...suspects].map((document) =>
    unplanned(document, "the program ended each time it cut it: it may be more than the memory holds", true),
  );
  const unwritten: PlannedRow[] = [];
  // Rows of several documents go into one batch; few enough that a batch of long meetings does not pile up.
  const write = async (): Promise<void> => {
    const rows = unwritten.splice(0);
    await scope.timed("record chunks", () =>
      records.planChunks(context.fence, { rows, nowMs: world.nowMs() }),
    );
  };
  for (const document of owed.filter((one) => !suspects.has(one))) {
    const text = await scope.timed("read", () => context.ports.raw.getText(document.revisionKey));
    if (text === null || (await sha256Hex(text)) !== document.contentHash) {
      planned.push(unplanned(document, "the raw store has no intact revision of this meeting", false));
      continue;
    }
    const { sentences } = transcriptSentences(text);
    const chunks = await scope.timed("chunk", async () => chunkTranscript(sentences, CHUNK_SIZES));
    const of = {
      documentId: document.id,
      model: context.ports.embedder.model,
      metadata: vectorMetadata(document),
    };
    const { rows, leftovers } = await planDocument(of, chunks, ledger.get(document.id) ?? []);
    unwritten.push(...rows);
    if (unwritten.length >= CHUNK_ROWS_PER_STATEMENT) await write();
    const send = rows.filter((row) => row.state !== "live").map((row) => row.id);
    planned.push({
      ...unplanned(document, null, false),
      wanted: rows.map((row) => row.id),
      send,
      leftovers,
    });
  }
  if (unwritten.length > 0) await write();
  return planned;
}

function unplanned(
  { id, contentHash, indexedBefore }: OwedDocument,
  failed: string | null,
  isRefused: boolean,
): Planned {
  return { id, contentHash, indexedBefore, wanted: [], send: [], leftovers: [], failed, isRefused };
}

/** Look for vectors that were sent. What comes back must be what was sent, then it counts as live. */
async function stillMissing(
  context: RunContext,
  scope: StepScope,
  ids: readonly string[],
): Promise<string[]> {
  const { records, index, world } = context.ports;
  const missing: string[] = [];
  for (const slice of slicesOf(ids, SEND_CHUNKS_PER_STEP)) {
    const { items: rows } = await records.chunksById(slice);
    const placed = await embeddingsOf(context.ports, scope, rows);
    const back = await scope.timed("read vectors back", () => index.getByIds(slice));
    const backById = new Map(back.map((vector) => [vector.id, vector]));
    const isThere = (row: ChunkRow): boolean => {
      const vector = backById.get(row.id);
      const sent = placed.get(row.textHash);
      return (
        vector !== undefined &&
        sent !== undefined &&
        sameVector(vector, { values: sent.values, metadata: row.metadata })
      );
    };
    const live = rows.filter(isThere).map((row) => row.id);
    if (live.length > 0) await records.markLive(context.fence, live, world.nowMs());
    const found = new Set(live);
    missing.push(...slice.filter((id) => !found.has(id)));
  }
  return missing;
}

/** 32-bit floats of unit vectors agree this closely even where a store computes with them. */
const VECTOR_TOLERANCE = 1e-6;

type Comparable = Pick<IndexedVector, "metadata"> & { readonly values: ArrayLike<number> };

function sameVector(back: Comparable, sent: Comparable): boolean {
  if (back.values.length !== sent.values.length) return false;
  for (let place = 0; place < sent.values.length; place += 1) {
    const apart = Math.abs((back.values[place] ?? Number.NaN) - (sent.values[place] ?? Number.NaN));
    if (!(apart <= VECTOR_TOLERANCE)) return false;
  }
  return Object.entries(sent.metadata).every(([name, value]) => back.metadata[name] === value);
}

/** Dead first, in the ledger, for ever; only then deleted. A late delete can so never hit a live vector. */
async function giveUp(context: RunContext, scope: StepScope, ids: readonly string[]): Promise<null> {
  const { records, index, world } = context.ports;
  await records.markDead(context.fence, ids, world.nowMs());
  await scope.timed("delete vectors", () => index.deleteByIds(ids));
  return null;
}

async function stillThere(context: RunContext, scope: StepScope, ids: readonly string[]): Promise<string[]> {
  const { records, index } = context.ports;
  const back = await scope.timed("see vectors gone", () => index.getByIds(ids));
  const there = new Set(back.map((vector) => vector.id));
  const gone = ids.filter((id) => !there.has(id));
  if (gone.length > 0) await records.markGone(context.fence, gone);
  return [...there];
}

/**
 * Dead ids are looked up again after an hour and a day: a delete that was lost, or an upsert that came late, shows then.
 *
 * @returns how many were still there; they are deleted again, and looked for until they are gone
 */
async function lookAtDead(context: RunContext, scope: StepScope): Promise<number> {
  const { records, index, world } = context.ports;
  const { items } = await records.deadDue(world.nowMs(), DEAD_CHECK_IDS_MAX);
  if (items.length === 0) return 0;
  const there = new Set(
    await stillThere(
      context,
      scope,
      items.map((item) => item.id),
    ),
  );
  const gone = items.filter((item) => !there.has(item.id));
  if (gone.length > 0) await records.markRechecked(context.fence, gone);
  if (there.size === 0) return 0;
  await records.markRisen(context.fence, [...there]);
  await scope.timed("delete vectors", () => index.deleteByIds([...there]));
  return there.size;
}

/** Close the documents of a batch. One that misses a vector stays owed. */
async function settle(
  context: RunContext,
  scope: StepScope,
  { planned, missing }: { planned: readonly Planned[]; missing: ReadonlySet<string> },
): Promise<null> {
  const nowMs = context.ports.world.nowMs();
  const documents = planned.map(({ id, contentHash, indexedBefore, wanted, failed, isRefused }) => {
    const base = { id, contentHash, retryMs: null };
    if (failed !== null) {
      const retryMs = isRefused ? nowMs + REFUSED_RETRY_AFTER_MS : null;
      return { ...base, verdict: "failed" as const, reason: failed, retryMs };
    }
    const waits = wanted.filter((chunk) => missing.has(chunk)).length;
    if (waits > 0)
      return { ...base, verdict: "pending" as const, reason: `${waits} vectors are not visible yet` };
    return { ...base, verdict: indexedBefore ? ("updated" as const) : ("created" as const), reason: null };
  });
  const done = {
    runId: context.run.id,
    nowMs,
    documents,
    checkpoint: { last: planned.at(-1)?.id ?? null },
  };
  await scope.timed("record", () => context.ports.records.commitDocuments(context.fence, done));
  return null;
}

/** Look again at growing intervals until nothing is left over. @returns what is left after the last look */
async function untilNone(
  context: RunContext,
  name: string,
  ids: readonly string[],
  look: (scope: StepScope, ids: readonly string[]) => Promise<string[]>,
): Promise<string[]> {
  let left = [...ids];
  for (const [times, waitMs] of [0, ...VISIBLE_WAITS_MS].entries()) {
    if (left.length === 0) return [];
    if (waitMs > 0) {
      const untilMs = await durably(
        context,
        `${name}.${times} due`,
        async () => context.ports.world.nowMs() + waitMs,
      );
      await context.steps.sleepUntil(`${name}.${times} wait`, untilMs);
    }
    const looked = left;
    left = await durably(context, `${name}.${times}`, (scope) => look(scope, looked));
  }
  return left;
}

function slicesOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  );
}
