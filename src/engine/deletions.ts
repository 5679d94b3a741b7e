import { judgeCandidates, type Candidate, type Missing } from "../core/deletions.ts";
import {
  ABSENCE_LOOK_AGAIN_MS,
  CANDIDATES_PER_RUN,
  DELETIONS_WINDOW_MS,
  LOOKS_PER_CALL,
  LOOKS_PER_RUN,
} from "../core/policy.ts";
import type { Balance } from "../ports/record-store.ts";
import type { LookReply } from "../ports/sources.ts";
import { shareOpensMs } from "./budget.ts";
import { durably } from "./durably.ts";
import { slicesOf } from "./looking.ts";
import type { RunContext } from "./run-context.ts";
import { sourceOf } from "./source-pages.ts";
import { throttled } from "./throttled.ts";

/** What became of meetings that are missing. */
export type Verdicts = {
  /** Missing meetings, however often they were absent, once those of this run are judged. */
  readonly missing: number;
  readonly deleted: number;
  /** Why deletions wait for a person, in a sentence; null if none does. */
  readonly held: string | null;
  /** Ids at the source and in the destination after the last verdict; null if there was none. */
  readonly balance: Balance | null;
  /** True if more than a run asks for are to be taken for deleted. */
  readonly isMore: boolean;
};

type Found = { readonly items: readonly Candidate[]; readonly missing: Missing };

const NOBODY: Verdicts = { missing: 0, deleted: 0, held: null, balance: null, isMore: false };

/**
 * Judge the meetings that were absent twice: few are asked for once more, and deleted if the source knows no such meeting in
 * a reply that also reads one that is there; many wait for a person. Source: protocols 4.
 *
 * @param facts the account of the key, and a meeting that a page of this run showed
 */
export async function judgeMissing(
  context: RunContext,
  { accountHash, liveId }: { accountHash: string | null; liveId: string | null },
): Promise<Verdicts> {
  if (accountHash === null) return NOBODY;
  const { items, missing } = await durably(context, "missing", () => readCandidates(context, accountHash));
  const { due, held, reason } = judgeCandidates(items, missing);
  let deleted = 0;
  let balance: Balance | null = null;
  // Nothing is asked for without a meeting that must be there.
  const asked = liveId === null ? [] : due.slice(0, LOOKS_PER_RUN);
  for (const [place, slice] of slicesOf(asked, LOOKS_PER_CALL).entries()) {
    const name = `look:${place + 1}`;
    const looked = await look(context, name, slice, liveId ?? "");
    if (looked === null) break;
    const settled = await durably(context, `${name} settled`, (scope) =>
      scope.timed("record", () =>
        context.ports.deletions.settleLook(context.fence, {
          ...looked,
          runId: context.run.id,
          nowMs: context.ports.world.nowMs(),
          accountHash,
          liveId: liveId ?? "",
        }),
      ),
    );
    deleted += settled.deleted;
    balance = settled.balance;
  }
  const sentence =
    reason === null ? null : `${held.length} meetings are not taken for deleted without a person: ${reason}`;
  const isMore = deleted > 0 && due.length > asked.length;
  return { missing: missing.open, deleted, held: sentence, balance, isMore };
}

async function readCandidates({ ports }: RunContext, accountHash: string): Promise<Found> {
  const nowMs = ports.world.nowMs();
  const { items, missing } = await ports.deletions.candidates({
    limit: CANDIDATES_PER_RUN,
    accountHash,
    lookedBeforeMs: nowMs - ABSENCE_LOOK_AGAIN_MS,
    verdictsSinceMs: nowMs - DELETIONS_WINDOW_MS,
  });
  return { items, missing };
}

type LookedAt = Pick<
  Parameters<RunContext["ports"]["deletions"]["settleLook"]>[1],
  "askedMs" | "gone" | "shown" | "unclear"
>;

/** Ask for missing meetings beside one that is there; null if no call is left for it. */
function look(
  context: RunContext,
  name: string,
  asked: readonly Candidate[],
  liveId: string,
): Promise<LookedAt | null> {
  return durably(context, name, async (scope) => {
    if ((await shareOpensMs(context, "reconcile")) !== null) return null;
    const source = sourceOf(context);
    const askedMs = context.ports.world.nowMs();
    const ids = asked.map(({ id }) => id);
    const reply = await throttled<LookReply>(context, scope, {
      keyName: source.keyName,
      party: "fireflies",
      operation: "look",
      use: "reconcile",
      send: ({ timeoutMs }) => source.lookFor({ ids, liveId, timeoutMs }),
    });
    const shown = new Set(reply.shown);
    const notFound = new Set(reply.isLiveShown ? reply.notFound : []);
    return {
      askedMs,
      gone: asked
        .filter(({ id }) => notFound.has(id) && !shown.has(id))
        .map(({ id, firstMs, isApproved }) => ({ id, firstMs, isApproved })),
      shown: [...shown],
      unclear: ids.filter((id) => !notFound.has(id) && !shown.has(id)),
    };
  });
}
