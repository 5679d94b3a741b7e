import { sha256Hex } from "../core/identity.ts";
import { IDS_SHOWN_MAX, PROOF_PAGE_ITEMS } from "../core/policy.ts";
import { concurrently } from "../core/concurrently.ts";
import type { Ports } from "../ports/ports.ts";
import type { ProofMeeting } from "../ports/record-store.ts";
import type { SyncName } from "../ports/run-store.ts";

/** What one page of meetings proves; pages add up. Counts are of ids, each looked at in the store itself. */
export type ProofPart = {
  /** Live ids of complete enumerations. */
  readonly source: number;
  /** Revisions in R2 whose bytes hash to their name. */
  readonly raw: number;
  /** Rows in D1. */
  readonly records: number;
  /** Records whose transcript is to be searched. */
  readonly documents: number;
  /** Live chunks in the ledger, and their vectors read back from the index. */
  readonly chunks: number;
  readonly vectors: number;
  readonly pending: number;
  readonly quarantined: number;
  /**
   * What differs without a reason on record: `what: id`. At most IDS_SHOWN_MAX of a page are named, those first that no
   * unfinished run explains.
   */
  readonly unexplained: readonly string[];
  readonly unexplainedCount: number;
};

/**
 * Prove a page of meetings: every id the source showed is in R2 (bytes hashed again), in D1 or set aside with a reason,
 * and every chunk of its record is in the index (vectors read back). The last page also proves that the index holds no more
 * vectors than the ledger knows of.
 *
 * @param cursor where to go on; null at the start
 * @returns the figures of this page, and the cursor of the next or null
 */
export async function proveMeetings(
  ports: Pick<Ports, "records" | "raw" | "index">,
  cursor: string | null,
): Promise<{ part: ProofPart; cursor: string | null }> {
  const { records, raw, index } = ports;
  const page = await records.proofPage(cursor, PROOF_PAGE_ITEMS);
  const intact = await concurrently(page.items, async (meeting) => {
    if (meeting.revisionKey === "") return false;
    const text = await raw.getText(meeting.revisionKey);
    return text !== null && (await sha256Hex(text)) === meeting.contentHash;
  });
  const documents = page.items.filter((meeting) => meeting.record !== null);
  const chunks = (await records.liveChunkIds(documents.map((meeting) => meeting.id))).items;
  const visible = new Set((await index.getByIds(chunks.map((chunk) => chunk.id))).map((vector) => vector.id));
  const withChunks = new Set(chunks.map((chunk) => chunk.documentId));
  const unexplained = [
    ...page.items.flatMap((meeting, place) =>
      oddities(meeting, { rawIntact: intact[place] === true, hasChunks: withChunks.has(meeting.id) }),
    ),
    ...chunks
      .filter((chunk) => !visible.has(chunk.id))
      .map((chunk) => `vector missing: ${chunk.id} of ${chunk.documentId}`),
  ];
  const surplus = page.cursor === null ? await surplusVectors(ports) : 0;
  if (surplus > 0) unexplained.push(`vectors that stand for no chunk: ${surplus}`);
  const without = (state: string): number =>
    page.items.filter((meeting) => meeting.state === state && meeting.record === null).length;
  return {
    part: {
      source: page.items.filter((meeting) => meeting.proven).length,
      raw: intact.filter(Boolean).length,
      records: documents.length,
      documents: documents.length,
      chunks: chunks.length,
      vectors: visible.size,
      pending: without("pending"),
      quarantined: without("quarantined"),
      unexplained: gravestFirst(unexplained).slice(0, IDS_SHOWN_MAX),
      unexplainedCount: unexplained.length,
    },
    cursor: page.cursor,
  };
}

/** Vectors above those that may be there. Vectors come and go while it is asked, so the ledger is asked twice. */
async function surplusVectors({ records, index }: Pick<Ports, "records" | "index">): Promise<number> {
  const before = await records.vectorsMax();
  const { vectorCount } = await index.describe();
  return Math.max(0, vectorCount - Math.max(before, await records.vectorsMax()));
}

const UNLISTED = "seen, but in no complete listing";
const OWED = "vectors owed";

/**
 * Whether a difference is what a run that has not come to its end leaves: a listing (`fireflies`), or documents not yet
 * taken on (`vectors`).
 */
export function isLeftBy(sync: SyncName, difference: string): boolean {
  const left = sync === "fireflies" ? [UNLISTED, OWED] : [OWED];
  return left.some((what) => difference.startsWith(`${what}: `));
}

/** A cut must never hide a loss behind what is only unfinished, nor what a listing leaves behind what vectors leave. */
function gravestFirst(differences: readonly string[]): string[] {
  const rank = (difference: string): number =>
    Number(isLeftBy("fireflies", difference)) + Number(isLeftBy("vectors", difference));
  return differences.toSorted((a, b) => rank(a) - rank(b));
}

function oddities(meeting: ProofMeeting, found: { rawIntact: boolean; hasChunks: boolean }): string[] {
  const { id, state, record, proven } = meeting;
  if (state === "failed") return [`failed: ${id}`];
  const live = state === "live";
  const checks: [boolean, string][] = [
    [proven, UNLISTED],
    [found.rawIntact, "raw revision missing or damaged"],
    [!live || record !== null, "record missing"],
    [!live || record === null || record.contentHash === meeting.contentHash, "record of another revision"],
    [record?.owed !== true, OWED],
    [
      record === null || record.owed || record.indexedHash === record.contentHash,
      "vectors of another revision",
    ],
    [record === null || record.owed || found.hasChunks, "no chunks"],
  ];
  return checks.filter(([ok]) => !ok).map(([, what]) => `${what}: ${id}`);
}
