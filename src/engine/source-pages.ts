import { concurrently } from "../core/concurrently.ts";
import { failureOf, type FailureKind } from "../core/errors.ts";
import { sha256Hex } from "../core/identity.ts";
import {
  chooseFetches,
  largeBytes,
  requestPage,
  UNREADABLE_BYTES,
  type LargeMeeting,
  type PageRequest,
} from "../core/large-pages.ts";
import { USE_OF_LISTING, type Discovery, type Listing } from "../core/plan.ts";
import { BACKOFF_WAITS_MS, INTERRUPTIONS_PER_MEETING_MAX, SWEEP_MARGIN_MS } from "../core/policy.ts";
import {
  coverOf,
  judgePage,
  LIST_ROWS_MIN,
  nextPageRows,
  type Cover,
  type ListCursor,
} from "../core/reconcile.ts";
import { interruptionsIn } from "../core/retry.ts";
import type { PageEvidence } from "../ports/deletion-store.ts";
import type { PageCommit } from "../ports/record-store.ts";
import type { ListReply, MeetingReply, MeetingSource } from "../ports/sources.ts";
import { fail, type StepScope } from "./durably.ts";
import { keepItem, sight, sighted, type PageItem, type Sighted } from "./revisions.ts";
import type { RunContext } from "./run-context.ts";
import type { CallUse } from "../core/quota.ts";
import { throttled } from "./throttled.ts";

type Note = PageCommit["notes"][number];

/** A meeting to ask for by itself. */
export type Wanted = {
  readonly id: string;
  /** Its place in the listing, as far as it is known. */
  readonly dateString: string;
  readonly rowHash: string | null;
};

/** A page of the source, with its meetings kept; bodies stay in R2. */
export type Page = {
  /** World time before which the request for the page went out. */
  readonly observedMs: number;
  readonly items: readonly PageItem[];
  /** Meetings that the page only named, and that are to be asked for one by one. */
  readonly wanted: readonly Wanted[];
  readonly notes: readonly Note[];
  readonly joined: boolean;
  readonly next: ListCursor | null;
  readonly rows: number;
  readonly endReason: Discovery["endReason"];
  /** Ids that the source showed. */
  readonly seen: readonly string[];
  /** What stood on it, as evidence; null if it is none of a listing. */
  readonly slice: Pick<PageEvidence, "skip" | "firstPlace" | "lastPlace" | "ids" | "cover"> | null;
};

/** The source has come to an end that proves nothing. */
export function disordered(detail: string): never {
  return fail({ kind: "listing_order", party: "fireflies", detail });
}

/** Ask for one page, judge where it belongs, and keep its meetings. */
export async function keepPage(
  context: RunContext,
  scope: StepScope,
  listing: Listing,
  large: readonly LargeMeeting[],
): Promise<Page> {
  const { cursor, discovery, above } = listing;
  if (cursor === null) return disordered("a listing that has ended has no next page");
  const observedMs = context.ports.world.nowMs();
  const failures = await scope.failures();
  const below = large.map((meeting) => ({ ...meeting, newer: meeting.newer - above }));
  const request = requestPage(cursor, failures, below);
  const reply = await listPage(context, scope, { discovery, cursor, request, isLast: isLastTry(failures) });
  const rowsSeen = await sight(context, reply.items);
  const places = rowsSeen.map((row) => row.dateString);
  const verdict = judgePage(cursor, request.rows, places, floorPlaceOf(discovery));
  if (verdict.state === "disordered")
    disordered("rows are not listed newest first, or too many share one moment");
  const seen = rowsSeen.map(({ id }) => id);
  const slice = sliceOf(listing, { cursor, places, seen });
  const base = { observedMs, items: [], wanted: [], notes: [], rows: cursor.rows, endReason: null, seen };
  // Evidence of absence is what joined; what was seen on a page that did not counts all the same.
  if (verdict.state === "step_back")
    return { ...base, joined: false, next: verdict.next, slice: { ...slice, cover: null } };
  const rows = rowsAfter(request, reply, cursor);
  const next = verdict.next === null ? null : { ...verdict.next, rows };
  const joined = { ...base, joined: true, next, rows, endReason: verdict.endReason, slice };
  const unique = uniqueById(rowsSeen);
  if (!request.light) {
    const items = await concurrently(unique, (row) => keepItem(context, scope, row));
    return { ...joined, items };
  }
  const named = await nameOnly(context, unique, request.fetch);
  return named === null
    ? { ...base, joined: false, next: { ...cursor, whole: true }, slice: { ...slice, cover: null } }
    : { ...joined, ...named };
}

/** What a listing ends below; a closed window is asked for wider. */
function floorPlaceOf({ kind, floorMs }: Discovery): string | null {
  if (floorMs === null) return null;
  return new Date(floorMs - (kind === "sweep" ? SWEEP_MARGIN_MS : 0)).toISOString();
}

/** A page as evidence. What lies in the margin of a window is no member of it, and the page proves nothing about it. */
function sliceOf(
  { discovery: { kind, floorMs, ceilingMs } }: Listing,
  { cursor, places, seen }: { cursor: ListCursor; places: readonly string[]; seen: readonly string[] },
): NonNullable<Page["slice"]> {
  const dated = places.filter((place) => place !== "");
  const cover = coverOf(cursor.floored, places);
  const isWindow = kind === "sweep" && cover !== null;
  const bounded = isWindow ? within(cover, floorMs, ceilingMs) : cover;
  return {
    skip: cursor.skip,
    firstPlace: dated[0] ?? null,
    lastPlace: dated.at(-1) ?? null,
    ids: seen,
    cover: bounded,
  };
}

function within({ from, to }: Cover, floorMs: number | null, ceilingMs: number): Cover | null {
  const floor = floorMs === null ? "" : new Date(floorMs).toISOString();
  const ceiling = new Date(ceilingMs).toISOString();
  const cut = { from: from > floor ? from : floor, to: to < ceiling ? to : ceiling };
  return cut.from < cut.to ? cut : null;
}

/** A page that came by ids says nothing of how large the next one will be. */
function rowsAfter(request: PageRequest, reply: ListReply, cursor: ListCursor): number {
  if (!request.light) return nextPageRows(reply.replyBytes, reply.items.length);
  return request.fetch === "all" ? LIST_ROWS_MIN : cursor.rows;
}

type Asked = {
  readonly discovery: Discovery;
  readonly cursor: ListCursor;
  readonly request: PageRequest;
  readonly isLast: boolean;
};

function listPage(
  context: RunContext,
  scope: StepScope,
  { discovery, cursor, request, isLast }: Asked,
): Promise<ListReply> {
  const source = sourceOf(context);
  const { rows, light } = request;
  const { kind, ceilingMs } = discovery;
  return throttled(context, scope, {
    keyName: source.keyName,
    party: "fireflies",
    operation: "list",
    use: USE_OF_LISTING[kind],
    send: ({ timeoutMs, withoutFields }) =>
      source.listMeetings({
        skip: cursor.skip,
        rows,
        timeoutMs,
        withoutFields,
        light,
        // At the last try, what the source cannot read of a meeting costs that meeting, not the page.
        acceptUnreadable: isLast,
        untilMs: kind === "sweep" ? ceilingMs + SWEEP_MARGIN_MS : null,
      }),
  });
}

/** A page may show one id twice when a row moved while it was made; the first is the newer. */
function uniqueById(rows: readonly Sighted[]): Sighted[] {
  return [...new Map(rows.toReversed().map((row) => [row.id, row])).values()].toReversed();
}

type Named = Pick<Page, "items" | "wanted" | "notes">;

/** What of a page of ids is to be asked for, and what stays as it is; null if it had better come whole. */
async function nameOnly(
  context: RunContext,
  sightedRows: readonly Sighted[],
  fetch: "all" | "due",
): Promise<Named | null> {
  const rows = await concurrently(sightedRows, async ({ id, dateString, item, known }) => {
    const rowHash = await sha256Hex(item?.revision ?? "");
    return { id, dateString, known, rowHash };
  });
  const chosen = chooseFetches(rows, fetch, context.ports.world.nowMs());
  if (chosen === null) return null;
  const stay = rows.flatMap(({ known, rowHash }) =>
    known === undefined || chosen.has(known.id) ? [] : [{ known, rowHash }],
  );
  return {
    wanted: rows.filter(({ id }) => chosen.has(id)),
    items: stay.map(({ known: { id, dateString, state, proven } }): PageItem => {
      if (state !== "failed" && state !== "deleted") return { id, as: state, proven };
      const reason = "it could not be read when it was last asked for, and is asked for again once a day";
      return { id, as: "failed", dateString, reason, proven, isTried: false };
    }),
    // The first time its row is seen, there is nothing to compare it with.
    notes: stay
      .filter(({ known }) => known.rowHash === "")
      .map(({ known, rowHash }) => ({ id: known.id, aloneMs: null, largeBytes: null, rowHash })),
  };
}

/** A meeting that was asked for by itself. */
export type One = {
  readonly item: PageItem;
  readonly note: Note;
  /** Whether the source showed it: a failure says nothing of that. */
  readonly isShown: boolean;
};

/**
 * Ask for one meeting by itself, and keep it.
 *
 * @param manner lenient: with one try only, what fails then costs the meeting, not the run; again: it is stored and judged
 *   anew, for what is stored of it is damaged
 * @returns with `isShown` false if the source says that there is none, or none that this key may see
 */
export async function keepOne(
  context: RunContext,
  scope: StepScope,
  wanted: Wanted,
  { lenient, use, again = false }: { lenient: boolean; use: CallUse; again?: boolean },
): Promise<One> {
  const { id, rowHash } = wanted;
  const source = sourceOf(context);
  const failures = await scope.failures();
  const last = lenient || isLastTry(failures);
  const known = (await context.ports.records.known([id])).get(id);
  const aloneMs = context.ports.world.nowMs();
  const kept = (item: PageItem, sizeBytes: number, isShown = false): One => {
    return { item, note: { id, aloneMs, largeBytes: largeBytes(sizeBytes), rowHash }, isShown };
  };
  const failed = (reason: string, sizeBytes = 0): One => {
    const dateString = known?.dateString || wanted.dateString;
    return kept(
      { id, as: "failed", dateString, reason, proven: known?.proven ?? true, isTried: true },
      sizeBytes,
    );
  };
  if (interruptionsIn(failures) >= INTERRUPTIONS_PER_MEETING_MAX)
    return failed(
      "the program ended each time it read it: it may be more than the memory holds",
      UNREADABLE_BYTES,
    );
  try {
    const { item } = await throttled<MeetingReply>(context, scope, {
      keyName: source.keyName,
      party: "fireflies",
      operation: "fetch",
      use,
      send: ({ timeoutMs, withoutFields }) =>
        source.getMeeting({ id, timeoutMs, withoutFields, acceptUnreadable: last }),
    });
    // Not found is not gone: the key may have lost sight of it. The meeting stays failed until a listing says more.
    return item === null
      ? failed("the source does not show it to this key")
      : kept(await keepItem(context, scope, { ...sighted(item, known), again }), item.revision.length, true);
  } catch (error) {
    const { kind, detail } = failureOf(error);
    const costsMeeting =
      kind === "too_large" || (last && OF_ONE_MEETING.has(kind)) || (lenient && kind === "unreachable");
    if (!costsMeeting) throw error;
    scope.attemptId = null;
    return failed(`the source could not give it: ${detail}`, kind === "too_large" ? UNREADABLE_BYTES : 0);
  }
}

/** Failures that may be those of one meeting, however healthy the source is. */
const OF_ONE_MEETING: ReadonlySet<FailureKind> = new Set(["too_large", "partial", "timed_out"]);

/** The source that the lane lists. @throws FailureError denied if no key is set */
export function sourceOf(context: RunContext): MeetingSource {
  return context.ports.source ?? fail({ kind: "denied", party: "fireflies", detail: "no key is set" });
}

function isLastTry(failures: readonly FailureKind[]): boolean {
  return failures.length - interruptionsIn(failures) >= BACKOFF_WAITS_MS.length;
}
