import type { StorageSample, StoreReading } from "../core/headroom.ts";
import type { AlertKind } from "../core/alerts.ts";

/**
 * How full the stores are, as the ledger remembers it, and what is left to say when it is full itself. In D1; failures as in
 * RunStore. Every write may be done twice.
 */
export type StorageStore = {
  /** What was measured since, of all stores, one sample a day each, oldest first. World ms. */
  samples(sinceMs: number): Promise<{ items: StorageSample[]; cursor: null }>;
  /** Keep what was measured as the sample of its day. */
  keep(readings: readonly StoreReading[], nowMs: number): Promise<void>;
  /**
   * Open alerts of a full store outside of any run, once per kind and subject; where none stands yet, room is made for it
   * out of the ballast, in the same batch.
   */
  sayFull(
    alert: {
      readonly id: string;
      readonly kind: AlertKind;
      readonly subject: string;
      readonly detail: string;
    },
    nowMs: number,
  ): Promise<void>;
};
