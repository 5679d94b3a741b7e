/** When work that takes many calls will be done, by the same rules by which its calls are granted. Pure. */
import { DAY_MS } from "../durations.ts";
import {
  FORECAST_LOOKS_MAX,
  KEPT_WAIT_MAX_MS,
  LIST_OVERLAP_ROWS,
  LIST_PAGE_ROWS_MAX,
  RUN_ITEMS_MAX,
  SHARE_LOOK_MS,
} from "../policy.ts";
import type { QuotaState } from "../quota.ts";
import { callsLeft, takeCall, type QuotaPlan } from "./grant.ts";

/** What a backfill still takes, as things stand. */
export type Forecast = {
  /** Meetings that the account says it has; null: it does not say, so nothing can be foretold. */
  readonly meetings: number | null;
  /** Calls that are still to be made; null if the meetings are. */
  readonly calls: number | null;
  /** Pages that have come. */
  readonly pages: number;
  /** Calls it gets on an average day; null if it takes less than one. */
  readonly callsPerDay: number | null;
  /** World ms by which it is done; null: not known, or more than FORECAST_LOOKS_MAX looks away. */
  readonly doneMs: number | null;
};

/** Rows of a full page that the page before did not show. */
const NEW_ROWS = LIST_PAGE_ROWS_MAX - LIST_OVERLAP_ROWS;

/** Pages until a run has taken on as many meetings as one may. */
const RUN_CALLS = Math.ceil((RUN_ITEMS_MAX - LIST_OVERLAP_ROWS) / NEW_ROWS);

/**
 * Calls that list so many rows to their proven end: pages that share LIST_OVERLAP_ROWS, the last of them short, and an empty
 * one. 752 meetings take 17. Pure.
 */
export function callsToList(rows: number): number {
  const full = rows < LIST_PAGE_ROWS_MAX ? 0 : Math.floor((rows - LIST_PAGE_ROWS_MAX) / NEW_ROWS) + 1;
  return full + 2;
}

/** The key of a backfill, and how it is looked at. Times are world ms. */
export type Outlook = {
  readonly quota: QuotaState;
  readonly plan: QuotaPlan;
  readonly nowMs: number;
  /** When the last run of it was asked for: the next look is counted from there. */
  readonly lookedMs: number;
  /** Whether that run is going on, and makes calls without waiting for a look. */
  readonly isRunning: boolean;
};

/**
 * Foretell the end of a backfill.
 *
 * @param progress pages that have come and the rows on them, shared rows counted twice
 * @param meetings what the account says it has
 */
export function forecastBackfill(
  { pages, rows }: { readonly pages: number; readonly rows: number },
  meetings: number | null,
  outlook: Outlook,
): Forecast {
  if (meetings === null) return { meetings, calls: null, pages, callsPerDay: null, doneMs: null };
  // The next page begins with the rows that it shares with the last one.
  const left = meetings - (rows - LIST_OVERLAP_ROWS * pages);
  // The last rows have come with a short page: one more call shows that nothing follows.
  const calls = pages > 0 && left <= LIST_OVERLAP_ROWS ? 1 : callsToList(left);
  const doneMs = doneBy(calls, outlook);
  const tookMs = doneMs === null ? 0 : doneMs - outlook.nowMs;
  const callsPerDay = tookMs < DAY_MS ? null : Math.round(calls / (tookMs / DAY_MS));
  return { meetings, calls, pages, callsPerDay, doneMs };
}

/** Play the schedule forward: at each look one fresh call, then as many of the backfill as are granted. */
function doneBy(calls: number, { quota, plan, nowMs, lookedMs, isRunning }: Outlook): number | null {
  let at: Moment = { quota, left: calls, nowMs, lookedMs, waits: 0 };
  if (isRunning) at = spent(at, plan);
  for (let looks = 0; looks < FORECAST_LOOKS_MAX && at.left > 0; looks += 1)
    at = spent(looked(at, plan), plan);
  return at.left > 0 ? null : at.nowMs;
}

type Moment = {
  readonly quota: QuotaState;
  readonly left: number;
  readonly nowMs: number;
  readonly lookedMs: number;
  /** Waits for a window that were followed, which count like looks. */
  readonly waits: number;
};

/** The next look: by the clock, or when the share of the budget comes again, where that is sooner. */
function looked(at: Moment, plan: QuotaPlan): Moment {
  const { notBeforeMs } = callsLeft(at.quota, { ...plan, nowMs: at.nowMs, use: "backfill" });
  const againMs = Math.max(notBeforeMs ?? at.nowMs, at.lookedMs + SHARE_LOOK_MS);
  const nowMs = Math.max(at.nowMs, Math.min(at.lookedMs + plan.checkEveryMs, againMs));
  const look = takeCall(at.quota, { ...plan, nowMs, use: "fresh" });
  return { ...at, quota: look.ok ? look.state : at.quota, nowMs, lookedMs: nowMs };
}

/**
 * All calls that are granted at once, and after waits that a run waits through. A run that has taken on enough is continued at
 * once by another, which looks first.
 */
function spent(at: Moment, plan: QuotaPlan): Moment {
  let { quota, left, nowMs, waits } = at;
  for (let made = 1; left > 0 && waits < FORECAST_LOOKS_MAX; made += 1) {
    const isLook = made % (RUN_CALLS + 1) === 0;
    const grant = takeCall(quota, { ...plan, nowMs, use: isLook ? "fresh" : "backfill" });
    if (!grant.ok && grant.notBeforeMs - nowMs > KEPT_WAIT_MAX_MS) break;
    if (grant.ok) {
      quota = grant.state;
      left -= isLook ? 0 : 1;
    } else {
      nowMs = grant.notBeforeMs;
      waits += 1;
      made -= 1;
    }
  }
  return { ...at, quota, left, nowMs, waits };
}
