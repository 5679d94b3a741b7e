import type { Arrivals } from "../core/silence.ts";

/** Reading when meetings took place, in D1. Writes nothing. Fails with party "d1", kinds as in RunStore. */
export type ArrivalStore = {
  /**
   * The norm of the weeks before a moment, and what there is since; the longest pause only where the newest meeting is
   * older than SILENCE_MS_MIN, for asking costs a look at each of these weeks' rows. World ms.
   */
  arrivals(nowMs: number): Promise<Arrivals>;
};
