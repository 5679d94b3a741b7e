import { tellsArrivals } from "../core/arrivals.ts";
import { concurrently } from "../core/concurrently.ts";
import { suspectsOf, UNREADABLE_BYTES, type LargeMeeting } from "../core/large-pages.ts";
import { afterListing, type Listing, type ListingFacts, type Standing } from "../core/plan.ts";
import { CONNECTIONS_MAX } from "../core/policy.ts";
import { interruptionsIn } from "../core/retry.ts";
import type { PageEvidence } from "../ports/deletion-store.ts";
import type { Balance, PageCommit, Revision } from "../ports/record-store.ts";
import { durably, type StepScope } from "./durably.ts";
import { judgeRevision, type PageItem } from "./revisions.ts";
import type { RunContext } from "./run-context.ts";
import { keepOne, type One, type Page } from "./source-pages.ts";

/** What a run of fireflies has read before its first page, and how far it has come. */
export type Progress = {
  /** What it has taken on so far, and as what it first saw it. */
  readonly taken: Map<string, PageItem["as"]>;
  /** Requests for pages so far; they name the steps. */
  requests: number;
  /** Null before the first page has come: until then nothing rests on it. */
  facts: Facts | null;
  /** Its checkpoint as the last commit left it. */
  standing: Standing;
  /** Ids at the source and in the destination, as the last commit of a complete listing found them. */
  balance: Balance | null;
};

/** What listings are planned from, and what else a run reads with it. */
export type Facts = ListingFacts & {
  readonly accountHash: string | null;
  /** Meetings that failed a day ago or more. */
  readonly failed: readonly string[];
  readonly large: readonly LargeMeeting[];
  /** Missing meetings that are due to be looked for again. */
  readonly looks: number;
};

/** What a line counts without naming it. */
const IN_LINES: ReadonlySet<PageItem["as"] | undefined> = new Set(["live", "pending", "quarantined"]);

/** Meetings too large to come together in a page, one by one. */
export async function fetchWanted(context: RunContext, name: string, listed: Page): Promise<Page> {
  const items = [...listed.items];
  const notes = [...listed.notes];
  for (const [place, wanted] of listed.wanted.entries()) {
    const { item, note } = await durably(context, `${name}.${place + 1}`, (scope) =>
      keepOne(context, scope, wanted, { lenient: false, use: "fresh" }),
    );
    items.push(item);
    notes.push(note);
  }
  return { ...listed, items, notes };
}

/** What a page is whose meetings were asked for by themselves. */
export const ALONE = { wanted: [], joined: true, next: null, endReason: null, slice: null } as const;

/** A page of one meeting that was asked for by itself. World ms; rows that the next page of a listing may have. */
export function pageOf(id: string, { item, note, isShown }: One, observedMs: number, rows = 0): Page {
  return { ...ALONE, observedMs, items: [item], notes: [note], rows, seen: isShown ? [id] : [] };
}

/** A page, and where its listing stands after it. */
export type Commit = {
  readonly page: Page;
  /** Null outside of any listing. */
  readonly after: Listing | null;
  /** Outside of a listing, how long what is pending waits to be asked for again; null: it is not. */
  readonly waitMs?: number | null;
};

/** Name of the line that counts what of a page has nothing to do. */
function lineOf(name: string): string {
  return `page:${name}`;
}

/**
 * From the raw store: verify, map, check; then rows, verdicts, evidence and checkpoint in one fenced batch.
 *
 * @param name names the step and the line of the page
 * @param commit what came, and the listing as it stands after it
 */
export async function commitPage(
  context: RunContext,
  name: string,
  progress: Progress,
  commit: Commit,
): Promise<void> {
  const { taken } = progress;
  const { page, after } = commit;
  for (const { id } of page.items) if (!taken.has(id)) context.unreached.set(id, lineOf(name));
  const standing = after === null ? progress.standing : afterListing(progress.standing, after);
  const balance = await durably(context, `records:${name}`, (scope) =>
    keepRecords(context, scope, { ...commit, name, progress: { ...progress, standing } }),
  );
  progress.standing = standing;
  progress.balance = balance ?? progress.balance;
  for (const { id, as } of page.items) {
    if (!taken.has(id)) taken.set(id, as);
    context.unreached.delete(id);
  }
}

type Judged = Awaited<ReturnType<typeof judgeRevision>>;

/**
 * Verify and check revisions; one at a time after the program has ended in the middle, and without the largest of them if
 * that did not help.
 */
async function judgeAll(
  context: RunContext,
  scope: StepScope,
  revisions: readonly Revision[],
): Promise<{ judged: Judged[]; suspects: ReadonlySet<Revision> }> {
  if (revisions.length === 0) return { judged: [], suspects: new Set() };
  const interruptions = interruptionsIn(await scope.failures());
  const suspects = suspectsOf(revisions, (revision) => revision.storedBytes, interruptions);
  const judge = async (revision: Revision): Promise<Judged> => {
    if (!suspects.has(revision)) return judgeRevision(context, scope, revision);
    const { id, dateString } = revision;
    const reason = "the program ended each time it judged it: it may be more than the memory holds";
    return { state: "unreadable", id, dateString, reason };
  };
  const judged = await concurrently(revisions, judge, interruptions > 0 ? 1 : CONNECTIONS_MAX);
  return { judged, suspects };
}

type Kept = Commit & { readonly name: string; readonly progress: Progress };

async function keepRecords(context: RunContext, scope: StepScope, kept: Kept): Promise<Balance | null> {
  const { page } = kept;
  const { records, world, wake } = context.ports;
  const nowMs = world.nowMs();
  const revisions = page.items.flatMap((item) => (item.as === "revision" ? [item.revision] : []));
  const { judged, suspects } = await judgeAll(context, scope, revisions);
  const commit: PageCommit = {
    runId: context.run.id,
    nowMs,
    observedMs: page.observedMs,
    ...verdictsOf(kept, judged),
    notes: [
      ...page.notes,
      ...[...suspects].map(({ id }) => ({
        id,
        aloneMs: nowMs,
        largeBytes: UNREADABLE_BYTES,
        rowHash: null,
      })),
    ],
    ...touchesOf(page.items),
    ...evidenceOf(kept),
    ...announcementsOf(kept, judged, nowMs),
    discovery: kept.after?.discovery ?? null,
    checkpoint: kept.progress.standing,
  };
  const balance = await scope.timed("record", () => records.commitPage(context.fence, commit));
  if (commit.changes.length > 0) await wake();
  return balance;
}

function verdictsOf(
  { name, page, progress: { taken } }: Kept,
  judged: readonly Judged[],
): Pick<PageCommit, "line" | "counted" | "untouched" | "changes" | "failed"> {
  const as = (state: PageItem["as"]): number =>
    page.items.filter((item) => !taken.has(item.id) && item.as === state).length;
  return {
    line: lineOf(name),
    counted: page.items.map((item) => item.id).filter((id) => IN_LINES.has(taken.get(id))),
    untouched: { unchanged: as("live"), quarantined: as("quarantined") },
    changes: judged.flatMap((result) => (result.state === "unreadable" ? [] : [result])),
    failed: [
      ...page.items.flatMap((item) => (item.as === "failed" ? [item] : [])),
      ...judged.flatMap((result) => (result.state === "unreadable" ? [{ ...result, isTried: true }] : [])),
    ].map(({ id, dateString, reason, isTried }) => ({ id, dateString, reason, isTried })),
  };
}

/** What is written of meetings beside their verdicts. */
function touchesOf(items: readonly PageItem[]): Pick<PageCommit, "unproven" | "recordings" | "rewired"> {
  return {
    unproven: items.filter((item) => !item.proven).map((item) => item.id),
    recordings: items.flatMap((item) =>
      item.as !== "revision" && item.as !== "failed" && item.recording !== undefined
        ? [{ id: item.id, ...item.recording }]
        : [],
    ),
    rewired: items.flatMap((item) =>
      item.as !== "revision" && item.as !== "failed" && item.rewired !== undefined
        ? [{ id: item.id, ...item.rewired }]
        : [],
    ),
  };
}

/** What the page says of meetings that are on it, and of those that are not. */
function evidenceOf({
  page,
  after,
  progress,
}: Kept): Pick<PageCommit, "seen" | "evidence" | "tellsArrivals"> {
  const { slice, seen, observedMs } = page;
  if (slice === null || after === null) return { seen, evidence: null, tellsArrivals: false };
  const { pages, stepsBack } = after.discovery;
  const evidence: PageEvidence = {
    ...slice,
    page: pages + stepsBack,
    askedMs: observedMs,
    joined: page.joined,
    accountHash: progress.facts?.accountHash ?? null,
  };
  return { seen, evidence, tellsArrivals: tellsArrivals(after, observedMs) };
}

/** What of the inbox a page answers, and what is asked for again. */
function announcementsOf(
  { page, after, waitMs = null }: Kept,
  judged: readonly Judged[],
  nowMs: number,
): Pick<PageCommit, "settled" | "waits"> {
  const settled = settledOf(page, judged, after === null);
  if (after !== null) return { settled, waits: null };
  const ids = judged.flatMap((result) => (result.state === "pending" ? [result.revision.id] : []));
  return { settled, waits: { ids, againMs: waitMs === null ? null : nowMs + waitMs } };
}

/**
 * Meetings of a page that nothing more is to be read of because they were announced. One that failed is asked for again by
 * listings; where it was asked for by itself, that has to do.
 */
function settledOf(page: Page, judged: readonly Judged[], isAlone: boolean): string[] {
  const isOver = (as: PageItem["as"]): boolean =>
    as === "live" || as === "quarantined" || (as === "failed" && isAlone);
  return [
    ...page.items.filter(({ as }) => isOver(as)).map(({ id }) => id),
    ...judged.flatMap((result) => {
      if (result.state === "unreadable") return isAlone ? [result.id] : [];
      return isOver(result.state) ? [result.revision.id] : [];
    }),
  ];
}
