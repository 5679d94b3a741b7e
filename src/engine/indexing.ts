import { chunkTranscript, type Chunk } from "../core/chunk.ts";
import { planDocument, vectorMetadata } from "../core/chunk-plan.ts";
import { sha256Hex } from "../core/identity.ts";
import { suspectsOf } from "../core/large-pages.ts";
import { interruptionsIn } from "../core/retry.ts";
import { transcriptSentences } from "../core/mapping/fireflies-meeting.ts";
import {
  CHUNK_ROWS_PER_STATEMENT,
  CHUNK_SIZES,
  RUN_CHUNKS_MAX,
  RUN_ITEMS_MAX,
  SEND_CHUNKS_PER_STEP,
  VECTOR_BATCH_BYTES_TARGET,
} from "../core/policy.ts";
import type { ChunkRow, OwedDocument, PlannedRow } from "../ports/record-store.ts";
import type { IndexedVector } from "../ports/vectors.ts";
import { isWhole, type Batch, type PlannedDocument } from "./batch.ts";
import { giveUp, stillThere } from "./dead-vectors.ts";
import { durably, type StepScope } from "./durably.ts";
import { embeddingsOf } from "./embeddings.ts";
import { slicesOf, untilNone } from "./looking.ts";
import { yieldIfAsked } from "./making-way.ts";
import { sendChunks, type IndexTarget, type Refusal } from "./sending.ts";
import type { RunContext } from "./run-context.ts";

/** Documents to be brought into an index. */
export type Indexing<T extends OwedDocument> = {
  readonly target: IndexTarget;
  /** Stands before the names of steps; "" where one run indexes once. */
  readonly name: string;
  /** Documents and chunks to be taken on, at most. */
  readonly documentsMax?: number;
  readonly chunksMax?: number;
  /** Send what the ledger calls live as well: the same bytes under the same ids. */
  readonly resend: boolean;
  /** The next documents; none at the end, null if this run is to take on nothing more. */
  readonly take: (taken: readonly string[]) => Promise<readonly T[] | null>;
  /** What to index of a document whose revision is lost; null if nothing. */
  readonly instead?: (document: T) => Promise<{ chunks: Chunk[]; contentHash: string } | null>;
  /** Write down what became of a batch. */
  readonly settle: (batch: Batch) => Promise<void>;
};

export type Indexed = {
  readonly taken: readonly string[];
  /** Taken and not in the index: failed, or not visible yet. */
  readonly unsettled: readonly string[];
  /** Indexed from what there is instead of their revision, which is lost. */
  readonly lost: readonly string[];
  readonly sent: number;
  /** True if it stopped before the last document. */
  readonly more: boolean;
  readonly findings: readonly string[];
};

/**
 * Documents to chunks to vectors. Source: requirements, "Document Vectorization"; protocols 6.
 *
 * A document counts as done only when every vector it wants was read back; then its leftovers are given up.
 */
export async function indexDocuments<T extends OwedDocument>(
  context: RunContext,
  work: Indexing<T>,
): Promise<Indexed> {
  const { name, documentsMax = RUN_ITEMS_MAX, chunksMax = RUN_CHUNKS_MAX } = work;
  const taken: string[] = [];
  const batches: PlannedDocument[][] = [];
  let sent = 0;
  let more = true;
  // 1. Chunks, embeddings, vectors of every batch; the index takes its time meanwhile.
  while (taken.length < documentsMax && sent < chunksMax) {
    const n = batches.length + 1;
    if (n > 1 && (await yieldIfAsked(context, `${name}take ${n}`))) break;
    const documents = await durably(context, `${name}take:${n}`, async () => fitting(await work.take(taken)));
    more = documents === null || documents.length > 0;
    if (documents === null || documents.length === 0) break;
    taken.push(...documents.map((document) => document.id));
    for (const { id } of documents) context.unreached.set(id, null);
    const planned = await durably(context, `${name}chunks:${n}`, (scope) =>
      plan(context, scope, work, documents),
    );
    const send = planned.flatMap((document) => document.send);
    sent += send.length;
    const refusals: Refusal[] = [];
    for (const [m, ids] of slicesOf(send, SEND_CHUNKS_PER_STEP).entries()) {
      const step = `${name}send:${n}.${m + 1}`;
      refusals.push(
        ...(await durably(context, step, (scope) => sendChunks(context, scope, work.target, ids))),
      );
    }
    batches.push(withoutRefused(planned, refusals));
  }
  // 2. Read each batch back; then give up what the new revisions no longer want, and see it gone.
  const confirmed: Confirmed[] = [];
  for (const [place, planned] of batches.entries())
    confirmed.push(await confirm(context, work, `${place + 1}`, planned));
  return {
    taken,
    sent,
    more,
    lost: batches.flat().flatMap(({ id, isLost, failed }) => (isLost && failed === null ? [id] : [])),
    unsettled: confirmed.flatMap(({ unsettled }) => unsettled),
    findings: confirmed.flatMap(({ findings }) => findings),
  };
}

/** Few enough that their transcripts fit in memory one after another and in one batch. */
function fitting<T extends OwedDocument>(documents: readonly T[] | null): T[] | null {
  if (documents === null) return null;
  let bytes = 0;
  return documents.filter((document, place) => {
    bytes += document.storedBytes;
    return place === 0 || bytes <= VECTOR_BATCH_BYTES_TARGET;
  });
}

/** A document that was refused is not looked for, and keeps the vectors that it had. */
function withoutRefused(
  planned: readonly PlannedDocument[],
  refusals: readonly Refusal[],
): PlannedDocument[] {
  const reasons = new Map(refusals.map(({ documentId, reason }) => [documentId, reason]));
  return planned.map((document) => {
    const failed = reasons.get(document.id);
    return failed === undefined ? document : { ...document, send: [], failed, isRefused: true };
  });
}

type Confirmed = { readonly unsettled: readonly string[]; readonly findings: readonly string[] };

async function confirm<T extends OwedDocument>(
  context: RunContext,
  { name, target, settle }: Indexing<T>,
  n: string,
  planned: readonly PlannedDocument[],
): Promise<Confirmed> {
  const send = planned.flatMap((document) => document.send);
  const missing = new Set(
    await untilNone(context, `${name}visible:${n}`, send, (scope, ids) =>
      stillMissing(context, scope, target, ids),
    ),
  );
  const batch = { planned, missing };
  const whole = planned.filter((document) => isWhole(document, batch));
  const leftovers = whole.flatMap((document) => document.leftovers);
  if (leftovers.length > 0)
    await durably(context, `${name}dead:${n}`, (scope) => giveUp(context, scope, target.index, leftovers));
  const lingering = await untilNone(context, `${name}gone:${n}`, leftovers, (scope, ids) =>
    stillThere(context, scope, target.index, ids),
  );
  await durably(context, `${name}done:${n}`, async (scope) => {
    await scope.timed("record", () => settle(batch));
    return null;
  });
  for (const { id } of planned) context.unreached.delete(id);
  return {
    unsettled: planned.filter((document) => !isWhole(document, batch)).map(({ id }) => id),
    findings: [
      ...(missing.size > 0 ? [`${missing.size} vectors were accepted and are not visible`] : []),
      ...(lingering.length > 0 ? [`${lingering.length} deleted vectors are still visible`] : []),
    ],
  };
}

async function plan<T extends OwedDocument>(
  context: RunContext,
  scope: StepScope,
  work: Indexing<T>,
  documents: readonly T[],
): Promise<PlannedDocument[]> {
  const { records, world } = context.ports;
  const { model } = work.target.embedder;
  const ledger = await records.chunksOf(
    documents.map((document) => document.id),
    model,
  );
  const interruptions = interruptionsIn(await scope.failures());
  const suspects = suspectsOf(documents, (document) => document.storedBytes, interruptions);
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
  for (const document of documents.filter((one) => !suspects.has(one))) {
    const { id } = document;
    const cut = await chunksOf(context, scope, work, document);
    if (cut.chunks === null) {
      const failed = "the raw store has no intact revision of this meeting";
      planned.push({ ...unplanned(document, failed, false), isLost: true });
      continue;
    }
    const of = { documentId: id, model, metadata: vectorMetadata(document) };
    const { rows, leftovers } = await planDocument(of, cut.chunks, ledger.get(id) ?? []);
    unwritten.push(...rows);
    if (unwritten.length >= CHUNK_ROWS_PER_STATEMENT) await write();
    planned.push({
      ...unplanned(document, null, false),
      contentHash: cut.contentHash,
      wanted: rows.map((row) => row.id),
      send: rows.filter((row) => work.resend || row.state !== "live").map((row) => row.id),
      leftovers,
      changed: leftovers.length > 0 || rows.some((row) => row.state !== "live"),
      isLost: cut.isLost,
    });
  }
  if (unwritten.length > 0) await write();
  return planned;
}

function unplanned(
  { id, contentHash, indexedBefore }: OwedDocument,
  failed: string | null,
  isRefused: boolean,
): PlannedDocument {
  const nothing = { wanted: [], send: [], leftovers: [], changed: false, isLost: false };
  return { id, contentHash, indexedBefore, ...nothing, failed, isRefused };
}

type Cut = { readonly chunks: Chunk[] | null; readonly contentHash: string; readonly isLost: boolean };

/** The chunks of a document, cut from its revision; of what else there is if that is lost. */
async function chunksOf<T extends OwedDocument>(
  context: RunContext,
  scope: StepScope,
  work: Indexing<T>,
  document: T,
): Promise<Cut> {
  const { contentHash, revisionKey } = document;
  const text = await scope.timed("read revision", () => context.ports.raw.getText(revisionKey));
  if (text === null || (await sha256Hex(text)) !== contentHash)
    return { chunks: null, contentHash, ...(await work.instead?.(document)), isLost: true };
  const { sentences } = transcriptSentences(text);
  const chunks = await scope.timed("chunk", async () => chunkTranscript(sentences, CHUNK_SIZES));
  return { chunks, contentHash, isLost: false };
}

/** Look for vectors that were sent. What comes back must be what was sent, then it counts as live. */
async function stillMissing(
  context: RunContext,
  scope: StepScope,
  { index, embedder }: IndexTarget,
  ids: readonly string[],
): Promise<string[]> {
  const { records, world } = context.ports;
  const missing: string[] = [];
  for (const slice of slicesOf(ids, SEND_CHUNKS_PER_STEP)) {
    const { items: rows } = await records.chunksById(slice);
    const placed = await embeddingsOf({ ...context.ports, embedder }, scope, rows);
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
    if (live.length > 0)
      await scope.timed("record", () => records.markLive(context.fence, live, world.nowMs()));
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
