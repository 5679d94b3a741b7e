import { DEAD_CHECK_IDS_MAX, IDS_SHOWN_MAX } from "../../core/policy.ts";
import { VECTOR_IDS_PER_GET_MAX } from "../../core/limits.ts";
import type { Fault, Figure } from "../../core/proof.ts";
import type { RunContext } from "../run-context.ts";
import type { Proved } from "./proved.ts";

/** Where revisions lie in the raw store. Source: core/identity.ts, revisionKey. */
const REVISIONS_PREFIX = "fireflies-transcripts/";

type Counted = { readonly list: string | null; readonly objects: number; readonly current: number };

/** List a page of the raw store's revisions, and see which of them are those of now. */
export async function countObjects(
  { ports }: RunContext,
  cursor: string | null,
  isComplete: boolean,
): Promise<Proved & { readonly isOver: boolean }> {
  const { raw, proofs } = ports;
  const before: Counted =
    cursor === null ? { list: null, objects: 0, current: 0 } : (JSON.parse(cursor) as Counted);
  const page = await raw.list(REVISIONS_PREFIX, before.list);
  const current = await proofs.revisionsAmong(page.items.map(({ key }) => key));
  const at: Counted = {
    list: page.cursor,
    objects: before.objects + page.items.length,
    current: before.current + current,
  };
  // Only a complete proof may name what nothing refers to.
  const seen = isComplete && current < page.items.length ? page.items : [];
  if (at.list !== null) return { ...NOTHING, seen, cursor: JSON.stringify(at), calls: 2, isOver: false };
  const ledger = await proofs.revisionCount();
  const strays = (await proofs.strays(IDS_SHOWN_MAX)).items;
  const earlier = at.objects - at.current;
  return {
    ...NOTHING,
    seen,
    isOver: true,
    calls: 4,
    figures: [
      figure("raw", "revisions listed in the store", {
        ledger,
        store: at.current,
        ok: ledger === at.current,
      }),
    ],
    notes: earlier > 0 ? [`the raw store keeps ${earlier} earlier revisions beside those of now`] : [],
    faults: strays.map((subject): Fault => ({
      domain: "records",
      kind: "record_stray",
      subject,
      cause: "a row of meetings whose meeting the source never showed",
    })),
  };
}

/** Hold the full-text index against the chunks: counted, and in a complete proof word by word. */
export async function proveFullText({ ports, fence }: RunContext, isComplete: boolean): Promise<Proved> {
  const { proofs } = ports;
  const { chunks, entries } = await proofs.fullText();
  const isSound = !isComplete || (await proofs.isFullTextSound(fence));
  const cause = isSound
    ? `it has ${entries} entries, and there are ${chunks} chunks with a text`
    : "it says something else than its table, word by word";
  const isDamaged = chunks !== entries || !isSound;
  // Counted twice, for chunks come and go.
  const again = isDamaged && isSound ? await proofs.fullText() : null;
  const isStill = again === null ? isDamaged : again.chunks !== again.entries;
  return {
    ...NOTHING,
    calls: 3,
    figures: [figure("full_text", "entries of chunks", { ledger: chunks, store: entries, ok: !isStill })],
    faults: isStill ? [{ domain: "full_text", kind: "full_text_damaged", subject: "chunks_fts", cause }] : [],
  };
}

/**
 * Hold the count of the vector index against the ledger. Where it has more than it may, ids that were given up are looked
 * up; whatever is left over stands for nothing that anybody knows.
 */
export async function proveIndex({ ports }: RunContext): Promise<Proved> {
  const { proofs, index, indexName } = ports;
  const before = await proofs.vectorCounts();
  const { vectorCount } = await index.describe();
  // Vectors come and go while it is asked, so the ledger is asked twice.
  const after = await proofs.vectorCounts();
  const surplus = Math.max(0, vectorCount - Math.max(before.max, after.max));
  const live = Math.min(before.live, after.live);
  const risen = surplus === 0 ? { ids: 0, calls: 0 } : await countRisen(ports);
  const unknown = Math.max(0, surplus - risen.ids);
  const fault = (kind: "vectors_risen" | "vectors_surplus", cause: string): Fault[] => [
    { domain: "vectors", kind, subject: indexName, cause },
  ];
  return {
    ...NOTHING,
    calls: 3 + risen.calls,
    figures: [
      figure("vectors", "vectors counted by the index", {
        ledger: live,
        store: vectorCount,
        ok: surplus === 0 && vectorCount >= live,
      }),
    ],
    faults: [
      ...(risen.ids > 0
        ? fault("vectors_risen", `${risen.ids} vectors that were deleted are there again`)
        : []),
      ...(unknown > 0
        ? fault("vectors_surplus", `the index holds ${unknown} vectors that the ledger knows nothing of`)
        : []),
    ],
  };
}

async function countRisen({ proofs, index }: RunContext["ports"]): Promise<{ ids: number; calls: number }> {
  let after = "";
  let [ids, calls] = [0, 0];
  for (let looked = 0; looked < RISEN_LOOKED_MAX; looked += DEAD_CHECK_IDS_MAX) {
    const { items } = await proofs.goneIds(after, DEAD_CHECK_IDS_MAX);
    ids += (await index.getByIds(items)).length;
    calls += 1 + Math.ceil(items.length / VECTOR_IDS_PER_GET_MAX);
    after = items.at(-1) ?? "";
    if (items.length < DEAD_CHECK_IDS_MAX) break;
  }
  return { ids, calls };
}

/** Ids seen gone that one proof looks up at most: 2,500 subrequests. */
const RISEN_LOOKED_MAX = 50 * DEAD_CHECK_IDS_MAX;

/** A figure that was counted now. */
export function figure(
  domain: Figure["domain"],
  what: string,
  counted: Pick<Figure, "ledger" | "store" | "ok"> & { readonly asOfMs?: number | null },
): Figure {
  return { domain, what, asOfMs: null, ...counted };
}

/** What nothing was found by. */
export const NOTHING: Proved = {
  faults: [],
  left: [],
  figures: [],
  notes: [],
  looked: [],
  cursor: null,
  calls: 0,
};
