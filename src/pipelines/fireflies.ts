import { isOutrun, NOTHING_LISTED, type Listing } from "../core/plan.ts";
import {
  ANNOUNCED_FETCHES_MAX,
  ANNOUNCED_TAKEN_MAX,
  MENDS_PER_EDGE,
  SWEEP_PERIOD_MS,
} from "../core/policy.ts";
import { DAY_MS } from "../core/durations.ts";
import { COUNTED, type Check } from "../core/report.ts";
import { announcedMeetings, fetchAnnounced } from "../engine/announced.ts";
import { judgeMissing, type Verdicts } from "../engine/deletions.ts";
import { durably, RunEnded } from "../engine/durably.ts";
import { listThrough, newestFirst, wholeHistory, type Ended } from "../engine/listings.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";
import { yieldIfAsked } from "../engine/making-way.ts";
import { meetingsToMend, mendOf, noteMended } from "../engine/mending/meetings.ts";
import { ALONE, commitPage, pageOf, type Progress } from "../engine/source-commit.ts";
import { keepOne } from "../engine/source-pages.ts";
import { sweep, type Swept } from "../engine/sweeping.ts";
import type { Balance } from "../ports/record-store.ts";

const NOTHING_COUNTED = { sourceCount: null, destinationCount: null, failedCount: 0, findings: [] };

/**
 * Meetings from Fireflies to R2 and D1. Source: requirements, "Fireflies Meeting Sync"; protocols 3 and 4.
 *
 * The newest meetings first, whatever else is under way; then the rest of the history, until it was listed once; then, with
 * left-over calls, closed windows of the past. Each page brings whole transcripts. A run that webhooks have called asks for
 * the meetings that they named, and lists the newest only if these are many.
 */
export async function syncMeetings(context: RunContext): Promise<PipelineOutcome> {
  const progress: Progress = {
    taken: new Map(),
    requests: 0,
    facts: null,
    standing: NOTHING_LISTED,
    balance: null,
  };
  const announced = await announcedMeetings(context, ANNOUNCED_TAKEN_MAX, "first");
  if (announced !== null && announced.length <= ANNOUNCED_FETCHES_MAX) {
    await fetchAnnounced(context, announced, progress);
    return { ...NOTHING_COUNTED, continues: false };
  }
  const first = await listThrough(context, progress, newestFirst);
  if (first.as !== "complete") return unfinished(first);
  // Announced, and further back than was listed.
  const left = await announcedMeetings(context, ANNOUNCED_FETCHES_MAX, "left");
  await fetchAnnounced(context, left ?? [], progress);
  const isNewest = first.listing.discovery.kind === "fresh";
  if (isNewest && isPressing(context)) return pressed(context, progress, first.listing);
  const rest = isNewest ? await listThrough(context, progress, wholeHistory) : first;
  if (context.yieldsTo !== null) return unfinished({ as: "full" });
  await fetchFailed(context, progress, rest.as === "complete" ? rest.listing : first.listing);
  await mendFound(context, progress, rest.as === "complete" ? rest.listing : first.listing);
  if (context.yieldsTo !== null) return unfinished({ as: "full" });
  if (rest.as === "full" || rest.as === "waits") return unfinished(rest);
  const swept = await sweep(context, progress, isNewest ? first.listing.discovery.floorMs : null);
  const verdicts = await judgeMissing(context, {
    accountHash: progress.facts?.accountHash ?? null,
    liveId: liveIdOf(progress),
  });
  return outcomeOf(context, { progress, newest: first.listing, swept, verdicts });
}

/** Whether somebody waits for the newest meetings: whatever has time is left to the run that this one came before. */
function isPressing({ run }: RunContext): boolean {
  return run.priority === "urgent" || run.priority === "high";
}

/** The newest have come. While the whole history was not listed yet, an ordinary run is to go on with it. */
function pressed(context: RunContext, progress: Progress, newest: Listing): PipelineOutcome {
  const isListed = progress.facts !== null && progress.facts.backfilledMs !== null;
  const counts = isListed ? countsOf(progress.balance) : NOTHING_COUNTED;
  return { ...counts, continues: isOutrun(newest, context.run), isPressing: true, leavesRest: !isListed };
}

/**
 * A run that did not come to the end of the history may not count anything. One that has taken on as much as it may goes on
 * at once; one that lacks calls waits for its share of the budget and leaves the lane to the checks meanwhile.
 */
function unfinished(ended: Exclude<Ended, { as: "complete" }>): PipelineOutcome {
  if (ended.as !== "waits") return { ...NOTHING_COUNTED, continues: true };
  const { pages } = ended.listing.discovery;
  const resumes = new Date(ended.notBeforeMs).toISOString();
  const detail = `the whole history is listed to page ${pages}; more calls are left for it from ${resumes} on`;
  const untilMs = ended.notBeforeMs;
  throw new RunEnded(
    { kind: "reserved", party: "engine", detail, notBeforeMs: untilMs },
    { do: "park", untilMs, alert: false },
  );
}

/**
 * Meetings that failed a day ago or more, a few a run, asked for one by one: they may lie far outside of the window. After
 * the listing and with one attempt each, because one broken meeting must not keep the others from coming.
 */
async function fetchFailed(context: RunContext, progress: Progress, listing: Listing): Promise<void> {
  const failed = (progress.facts?.failed ?? []).filter((id) => !progress.taken.has(id));
  for (const [place, id] of failed.entries()) {
    const observedMs = await durably(context, `failed:${place + 1} begun`, async () =>
      context.ports.world.nowMs(),
    );
    const wanted = { id, dateString: "", rowHash: null };
    const one = await durably(context, `failed:${place + 1}`, (scope) =>
      keepOne(context, scope, wanted, { lenient: true, use: "fresh" }),
    );
    const page = pageOf(id, one, observedMs, listing.rows);
    await commitPage(context, `failed ${place + 1}`, progress, { page, after: listing });
  }
}

/** What a proof found: asked for by itself, or judged again from what is stored; then committed as any page. */
async function mendFound(context: RunContext, progress: Progress, listing: Listing): Promise<void> {
  const found = Map.groupBy(await meetingsToMend(context), ({ subject }) => subject);
  for (const [place, mend] of [...found].entries()) {
    if (place > 0 && place % MENDS_PER_EDGE === 0 && (await yieldIfAsked(context, `mend ${place}`))) return;
    const got = await mendOf(context, mend, place + 1);
    if (got === null) continue;
    const page = { ...got, ...ALONE, rows: listing.rows };
    await commitPage(context, `mend ${place + 1}`, progress, { page, after: listing });
    await noteMended(context, got, place + 1);
  }
}

/** A meeting that a page of this run showed as it is known. */
function liveIdOf({ taken }: Progress): string | null {
  for (const [id, as] of taken) if (as === "live") return id;
  return null;
}

type Done = {
  readonly progress: Progress;
  readonly newest: Listing;
  readonly swept: Swept;
  readonly verdicts: Verdicts;
};

function outcomeOf(context: RunContext, { progress, newest, swept, verdicts }: Done): PipelineOutcome {
  const balance = verdicts.balance ?? progress.balance;
  const continues = swept.isFull || verdicts.isMore || isOutrun(newest, context.run);
  const checks = checksOf(swept, verdicts);
  const { held } = verdicts;
  return { ...countsOf(balance), continues, checks, held };
}

/** Nothing is counted before the whole history was listed once. */
function countsOf(balance: Balance | null): Omit<PipelineOutcome, "continues"> {
  if (balance === null) return NOTHING_COUNTED;
  const { ids, accounted, failed, failing } = balance;
  const findings = failing === 0 ? [] : [`${failing} meetings failed; they are asked for again`];
  return { sourceCount: ids, destinationCount: accounted, failedCount: failed, findings };
}

/** What the report says beside its counts, where there is anything to say. */
function checksOf({ windows, waits }: Swept, { missing, deleted, held }: Verdicts): Check[] {
  const period = `every ${SWEEP_PERIOD_MS / DAY_MS} days`;
  const day = (ms: number | null): string => (ms === null ? "the first meeting" : new Date(ms).toISOString());
  const named = windows.map(
    ({ discovery: { floorMs, ceilingMs } }) => `from ${day(floorMs)} to ${day(ceilingMs)}`,
  );
  const sweeps = [...named, ...(waits ? ["more when calls are left for it"] : [])];
  const counted = (name: string, actual: string): Check => ({ name, ok: true, expected: "", actual });
  return [
    ...(sweeps.length === 0 ? [] : [counted(COUNTED.sweep, `${period}: ${sweeps.join("; ")}`)]),
    ...(missing + deleted === 0
      ? []
      : [counted(COUNTED.missing, `${missing} missing, ${deleted} deleted by evidence`)]),
    ...(held === null ? [] : [counted(COUNTED.held, held)]),
  ];
}
