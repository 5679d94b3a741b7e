import type { SeenObject } from "../../ports/cleanup-store.ts";
import type { Domain, Fault, Figure } from "../../core/proof.ts";

/** What one step of a proof has come to. */
export type Proved = {
  readonly faults: readonly Fault[];
  /** Differences that are no fault. */
  readonly left: readonly string[];
  readonly figures: readonly Figure[];
  /** What could not be proved, and what is only counted, in sentences. */
  readonly notes: readonly string[];
  /** Domains that are looked at in full by it. */
  readonly looked: readonly Domain[];
  /** Where its phase goes on; null at its end. */
  readonly cursor: string | null;
  /** Objects of the raw store among which there are some that nothing refers to. */
  readonly seen?: readonly SeenObject[];
  /** Subrequests, about. */
  readonly calls: number;
};
