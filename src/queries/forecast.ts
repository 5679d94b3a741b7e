import { atTime, budgetOf, type Vendor } from "../core/quota.ts";
import { forecastBackfill, type Forecast } from "../core/quota/forecast.ts";
import { quotaPlan } from "../core/quota/plan.ts";
import type { Ports } from "../ports/ports.ts";
import type { Run } from "../ports/run-store.ts";

/** What one vendor's key may still do. Times are world ms. */
export type BudgetStatus = {
  readonly vendor: Vendor;
  /** Calls of a window; null: nobody has said yet. */
  readonly budget: number | null;
  readonly used: number;
  /** How long a window of it lasts; null: not known. */
  readonly windowMs: number | null;
  /** When the calls come back; null: none is used, or it is not known. */
  readonly windowEndsMs: number | null;
  /** Time that the vendor named, before which nobody calls; null: none, or it has come. */
  readonly notBeforeMs: number | null;
};

/** The budgets of the keys in use. */
export async function readBudgets(ports: Ports): Promise<BudgetStatus[]> {
  const keys = [
    { vendor: "fireflies" as const, keyName: ports.source?.keyName },
    { vendor: "notion" as const, keyName: ports.notion?.tables.keyName },
  ];
  const read = keys.map(async ({ vendor, keyName }) => {
    if (keyName === undefined) return [];
    const nowMs = ports.world.nowMs();
    const rate = ports.rates[vendor];
    const { quota } = await ports.runs.vendorKey(keyName);
    const { used, windowEndsMs } = atTime(quota, rate, nowMs);
    const notBeforeMs = quota.notBeforeMs > nowMs ? quota.notBeforeMs : null;
    // A window that nothing was taken from has not begun.
    const endsMs = used > 0 ? windowEndsMs : null;
    const windowMs = quota.windowMs ?? rate?.windowMs ?? null;
    return [{ vendor, budget: budgetOf(quota, rate), used, windowMs, windowEndsMs: endsMs, notBeforeMs }];
  });
  return (await Promise.all(read)).flat();
}

/**
 * When the backfill will be done, as things stand; null when there is none to do, or while nothing is known of the budget.
 *
 * @param last the run of fireflies that is going on, else the last one; null: there was none
 */
export async function readForecast(ports: Ports, last: Run | null): Promise<Forecast | null> {
  const { source, backlog, runs, world } = ports;
  if (source === null || last === null) return null;
  const [progress, key] = await Promise.all([backlog.backfill(), runs.vendorKey(source.keyName)]);
  const plan = quotaPlan(ports, "fireflies");
  if (progress === null || budgetOf(key.quota, plan.rate) === null) return null;
  return forecastBackfill(progress, key.meetingsEstimate, {
    quota: key.quota,
    plan,
    nowMs: world.nowMs(),
    lookedMs: last.queuedMs,
    isRunning: last.endedMs === null,
  });
}
