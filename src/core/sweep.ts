/**
 * The rolling sweep: closed windows of the past, listed again one after the other, so that what came late, was edited or is
 * gone shows. Pure. Source: protocols 3.
 */
import { begun, type Beginning, type Cycle, type Listing, type Standing } from "./plan.ts";
import { SWEEP_PERIOD_MS } from "./policy.ts";

/** What a sweep does next. Times are world ms. */
export type SweepStep =
  | { readonly do: "go_on"; readonly listing: Listing }
  /** Look for a missing meeting again. */
  | { readonly do: "look" }
  /** Sweep the window below `toMs`. */
  | { readonly do: "window"; readonly toMs: number; readonly cycle: Cycle };

/**
 * What to sweep now, if there are calls for it: the window that is open; then one around a meeting that was absent a day
 * ago; then the next of the sweep under way, or the first of a new one.
 *
 * @param facts `toMs`: lower bound of the newest days, which need no sweep; `looks`: missing meetings that are due
 * @returns null if nothing is due, or the history was not listed once
 */
export function nextSweep(
  standing: Standing,
  facts: { backfilledMs: number | null; toMs: number | null; looks: number; nowMs: number },
): SweepStep | null {
  const { backfilledMs, toMs, looks, nowMs } = facts;
  if (backfilledMs === null) return null;
  const open = standing.listings.sweep;
  if (open !== undefined && open.cursor !== null) return { do: "go_on", listing: open };
  if (looks > 0) return { do: "look" };
  const { cycle } = standing;
  if (cycle !== null && cycle.toMs !== null) return { do: "window", toMs: cycle.toMs, cycle };
  if (toMs === null || nowMs - (cycle?.startedMs ?? backfilledMs) < SWEEP_PERIOD_MS) return null;
  return { do: "window", toMs, cycle: { startedMs: nowMs, toMs } };
}

/**
 * A window before its first page.
 *
 * @param window its bounds, world ms, and how many known meetings lie above what is asked for
 * @param cycleMs when the sweep that it belongs to began; null if it looks for one missing meeting
 */
export function windowOf(
  standing: Standing,
  window: { readonly fromMs: number | null; readonly toMs: number; readonly above: number },
  cycleMs: number | null,
  { id, startedMs }: Beginning,
): Listing {
  const discovery = { kind: "sweep", floorMs: window.fromMs, ceilingMs: window.toMs, id, startedMs } as const;
  return { ...begun(standing, discovery, null), above: window.above, cycleMs };
}
