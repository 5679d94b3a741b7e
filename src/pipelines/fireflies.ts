import { concurrently } from "../core/concurrently.ts";
import { suspectsOf, UNREADABLE_BYTES, type LargeMeeting } from "../core/large-pages.ts";
import { afterPage, isOutrun, planListing, type Listing } from "../core/plan.ts";
import {
  CONNECTIONS_MAX,
  FAILED_RETRIES_PER_RUN,
  FAILED_RETRY_AFTER_MS,
  FRESH_OVERLAP_MS,
  LARGE_MEETINGS_MAX,
  LIST_PAGES_MAX,
  RUN_ITEMS_MAX,
} from "../core/policy.ts";
import { interruptionsIn } from "../core/retry.ts";
import { durably, type StepScope } from "../engine/durably.ts";
import { meetingsToMend, mendOf, noteMended } from "../engine/mending/meetings.ts";
import { judgeRevision, type PageItem } from "../engine/revisions.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";
import { disordered, keepOne, keepPage, type Page } from "../engine/source-pages.ts";
import type { PageCommit, RecordStore, Revision } from "../ports/record-store.ts";

/** What a run has taken on so far, and as what it first saw it. */
type Taken = Map<string, PageItem["as"]>;

/** What a line counts without naming it. */
const IN_LINES: ReadonlySet<PageItem["as"] | undefined> = new Set(["live", "pending", "quarantined"]);

/**
 * Meetings from Fireflies to R2 and D1. Source: requirements, "Fireflies Meeting Sync"; protocols 3.
 *
 * The first enumeration lists the whole history; later ones the newest days. Each page brings whole transcripts. The plan
 * is made with the first page: until that has come, nothing rests on it.
 */
export async function syncMeetings(context: RunContext): Promise<PipelineOutcome> {
  const taken: Taken = new Map();
  let balance: Balance = null;
  let listing: Listing | null = null;
  let rest: Omit<Plan, "listing"> = { failed: [], large: [] };
  for (let n = 1; listing === null || listing.cursor !== null; n += 1) {
    if (taken.size >= RUN_ITEMS_MAX) return outcomeOf(null, true);
    if (n > LIST_PAGES_MAX) disordered(`a listing did not end within ${LIST_PAGES_MAX} requests`);
    // 1. One call brings up to 50 whole transcripts; what is new goes to the raw store.
    const before: Listing | null = listing;
    const listed = await durably(context, `page:${n}`, async (scope) => {
      const plan = before === null ? await planned(context) : { ...rest, listing: before };
      return { ...plan, page: await keepPage(context, scope, plan.listing, plan.large) };
    });
    const page = await fetchWanted(context, `page:${n}`, listed.page);
    // 2. From the raw store: verify, map, check; rows, verdicts and checkpoint in one fenced batch.
    rest = { failed: listed.failed, large: listed.large };
    listing = afterPage(listed.listing, page);
    // A step back is a checkpoint as well: a budget that ends here would otherwise make it again and again.
    balance = await commitPage(context, `${n}`, { page, after: listing, taken });
  }
  const fetched = (await fetchFailed(context, { listing, failed: rest.failed }, taken)) ?? balance;
  const settled = (await mendFound(context, listing, taken)) ?? fetched;
  return outcomeOf(settled, isOutrun(listing, context.run));
}

/** Ids at the source and in the destination, as the commit that completed a listing found them. */
type Balance = Awaited<ReturnType<RecordStore["commitPage"]>>;

type Plan = {
  readonly listing: Listing;
  /** Meetings that failed a day ago or more. */
  readonly failed: readonly string[];
  readonly large: readonly LargeMeeting[];
};

async function planned(context: RunContext): Promise<Plan> {
  const { records, world } = context.ports;
  const { checkpoint, failed, large, ...state } = await records.listingState({
    overlapMs: FRESH_OVERLAP_MS,
    failedBeforeMs: world.nowMs() - FAILED_RETRY_AFTER_MS,
    retriesMax: FAILED_RETRIES_PER_RUN,
    largeMax: LARGE_MEETINGS_MAX,
  });
  const now = { id: world.newId(), ceilingMs: context.run.ceilingMs, startedMs: world.nowMs() };
  return { listing: planListing({ ...state, checkpoint: checkpoint as Listing | null }, now), failed, large };
}

/** Meetings too large to come together in a page, one by one. */
async function fetchWanted(context: RunContext, name: string, listed: Page): Promise<Page> {
  const items = [...listed.items];
  const notes = [...listed.notes];
  for (const [place, wanted] of listed.wanted.entries()) {
    const { item, note } = await durably(context, `${name}.${place + 1}`, (scope) =>
      keepOne(context, scope, wanted, { lenient: false }),
    );
    items.push(item);
    notes.push(note);
  }
  return { ...listed, items, notes };
}

/**
 * Meetings that failed a day ago or more, a few a run, asked for one by one: they may lie far outside of the window. After
 * the listing and with one attempt each, because one broken meeting must not keep the others from coming.
 */
async function fetchFailed(
  context: RunContext,
  { listing, failed }: Omit<Plan, "large">,
  taken: Taken,
): Promise<Balance> {
  let balance: Balance = null;
  for (const [place, id] of failed.filter((id) => !taken.has(id)).entries()) {
    const observedMs = await durably(context, `failed:${place + 1} begun`, async () =>
      context.ports.world.nowMs(),
    );
    const wanted = { id, dateString: "", rowHash: null };
    const { item, note } = await durably(context, `failed:${place + 1}`, (scope) =>
      keepOne(context, scope, wanted, { lenient: true }),
    );
    const page: Page = {
      observedMs,
      items: [item],
      wanted: [],
      notes: [note],
      joined: true,
      next: null,
      rows: listing.rows,
      endReason: null,
    };
    balance = await commitPage(context, `failed ${place + 1}`, { page, after: listing, taken });
  }
  return balance;
}

/** What a proof found: asked for by itself, or judged again from what is stored; then committed as any page. */
async function mendFound(context: RunContext, listing: Listing, taken: Taken): Promise<Balance> {
  const found = Map.groupBy(await meetingsToMend(context), ({ subject }) => subject);
  let balance: Balance = null;
  for (const [place, mend] of [...found].entries()) {
    const got = await mendOf(context, mend, place + 1);
    if (got === null) continue;
    const page: Page = { ...got, wanted: [], joined: true, next: null, rows: listing.rows, endReason: null };
    balance = await commitPage(context, `mend ${place + 1}`, { page, after: listing, taken });
    await noteMended(context, got, place + 1);
  }
  return balance;
}

/** Name of the line that counts what of a page has nothing to do. */
function lineOf(name: string): string {
  return `page:${name}`;
}

async function commitPage(
  context: RunContext,
  name: string,
  { page, after, taken }: { page: Page; after: Listing; taken: Taken },
): Promise<Balance> {
  for (const { id } of page.items) if (!taken.has(id)) context.unreached.set(id, lineOf(name));
  const balance = await durably(context, `records:${name}`, (scope) =>
    keepRecords(context, scope, { name, page, after, taken }),
  );
  for (const { id, as } of page.items) {
    if (!taken.has(id)) taken.set(id, as);
    context.unreached.delete(id);
  }
  return balance;
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

async function keepRecords(
  context: RunContext,
  scope: StepScope,
  { name, page, after, taken }: { name: string; page: Page; after: Listing; taken: Taken },
): Promise<Balance> {
  const { records, world } = context.ports;
  const nowMs = world.nowMs();
  const revisions = page.items.flatMap((item) => (item.as === "revision" ? [item.revision] : []));
  const { judged, suspects } = await judgeAll(context, scope, revisions);
  const as = (state: PageItem["as"]): number =>
    page.items.filter((item) => !taken.has(item.id) && item.as === state).length;
  const commit: PageCommit = {
    runId: context.run.id,
    nowMs,
    observedMs: page.observedMs,
    line: lineOf(name),
    counted: page.items.map((item) => item.id).filter((id) => IN_LINES.has(taken.get(id))),
    untouched: { unchanged: as("live"), quarantined: as("quarantined") },
    changes: judged.flatMap((result) => (result.state === "unreadable" ? [] : [result])),
    failed: [
      ...page.items.flatMap((item) => (item.as === "failed" ? [item] : [])),
      ...judged.flatMap((result) => (result.state === "unreadable" ? [{ ...result, isTried: true }] : [])),
    ].map(({ id, dateString, reason, isTried }) => ({ id, dateString, reason, isTried })),
    notes: [
      ...page.notes,
      ...[...suspects].map(({ id }) => ({
        id,
        aloneMs: nowMs,
        largeBytes: UNREADABLE_BYTES,
        rowHash: null,
      })),
    ],
    unproven: page.items.filter((item) => !item.proven).map((item) => item.id),
    recordings: page.items.flatMap((item) =>
      item.as !== "revision" && item.as !== "failed" && item.recording !== undefined
        ? [{ id: item.id, ...item.recording }]
        : [],
    ),
    rewired: page.items.flatMap((item) =>
      item.as !== "revision" && item.as !== "failed" && item.rewired !== undefined
        ? [{ id: item.id, ...item.rewired }]
        : [],
    ),
    discovery: after.discovery,
    checkpoint: after,
  };
  return scope.timed("record", () => records.commitPage(context.fence, commit));
}

/** Until a listing is complete it may not count anything, and a run that did not complete one goes on. */
function outcomeOf(balance: Balance, continues: boolean): PipelineOutcome {
  if (balance === null)
    return { continues: true, sourceCount: null, destinationCount: null, failedCount: 0, findings: [] };
  const { ids, accounted, failed, failing } = balance;
  const findings = failing === 0 ? [] : [`${failing} meetings failed; they are asked for again`];
  return { continues, sourceCount: ids, destinationCount: accounted, failedCount: failed, findings };
}
