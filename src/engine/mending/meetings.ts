import { MENDS_PER_RUN } from "../../core/policy.ts";
import type { Finding } from "../../core/proof.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import { shareOpensMs } from "../budget.ts";
import { durably } from "../durably.ts";
import type { PageItem } from "../revisions.ts";
import type { RunContext } from "../run-context.ts";
import { keepOne, type Page } from "../source-pages.ts";

/** Kinds whose bytes are at hand, so that nobody need be asked. */
const FROM_STORE: ReadonlySet<Finding["kind"]> = new Set(["record_missing", "record_differs"]);

/** What was got for a finding: a page of one meeting, as if a listing had shown it. */
export type MendPage = {
  readonly findings: readonly Finding[];
  readonly observedMs: number;
  readonly items: readonly PageItem[];
  readonly notes: Page["notes"];
  /** Ids that the source showed. */
  readonly seen: readonly string[];
};

/** What proofs found about meetings, for this run to mend. */
export function meetingsToMend(context: RunContext): Promise<Finding[]> {
  const { proofs, world } = context.ports;
  return durably(
    context,
    "mends",
    async () => (await proofs.toMend("fireflies", world.nowMs(), MENDS_PER_RUN)).items,
  );
}

/**
 * Get what a meeting lacks: from the source, which is asked for it by itself, and what it gives takes the place of damaged
 * bytes under the same key; or only its record, from the revision that is stored.
 *
 * @returns null if nothing could be got; that is noted then
 */
export async function mendOf(
  context: RunContext,
  [id, findings]: readonly [string, readonly Finding[]],
  n: number,
): Promise<MendPage | null> {
  const { proofs, records, world } = context.ports;
  const got = await durably(context, `mend:${n}`, async (scope) => {
    const observedMs = world.nowMs();
    const known = (await records.known([id])).get(id);
    if (known?.state === "deleted") return "deleted" as const;
    if (known !== undefined && findings.every(({ kind }) => FROM_STORE.has(kind)))
      return { observedMs, item: storedItem(known), note: null, isShown: false };
    // It has time: a run is not to park for it, nor to take what is kept for the looks at the newest.
    if ((await shareOpensMs(context, "reconcile")) !== null) return "waits" as const;
    const wanted = { id, dateString: known?.dateString ?? "", rowHash: null };
    return {
      observedMs,
      ...(await keepOne(context, scope, wanted, { lenient: true, use: "reconcile", again: true })),
    };
  });
  if (got === "waits") return null;
  const noted = (words: string, isDone: boolean): Promise<null> =>
    durably(context, `mend:${n} in vain`, async () => {
      const ids = findings.map((finding) => finding.id);
      await proofs.noteRepair(context.fence, { ids, words, isDone, nowMs: world.nowMs() });
      return null;
    });
  if (got === "deleted") return noted("it is deleted at the source by evidence, and stays hidden", true);
  const { observedMs, item, note, isShown } = got;
  if (item.as !== "failed")
    return {
      findings,
      observedMs,
      items: [item],
      notes: note === null ? [] : [note],
      seen: isShown ? [id] : [],
    };
  return noted(item.reason, false);
}

type Known = Awaited<ReturnType<RecordStore["known"]>> extends Map<string, infer One> ? One : never;

/** The revision that is known, to be judged again. */
function storedItem(known: Known): PageItem {
  const { id, dateString, contentHash, revisionKey, storedSha256, storedBytes, wireHash } = known;
  // The link to the recording is no part of a revision, and comes back with the next listing that shows the meeting.
  const revision = { id, dateString, contentHash, revisionKey, storedSha256, storedBytes };
  return {
    id,
    as: "revision",
    // Nobody has shown it now: what vouches for it stays what it was.
    proven: true,
    revision: {
      ...revision,
      audioUrl: null,
      audioExpiresMs: null,
      wireHash: wireHash === "" ? null : wireHash,
    },
  };
}

/** The records of a page were committed: what was found about it is mended, until a proof says more. */
export async function noteMended(
  context: RunContext,
  { findings, items }: MendPage,
  n: number,
): Promise<void> {
  const { proofs, records, world } = context.ports;
  await durably(context, `mended:${n}`, async () => {
    const now = await records.known(items.map(({ id }) => id));
    const isDone = [...now.values()].every(({ state }) => state !== "failed");
    const isStored = findings.every(({ kind }) => FROM_STORE.has(kind));
    const done = isStored
      ? "record made again from the stored revision"
      : "asked of the source again, stored, and its record made again";
    const words = isDone ? done : "what is stored of it, or what the source gives, cannot be read";
    const ids = findings.map(({ id }) => id);
    await proofs.noteRepair(context.fence, { ids, words, isDone, nowMs: world.nowMs() });
    return null;
  });
}
