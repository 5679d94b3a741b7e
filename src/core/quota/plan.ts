import type { QuotaRates } from "../config.ts";
import type { Vendor } from "../quota.ts";
import type { Schedule } from "../schedule.ts";
import type { QuotaPlan } from "./grant.ts";

/** What goes for the calls of a vendor: its budget as configured, and how often the clock asks it. Pure. */
export function quotaPlan(
  { rates, scheduleMs }: { readonly rates: QuotaRates; readonly scheduleMs: Schedule },
  vendor: Vendor,
): QuotaPlan {
  const { fireflies, clients, projects } = scheduleMs;
  return {
    rate: rates[vendor],
    checkEveryMs: vendor === "fireflies" ? fireflies : Math.min(clients, projects),
  };
}
