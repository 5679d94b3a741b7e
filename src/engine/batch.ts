import { REFUSED_RETRY_AFTER_MS } from "../core/policy.ts";

/** A document of a batch after planning: which vectors it wants, and which it no longer wants. */
export type PlannedDocument = {
  readonly id: string;
  readonly contentHash: string;
  readonly indexedBefore: boolean;
  readonly wanted: readonly string[];
  readonly send: readonly string[];
  readonly leftovers: readonly string[];
  /** Whether the ledger did not have it so already. */
  readonly changed: boolean;
  /** Whether the raw store has no intact revision of it. */
  readonly isLost: boolean;
  /** Why the document could not be planned or sent; null as a rule. */
  readonly failed: string | null;
  /** True if trying again soon would end the same. */
  readonly isRefused: boolean;
};

/** What of the documents of a batch was not seen in the index. */
export type Batch = { readonly planned: readonly PlannedDocument[]; readonly missing: ReadonlySet<string> };

/** Whether the index was seen to hold all that a document wants. */
export function isWhole({ wanted, failed }: PlannedDocument, { missing }: Batch): boolean {
  return failed === null && !wanted.some((id) => missing.has(id));
}

/** What became of a document of a batch. */
type Settled = {
  readonly id: string;
  readonly verdict: "created" | "updated" | "pending" | "failed";
  readonly reason: string | null;
  /** World ms before which it is not tried again; null: at once. */
  readonly retryMs: number | null;
};

/**
 * Judge a document of a batch: failed, or pending while a vector that it wants was not seen, or done.
 *
 * @param nowMs world time; what was refused is not tried again for REFUSED_RETRY_AFTER_MS
 */
export function settledOf(document: PlannedDocument, { missing }: Batch, nowMs: number): Settled {
  const { id, failed, wanted, indexedBefore, isRefused } = document;
  if (failed !== null) {
    const retryMs = isRefused ? nowMs + REFUSED_RETRY_AFTER_MS : null;
    return { id, verdict: "failed", reason: failed, retryMs };
  }
  const waits = wanted.filter((chunk) => missing.has(chunk)).length;
  if (waits > 0)
    return { id, verdict: "pending", reason: `${waits} vectors are not visible yet`, retryMs: null };
  return { id, verdict: indexedBefore ? "updated" : "created", reason: null, retryMs: null };
}
