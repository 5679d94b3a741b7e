import { sha256Hex } from "../../core/identity.ts";
import { requestPage } from "../../core/large-pages.ts";
import { FRESH_OVERLAP_SHORT_MS, LIST_PAGES_MAX, PROOF_LISTING_AGE_MS } from "../../core/policy.ts";
import type { Fault } from "../../core/proof.ts";
import { judgePage, LIST_START, nextPageRows, type ListCursor } from "../../core/reconcile.ts";
import type { ListReply } from "../../ports/sources.ts";
import type { StepScope } from "../durably.ts";
import { sight, type Sighted } from "../revisions.ts";
import type { RunContext } from "../run-context.ts";
import { disordered } from "../source-pages.ts";
import { throttled } from "../throttled.ts";
import type { Proved } from "./proved.ts";
import { figure, NOTHING } from "./stores.ts";

/** Where a listing of the source stands that a proof makes for itself. */
type SourceListing = {
  readonly at: ListCursor;
  readonly startedMs: number;
  readonly pages: number;
  readonly listed: number;
  /** Ids of the page before: pages overlap. */
  readonly lastIds: readonly string[];
  readonly unlisted: number;
};

/**
 * Hold the source against the ledger, ids and hashes. The whole history is listed anew only in a complete proof, and only
 * where the newest such listing is old; each call is one of the last that a budget serves. Else the figure is that of the
 * listing on record, and says from when it is.
 */
export async function proveSource(
  context: RunContext,
  scope: StepScope,
  { isComplete, cursor }: { readonly isComplete: boolean; readonly cursor: string | null },
): Promise<Proved> {
  const { proofs, world, source } = context.ports;
  if (cursor === null) {
    const oldMs = world.nowMs() - PROOF_LISTING_AGE_MS;
    const lastMs = await proofs.lastWholeListingMs(oldMs);
    const isOld = lastMs !== null && lastMs <= oldMs;
    if (!isComplete || !isOld || source === null) return onRecord(context, []);
  }
  const listing: SourceListing =
    cursor === null
      ? { at: LIST_START, startedMs: world.nowMs(), pages: 0, listed: 0, lastIds: [], unlisted: 0 }
      : (JSON.parse(cursor) as SourceListing);
  return listPage(context, scope, listing);
}

/** What the listing on record says; the notes say why there is no newer one. */
export async function onRecord({ ports }: RunContext, notes: readonly string[]): Promise<Proved> {
  const { records, source } = ports;
  const [{ ids, asOfMs }, { accounted }] = await Promise.all([records.sourceCount(), records.totals()]);
  const counted = { ledger: accounted, store: ids, ok: accounted >= ids || asOfMs === null, asOfMs };
  return {
    ...NOTHING,
    calls: 2,
    figures: [figure("source", "meetings listed", counted)],
    notes:
      asOfMs === null && source !== null ? [...notes, "the source was not listed to its end yet"] : notes,
  };
}

async function listPage(context: RunContext, scope: StepScope, listing: SourceListing): Promise<Proved> {
  const { records, proofs } = context.ports;
  if (listing.pages >= LIST_PAGES_MAX) disordered(`a listing did not end within ${LIST_PAGES_MAX} requests`);
  const { rows, light } = requestPage(listing.at, await scope.failures(), []);
  const reply = await ask(context, scope, { skip: listing.at.skip, rows, light });
  const seen = await sight(context, reply.items);
  const places = seen.map(({ dateString }) => dateString);
  const verdict = judgePage(listing.at, rows, places, null);
  if (verdict.state === "disordered")
    disordered("rows are not listed newest first, or too many share one moment");
  if (verdict.state === "step_back")
    return {
      ...NOTHING,
      calls: 3,
      cursor: JSON.stringify({ ...listing, pages: listing.pages + 1, at: verdict.next }),
    };
  const { lastCeilingMs } = await records.discoveries();
  const ids = seen.map(({ id }) => id);
  // An id that was known before and whose place this page strictly covers was not to be seen. Source: protocols 4.
  const covered = await proofs.idsBetween(places[0] ?? "", places.at(-1) ?? "");
  const now = {
    ...listing,
    pages: listing.pages + 1,
    listed: listing.listed + new Set(ids.filter((id) => !listing.lastIds.includes(id))).size,
    lastIds: ids,
    unlisted: listing.unlisted + covered.items.filter((id) => !ids.includes(id)).length,
  };
  const settledMs = (lastCeilingMs ?? 0) - FRESH_OVERLAP_SHORT_MS;
  const faults = await faultsOf(seen, { settledMs, light });
  if (verdict.next !== null) {
    const nextRows = light ? listing.at.rows : nextPageRows(reply.replyBytes, reply.items.length);
    const at = { ...verdict.next, rows: nextRows };
    return { ...NOTHING, faults, calls: 5, cursor: JSON.stringify({ ...now, at }) };
  }
  const { ids: ledger } = await records.sourceCount();
  const counted = {
    ledger,
    store: now.listed,
    ok: ledger <= now.listed + now.unlisted,
    asOfMs: listing.startedMs,
  };
  const hidden =
    now.unlisted > 0
      ? [`${now.unlisted} known meetings are not listed by the source now; what is not seen is not gone`]
      : [];
  return {
    ...NOTHING,
    faults,
    calls: 6,
    figures: [figure("source", "meetings listed", counted)],
    notes: hidden,
    looked: ["source"],
  };
}

function ask(
  context: RunContext,
  scope: StepScope,
  request: { readonly skip: number; readonly rows: number; readonly light: boolean },
): Promise<ListReply> {
  const { source } = context.ports;
  return throttled<ListReply>(context, scope, {
    keyName: source?.keyName ?? "",
    party: "fireflies",
    operation: "list",
    use: "reconcile",
    send: ({ timeoutMs, withoutFields }) =>
      source?.listMeetings({ ...request, untilMs: null, timeoutMs, withoutFields, acceptUnreadable: true }) ??
      disordered("no key is set"),
  });
}

/** What lies within the newest days is listed every hour anyway: only what is older is missed for good. */
async function faultsOf(
  seen: readonly Sighted[],
  { settledMs, light }: { readonly settledMs: number; readonly light: boolean },
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { id, dateString, item, known } of seen) {
    if (item === null || !(Date.parse(dateString) < settledMs)) continue;
    const fault = (kind: Fault["kind"], cause: string): void =>
      void faults.push({ domain: "source", kind, subject: id, cause });
    if (known === undefined) fault("meeting_unknown", "the source lists it, and no listing had shown it");
    else if (light || known.state === "failed" || item.unreadable.length > 0) continue;
    else if ((await sha256Hex(item.revision)) !== known.contentHash)
      fault("meeting_differs", "the source shows another revision of it than was last read");
  }
  return faults;
}
