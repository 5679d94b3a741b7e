import { failureOf, type FailureKind } from "../core/errors.ts";
import {
  FAILED_RETRIES_PER_RUN,
  FAILED_RETRY_AFTER_MS,
  FRESH_OVERLAP_MS,
  LIST_LIGHT_ROWS,
  LIST_PAGES_MAX,
  RUN_ITEMS_MAX,
  BACKOFF_WAITS_MS,
  INTERRUPTIONS_PER_MEETING_MAX,
} from "../core/policy.ts";
import { afterPage, isOutrun, planListing, type Discovery, type Listing } from "../core/plan.ts";
import { judgePage, LIST_ROWS_MIN, nextPageRows, type ListCursor } from "../core/reconcile.ts";
import { interruptionsIn, shrunkPageRows } from "../core/retry.ts";
import { concurrently } from "../core/concurrently.ts";
import { durably, fail, type StepScope } from "../engine/durably.ts";
import { judgeRevision, keepItem, sight, sighted, type PageItem, type Sighted } from "../engine/revisions.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";
import { throttled } from "../engine/throttled.ts";
import type { PageCommit, RecordStore } from "../ports/record-store.ts";
import type { ListReply, MeetingReply, MeetingSource } from "../ports/sources.ts";

/** What a run has taken on so far, and as what it first saw it. */
type Taken = Map<string, PageItem["as"]>;

/** What a line counts without naming it. */
const IN_LINES: ReadonlySet<PageItem["as"] | undefined> = new Set(["live", "pending", "quarantined"]);

type Page = {
  /** World time before which the request for the page went out. */
  readonly observedMs: number;
  readonly items: readonly PageItem[];
  /** Ids that the page only named: their transcripts come one by one. */
  readonly wanted: readonly string[];
  readonly joined: boolean;
  readonly next: ListCursor | null;
  readonly rows: number;
  readonly endReason: Discovery["endReason"];
};

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
  let failed: readonly string[] = [];
  for (let n = 1; listing === null || listing.cursor !== null; n += 1) {
    if (taken.size >= RUN_ITEMS_MAX) return outcomeOf(null, true);
    if (n > LIST_PAGES_MAX) disordered(`a listing did not end within ${LIST_PAGES_MAX} requests`);
    // 1. One call brings up to 50 whole transcripts; what is new goes to the raw store.
    const before: Listing | null = listing;
    const listed = await durably(context, `page:${n}`, async (scope) => {
      const plan = before === null ? await planned(context) : { listing: before, failed };
      return { ...plan, page: await keepPage(context, scope, plan.listing) };
    });
    const page = await fetchWanted(context, `page:${n}`, listed.page);
    // 2. From the raw store: verify, map, check; rows, verdicts and checkpoint in one fenced batch.
    failed = listed.failed;
    listing = afterPage(listed.listing, page);
    if (page.joined) balance = await commitPage(context, `${n}`, { page, after: listing, taken });
  }
  const settled = (await fetchFailed(context, { listing, failed }, taken)) ?? balance;
  return outcomeOf(settled, isOutrun(listing, context.run));
}

/** Ids at the source and in the destination, as the commit that completed a listing found them. */
type Balance = Awaited<ReturnType<RecordStore["commitPage"]>>;

type Plan = { readonly listing: Listing; readonly failed: readonly string[] };

async function planned(context: RunContext): Promise<Plan> {
  const { records, world } = context.ports;
  const { checkpoint, failed, ...state } = await records.listingState({
    overlapMs: FRESH_OVERLAP_MS,
    failedBeforeMs: world.nowMs() - FAILED_RETRY_AFTER_MS,
    retriesMax: FAILED_RETRIES_PER_RUN,
  });
  const now = { id: world.newId(), ceilingMs: context.run.ceilingMs, startedMs: world.nowMs() };
  return { listing: planListing({ ...state, checkpoint: checkpoint as Listing | null }, now), failed };
}

/** Meetings too large to come together in a page, one by one. */
async function fetchWanted(context: RunContext, name: string, listed: Page): Promise<Page> {
  const items = [...listed.items];
  for (const [place, id] of listed.wanted.entries()) {
    items.push(
      await durably(context, `${name}.${place + 1}`, (scope) =>
        keepOne(context, scope, { id, lenient: false }),
      ),
    );
  }
  return { ...listed, items };
}

/**
 * Meetings that failed a day ago or more, a few a run, asked for one by one: they may lie far outside of the window. After
 * the listing and with one attempt each, because one broken meeting must not keep the others from coming.
 */
async function fetchFailed(context: RunContext, { listing, failed }: Plan, taken: Taken): Promise<Balance> {
  let balance: Balance = null;
  for (const [place, id] of failed.filter((id) => !taken.has(id)).entries()) {
    const observedMs = await durably(context, `failed:${place + 1} begun`, async () =>
      context.ports.world.nowMs(),
    );
    const item = await durably(context, `failed:${place + 1}`, (scope) =>
      keepOne(context, scope, { id, lenient: true }),
    );
    const page = {
      observedMs,
      items: [item],
      wanted: [],
      joined: true,
      next: null,
      rows: listing.rows,
      endReason: null,
    };
    balance = await commitPage(context, `failed ${place + 1}`, { page, after: listing, taken });
  }
  return balance;
}

async function keepOne(
  context: RunContext,
  scope: StepScope,
  { id, lenient }: { id: string; lenient: boolean },
): Promise<PageItem> {
  const source = sourceOf(context);
  const failures = await scope.failures();
  const last = lenient || isLastTry(failures);
  const known = (await context.ports.records.known([id])).get(id);
  const failed = (reason: string): PageItem => {
    return { id, as: "failed", dateString: known?.dateString ?? "", reason, proven: known?.proven ?? true };
  };
  if (interruptionsIn(failures) >= INTERRUPTIONS_PER_MEETING_MAX)
    return failed("the program ended each time it read it: it may be more than the memory holds");
  try {
    const { item } = await throttled<MeetingReply>(context, scope, {
      keyName: source.keyName,
      operation: "fetch",
      send: ({ timeoutMs, withoutFields }) =>
        source.getMeeting({ id, timeoutMs, withoutFields, acceptUnreadable: last }),
    });
    // Not found is not gone: the key may have lost sight of it. The meeting stays failed until a listing says more.
    return item === null
      ? failed("the source does not show it to this key")
      : await keepItem(context, scope, sighted(item, known));
  } catch (error) {
    const { kind, detail } = failureOf(error);
    const costsMeeting =
      kind === "too_large" || (last && OF_ONE_MEETING.has(kind)) || (lenient && kind === "unreachable");
    if (!costsMeeting) throw error;
    scope.attemptId = null;
    return failed(`the source could not give it: ${detail}`);
  }
}

/** Failures that may be those of one meeting, however healthy the source is. */
const OF_ONE_MEETING: ReadonlySet<FailureKind> = new Set(["too_large", "partial", "timed_out"]);

function disordered(detail: string): never {
  return fail({ kind: "listing_order", party: "fireflies", detail });
}

async function commitPage(
  context: RunContext,
  name: string,
  { page, after, taken }: { page: Page; after: Listing; taken: Taken },
): Promise<Balance> {
  for (const { id } of page.items) if (!taken.has(id)) context.unreached.add(id);
  const balance = await durably(context, `records:${name}`, (scope) =>
    keepRecords(context, scope, { name, page, after, taken }),
  );
  for (const { id, as } of page.items) {
    if (!taken.has(id)) taken.set(id, as);
    context.unreached.delete(id);
  }
  return balance;
}

function sourceOf(context: RunContext): MeetingSource {
  return context.ports.source ?? fail({ kind: "denied", party: "fireflies", detail: "no key is set" });
}

/** At the last try, what the source cannot read of a meeting costs that meeting, not the page. */
function isLastTry(failures: readonly FailureKind[]): boolean {
  return failures.length - interruptionsIn(failures) >= BACKOFF_WAITS_MS.length;
}

async function keepPage(
  context: RunContext,
  scope: StepScope,
  { cursor, discovery }: Listing,
): Promise<Page> {
  if (cursor === null) return disordered("a listing that has ended has no next page");
  const observedMs = context.ports.world.nowMs();
  const { reply, rowsAsked, light } = await listPage(context, scope, cursor);
  const floorPlace = discovery.floorMs === null ? null : new Date(discovery.floorMs).toISOString();
  const rowsSeen = await sight(context, reply.items);
  const places = rowsSeen.map((row) => row.dateString);
  const verdict = judgePage(cursor, rowsAsked, places, floorPlace);
  const base = { observedMs, items: [], wanted: [], rows: cursor.rows, endReason: null };
  if (verdict.state === "disordered")
    disordered("rows are not listed newest first, or too many share one moment");
  if (verdict.state === "step_back") return { ...base, joined: false, next: verdict.next };
  const rows = light ? LIST_ROWS_MIN : nextPageRows(reply.replyBytes, reply.items.length);
  const next = verdict.next === null ? null : { ...verdict.next, rows };
  const joined = { ...base, joined: true, next, rows, endReason: verdict.endReason };
  const unique = uniqueById(rowsSeen);
  if (light) return { ...joined, wanted: unique.map((row) => row.id) };
  const items = await concurrently(unique, (row) => keepItem(context, scope, row));
  return { ...joined, items };
}

/** Ask for one page: smaller after failures that a smaller page may cure, lenient about unreadable fields at the last try. */
async function listPage(
  context: RunContext,
  scope: StepScope,
  cursor: ListCursor,
): Promise<{ reply: ListReply; rowsAsked: number; light: boolean }> {
  const source = sourceOf(context);
  const failures = await scope.failures();
  const shrunk = shrunkPageRows(cursor.rows, failures);
  // Neighbours too large for the smallest page that can join come one by one; the page then only proves their ids.
  const light = shrunk < LIST_ROWS_MIN;
  const rowsAsked = light ? LIST_LIGHT_ROWS : shrunk;
  const reply = await throttled(context, scope, {
    keyName: source.keyName,
    operation: "list",
    send: ({ timeoutMs, withoutFields }) =>
      source.listMeetings({
        skip: cursor.skip,
        rows: rowsAsked,
        timeoutMs,
        withoutFields,
        light,
        acceptUnreadable: isLastTry(failures),
      }),
  });
  return { reply, rowsAsked, light };
}

/** A page may show one id twice when a row moved while it was made; the first is the newer. */
function uniqueById(rows: readonly Sighted[]): Sighted[] {
  return [...new Map(rows.toReversed().map((row) => [row.id, row])).values()].toReversed();
}

async function keepRecords(
  context: RunContext,
  scope: StepScope,
  { name, page, after, taken }: { name: string; page: Page; after: Listing; taken: Taken },
): Promise<Balance> {
  const { records, world } = context.ports;
  const nowMs = world.nowMs();
  const revisions = page.items.flatMap((item) => (item.as === "revision" ? [item.revision] : []));
  const judged = await concurrently(revisions, (revision) => judgeRevision(context, scope, revision));
  const as = (state: PageItem["as"]): number =>
    page.items.filter((item) => !taken.has(item.id) && item.as === state).length;
  const commit: PageCommit = {
    runId: context.run.id,
    nowMs,
    observedMs: page.observedMs,
    line: `page:${name}`,
    counted: page.items.map((item) => item.id).filter((id) => IN_LINES.has(taken.get(id))),
    untouched: { unchanged: as("live"), quarantined: as("quarantined") },
    changes: judged.flatMap((result) => (result.state === "unreadable" ? [] : [result])),
    failed: [
      ...page.items.flatMap((item) => (item.as === "failed" ? [item] : [])),
      ...judged.flatMap((result) => (result.state === "unreadable" ? [result] : [])),
    ].map(({ id, dateString, reason }) => ({ id, dateString, reason })),
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
