import {
  afterPage,
  planBackfill,
  planFresh,
  USE_OF_LISTING,
  type Beginning,
  type Listing,
} from "../core/plan.ts";
import {
  ABSENCE_LOOK_AGAIN_MS,
  ABSENCES_APART_MS,
  FAILED_RETRIES_PER_RUN,
  FAILED_RETRY_AFTER_MS,
  FRESH_OVERLAP_MS,
  LARGE_MEETINGS_MAX,
  LIST_PAGES_MAX,
  RUN_ITEMS_MAX,
} from "../core/policy.ts";
import { durably } from "./durably.ts";
import { shareOpensMs } from "./budget.ts";
import { yieldIfAsked } from "./making-way.ts";
import type { RunContext } from "./run-context.ts";
import { commitPage, fetchWanted, type Facts, type Progress } from "./source-commit.ts";
import { disordered, keepPage, sourceOf, type Page } from "./source-pages.ts";

/** How a listing ended for this run. */
export type Ended =
  | { readonly as: "complete"; readonly listing: Listing }
  /** The run has taken on as much as it may. */
  | { readonly as: "full" }
  /** No calls are left for its use before this world time. */
  | { readonly as: "waits"; readonly listing: Listing; readonly notBeforeMs: number }
  /** There was nothing to list. */
  | { readonly as: "nothing" };

/** Chooses the listing that a step begins or goes on with, in the middle of that step; null: none. */
export type Choose = (facts: Facts, now: Beginning) => Promise<Listing | null>;

/** The newest meetings; in the run that begins the backfill, that. */
export const newestFirst: Choose = async (facts, now) => planFresh(facts, now) ?? planBackfill(facts, now);

/** The rest of the history. */
export const wholeHistory: Choose = async (facts, now) => planBackfill(facts, now);

type Listed = {
  readonly facts: Facts;
  readonly listing: Listing | null;
  readonly waitsUntilMs: number | null;
  readonly page: Page | null;
};

/**
 * List until the end, page by page. The plan is made with the first page: until that has come, nothing rests on it. What
 * only takes left-over calls asks before each page whether there are any.
 */
export async function listThrough(context: RunContext, progress: Progress, choose: Choose): Promise<Ended> {
  let listing: Listing | null = null;
  while (listing === null || listing.cursor !== null) {
    if (progress.taken.size >= RUN_ITEMS_MAX) return { as: "full" };
    const n = progress.requests + 1;
    if (n > 1 && (await yieldIfAsked(context, n))) return { as: "full" };
    if (n > LIST_PAGES_MAX) disordered(`the listings of a run did not end within ${LIST_PAGES_MAX} requests`);
    // 1. One call brings up to 50 whole transcripts; what is new goes to the raw store.
    const before: Listing | null = listing;
    const listed = await durably(context, `page:${n}`, async (scope): Promise<Listed> => {
      const facts = progress.facts ?? (await readFacts(context));
      const chosen = before ?? (await choose(facts, beginningOf(context)));
      const none = { facts, listing: chosen, waitsUntilMs: null, page: null };
      if (chosen === null) return none;
      // The newest meetings wait with their lane, if they must; what has time leaves it to them.
      const { kind } = chosen.discovery;
      const opensMs = kind === "fresh" ? null : await shareOpensMs(context, USE_OF_LISTING[kind]);
      if (opensMs !== null) return { ...none, waitsUntilMs: opensMs };
      return { ...none, page: await keepPage(context, scope, chosen, facts.large) };
    });
    progress.requests = n;
    if (progress.facts === null) progress.standing = listed.facts.standing;
    progress.facts = listed.facts;
    if (listed.listing === null) return { as: "nothing" };
    if (listed.page === null)
      return { as: "waits", listing: listed.listing, notBeforeMs: listed.waitsUntilMs ?? 0 };
    const page = await fetchWanted(context, `page:${n}`, listed.page);
    // 2. A step back is a checkpoint as well: a budget that ends here would otherwise make it again and again.
    listing = afterPage(listed.listing, page);
    await commitPage(context, `${n}`, progress, { page, after: listing });
  }
  return { as: "complete", listing };
}

function beginningOf({ ports: { world }, run }: RunContext): Beginning {
  return { id: world.newId(), ceilingMs: run.ceilingMs, startedMs: world.nowMs() };
}

async function readFacts(context: RunContext): Promise<Facts> {
  const nowMs = context.ports.world.nowMs();
  return context.ports.records.listingState({
    keyName: sourceOf(context).keyName,
    overlapMs: FRESH_OVERLAP_MS,
    failedBeforeMs: nowMs - FAILED_RETRY_AFTER_MS,
    retriesMax: FAILED_RETRIES_PER_RUN,
    largeMax: LARGE_MEETINGS_MAX,
    absentBeforeMs: nowMs - Math.max(ABSENCES_APART_MS, ABSENCE_LOOK_AGAIN_MS),
  });
}
