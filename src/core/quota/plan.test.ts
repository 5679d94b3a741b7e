import { expect, it } from "vitest";
import { USUAL_SETTINGS } from "../config.ts";
import { HOUR_MS, MINUTE_MS } from "../durations.ts";
import { quotaPlan } from "./plan.ts";

it("a vendor's calls go by its own budget, and are kept for its next look by the clock", () => {
  const scheduleMs = {
    ...USUAL_SETTINGS.scheduleMs,
    fireflies: HOUR_MS,
    projects: 9 * HOUR_MS,
    clients: 2 * HOUR_MS,
  };
  const rates = { fireflies: { calls: 7, windowMs: MINUTE_MS }, notion: null };
  expect(quotaPlan({ rates, scheduleMs }, "fireflies")).toEqual({
    rate: rates.fireflies,
    checkEveryMs: HOUR_MS,
  });
  expect(quotaPlan({ rates, scheduleMs }, "notion")).toEqual({ rate: null, checkEveryMs: 2 * HOUR_MS });
});
