import { concurrently } from "../../core/concurrently.ts";
import { embeddingKey, sha256Hex } from "../../core/identity.ts";
import { VECTOR_IDS_PER_GET_MAX } from "../../core/limits.ts";
import { addSums, LEFT, NO_SUMS, type Fault, type FaultKind, type MeetingSums } from "../../core/proof.ts";
import type { Ports } from "../../ports/ports.ts";
import type { ProofChunk, ProofMeeting } from "../../ports/proof-store.ts";
import type { IndexedVector } from "../../ports/vectors.ts";
import type { StepScope } from "../durably.ts";

/** What looking at some meetings has shown. */
export type Looked = {
  readonly sums: MeetingSums;
  readonly faults: readonly Fault[];
  /** Differences that are no fault. */
  readonly left: readonly string[];
  /** Subrequests, about. */
  readonly calls: number;
};

type Stores = Pick<Ports, "proofs" | "records" | "raw" | "index">;
type Timed = Pick<StepScope, "timed">;

/**
 * Prove meetings, each id in the store itself: the bytes of its revision hash to their name, its record is of that revision,
 * its chunks say what their hashes say and are in the full-text index, and their vectors are read back.
 *
 * What seems wrong is looked at once more, from the ledger on: meanwhile a run may have replaced what was read first.
 */
export async function lookAtMeetings(
  stores: Stores,
  scope: Timed,
  meetings: readonly ProofMeeting[],
): Promise<Looked> {
  const first = await lookOnce(stores, scope, meetings);
  if (first.faults.length === 0) return first;
  const ids = [...new Set(first.faults.map(({ subject }) => subject))];
  const again = await stores.proofs.meetings({ ids });
  const second = await lookOnce(stores, scope, again.items);
  const isStill = ({ kind, subject }: Fault): boolean =>
    second.faults.some((fault) => fault.kind === kind && fault.subject === subject);
  const untouched = meetings.filter(({ id }) => !ids.includes(id));
  const sums = addSums(first.sumsOf(untouched), second.sums);
  const left = [...first.left.filter((what) => !ids.some((id) => what.endsWith(`: ${id}`))), ...second.left];
  return { sums, left, faults: first.faults.filter(isStill), calls: first.calls + second.calls + 1 };
}

type LookedOnce = Looked & { sumsOf(meetings: readonly ProofMeeting[]): MeetingSums };

async function lookOnce(
  { proofs, raw, index }: Stores,
  scope: Timed,
  meetings: readonly ProofMeeting[],
): Promise<LookedOnce> {
  const [damages, chunks] = await Promise.all([
    scope.timed("hash revisions again", () => damagesOf(raw, meetings)),
    proofs.chunks(meetings.filter(({ record }) => record !== null).map(({ id }) => id)),
  ]);
  const vectors = await scope.timed("read vectors back", () =>
    index.getByIds(chunks.items.map(({ id }) => id)),
  );
  const vectorOf = new Map(vectors.map((vector) => [vector.id, vector]));
  const chunksOf = Map.groupBy(chunks.items, ({ documentId }) => documentId);
  const looks = new Map<string, Look>();
  for (const meeting of meetings)
    looks.set(meeting.id, {
      meeting,
      damage: damages.get(meeting.id) ?? null,
      chunks: await scope.timed("hash chunks again", () =>
        Promise.all(
          (chunksOf.get(meeting.id) ?? []).map((chunk) => judgeChunk(chunk, vectorOf.get(chunk.id))),
        ),
      ),
    });
  const sumsOf = (some: readonly ProofMeeting[]): MeetingSums =>
    some.reduce((sums, { id }) => addSums(sums, sumsOfLook(looks.get(id))), NO_SUMS);
  return {
    sums: sumsOf(meetings),
    sumsOf,
    faults: [...looks.values()].flatMap(faultsOf),
    left: [...looks.values()].flatMap(leftOf),
    calls: meetings.length + Math.ceil(chunks.items.length / VECTOR_IDS_PER_GET_MAX) + 2,
  };
}

/** A meeting, and what was found under its names. */
type Look = {
  readonly meeting: ProofMeeting;
  /** What is wrong with its revision, in words; null: nothing. */
  readonly damage: string | null;
  readonly chunks: readonly {
    readonly isText: boolean;
    readonly isIndexed: boolean;
    readonly isVector: boolean;
  }[];
};

async function damagesOf(raw: Ports["raw"], meetings: readonly ProofMeeting[]): Promise<Map<string, string>> {
  const damages = await concurrently(meetings, async ({ id, state, revisionKey, contentHash }) => {
    if (revisionKey === "") return state === "failed" ? [] : [[id, "no revision of it is stored"] as const];
    const text = await raw.getText(revisionKey);
    if (text === null) return [[id, "nothing that can be read lies under the key of its revision"] as const];
    if ((await sha256Hex(text)) === contentHash) return [];
    return [[id, "the bytes of its revision hash to something else than their name"] as const];
  });
  return new Map(damages.flat());
}

async function judgeChunk(
  chunk: ProofChunk,
  vector: IndexedVector | undefined,
): Promise<Look["chunks"][number]> {
  const { text, textHash, model, metadata, isIndexed } = chunk;
  return {
    isIndexed,
    isText: text !== null && (await embeddingKey(model, text)) === textHash,
    isVector:
      vector !== undefined &&
      Object.entries(metadata).every(([name, value]) => vector.metadata[name] === value),
  };
}

function sumsOfLook(look: Look | undefined): MeetingSums {
  if (look === undefined) return NO_SUMS;
  const { meeting, damage, chunks } = look;
  const { record, state, deleted, proven, revisionKey } = meeting;
  const isRecord = record !== null;
  return {
    source: proven && !deleted ? 1 : 0,
    raw: revisionKey !== "" && damage === null && !deleted ? 1 : 0,
    records: isRecord ? 1 : 0,
    documents: isRecord ? 1 : 0,
    chunks: chunks.length,
    vectors: chunks.filter(({ isVector }) => isVector).length,
    pending: state === "pending" && !isRecord && !deleted ? 1 : 0,
    quarantined: state === "quarantined" && !isRecord && !deleted ? 1 : 0,
    deleted: deleted ? 1 : 0,
  };
}

function leftOf({ meeting: { id, state, proven, deleted, record } }: Look): string[] {
  if (state === "failed") return [`${LEFT.failed}: ${id}`];
  return [
    ...(proven || deleted ? [] : [`${LEFT.unlisted}: ${id}`]),
    ...(record?.owed === true ? [`${LEFT.owed}: ${id}`] : []),
  ];
}

function faultsOf({ meeting, damage, chunks }: Look): Fault[] {
  const { id, state, record, deleted } = meeting;
  const fault = (domain: Fault["domain"], kind: FaultKind, cause: string): Fault[] => [
    { domain, kind, subject: id, cause },
  ];
  const raw = damage === null ? [] : fault("raw", "raw_damaged", damage);
  // What is known deleted keeps its bytes, and has nothing else to be held against.
  if (state === "failed" || deleted) return raw;
  if (record === null)
    return state === "live"
      ? [...raw, ...fault("records", "record_missing", "its row in meetings is gone")]
      : raw;
  const records =
    state === "live" && record.contentHash !== meeting.contentHash
      ? fault("records", "record_differs", "its row is of another revision than the one last seen")
      : [];
  return [...raw, ...records, ...(record.owed ? [] : chunkFaults(fault, record, chunks))];
}

function chunkFaults(
  fault: (domain: Fault["domain"], kind: FaultKind, cause: string) => Fault[],
  record: NonNullable<ProofMeeting["record"]>,
  chunks: Look["chunks"],
): Fault[] {
  if (record.indexedHash !== record.contentHash)
    return fault("chunks", "vectors_stale", "its vectors are those of another revision, and nothing is owed");
  if (chunks.length === 0)
    return fault("chunks", "chunks_missing", "it has no live chunk, and nothing is owed");
  const without = (what: keyof Look["chunks"][number]): number =>
    chunks.filter((chunk) => !chunk[what]).length;
  const of = (count: number): string => `${count} of its ${chunks.length}`;
  const [texts, entries, vectors] = [without("isText"), without("isIndexed"), without("isVector")];
  return [
    ...(texts > 0
      ? fault("chunks", "chunk_damaged", `${of(texts)} chunks say something else than their hash`)
      : []),
    ...(entries > 0
      ? fault("full_text", "text_unindexed", `${of(entries)} chunks are not in the full-text index`)
      : []),
    ...(vectors > 0 ? fault("vectors", "vector_missing", `${of(vectors)} vectors are not in the index`) : []),
  ];
}
