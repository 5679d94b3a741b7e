import type { FailureKind } from "./errors.ts";

/** Conditions that open an alert; each has a section in docs/runbook.md. Source: requirements, "Alert Conditions"; design 6. */
export const ALERT_KINDS = [
  "retries_exhausted",
  "count_mismatch",
  "proof_failed",
  "run_too_long",
  "api_errors",
  "storage_full",
  "storage_filling",
  "access_lost",
  "listing_order",
  "embeddings_refused",
  "defect",
  "vectors_not_visible",
  "vectors_refused",
  "run_lost",
  "parked_repeatedly",
  "deletions_held",
  "source_silent",
  "zero_seen",
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Which alert a failure that ended or parked a run opens; null if none. */
export const ALERT_OF_FAILURE = {
  rate_limited: "retries_exhausted",
  unreachable: "retries_exhausted",
  timed_out: "retries_exhausted",
  too_large: "retries_exhausted",
  partial: "retries_exhausted",
  plan_gated: "retries_exhausted",
  locked: "retries_exhausted",
  interrupted: "run_lost",
  not_yet: null,
  reserved: null,
  quota: null,
  denied: "access_lost",
  refused: "defect",
  storage_full: "storage_full",
  superseded: null,
  listing_order: "listing_order",
  embeddings_refused: "embeddings_refused",
  defect: "defect",
} as const satisfies Record<FailureKind, AlertKind | null>;
