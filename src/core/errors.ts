/**
 * What can go wrong, sorted by what is done about it. Adapters translate vendor errors into a Failure once, at the edge;
 * nobody else reads a status code or an error message.
 */

import { KEPT_WAIT_MAX_MS, PARK_ABOVE_MS } from "./policy.ts";

export type FailureKind =
  /** The vendor asks for a pause. */
  | "rate_limited"
  /** The budget of the day is used up; it comes back at a known time. */
  | "quota"
  /** We ourselves know that the named time has not come; nothing was sent. */
  | "not_yet"
  /** What is left of the budget is kept for more urgent calls; nothing was sent. No failure, and no retry is spent. */
  | "reserved"
  /** No answer, a broken answer, or the vendor's own fault (5xx). */
  | "unreachable"
  | "timed_out"
  /** The reply was larger than we read; a smaller page helps. */
  | "too_large"
  /** Usable data beside errors. */
  | "partial"
  /** The key's plan does not include one field that was asked for; it is left out from now on. */
  | "plan_gated"
  /** This very content is not taken, now or whenever it is sent again; other content may be. */
  | "refused"
  /** The database is busy. */
  | "locked"
  /** Credentials missing, wrong or without the right. */
  | "denied"
  | "storage_full"
  /** The program ended in the middle of the step: it was killed, or the step was more than its memory holds. */
  | "interrupted"
  /** Another run holds the lane now; whatever we were about to write is void. */
  | "superseded"
  /** The source lists rows in no order that we can follow, so the listing proves nothing. */
  | "listing_order"
  /** The configured model cannot be used with what stands here; a person has to choose. */
  | "embeddings_refused"
  /** Our own fault, or a reply that breaks the vendor's contract. */
  | "defect";

/** Whose failure it is; shown in attempts and reports. */
export type Party =
  | "fireflies"
  | "notion"
  | "r2"
  | "d1"
  | "vectorize"
  | "workers-ai"
  | "openai"
  | "alert-webhook"
  | "alert-email"
  | "engine";

/** A classified failure. `detail` never holds content, addresses or secrets. */
export type Failure = {
  readonly kind: FailureKind;
  readonly party: Party;
  readonly detail: string;
  /** World time in ms before which the vendor must not be called again. */
  readonly notBeforeMs?: number;
  /** The field that a plan_gated failure is about. */
  readonly field?: string;
};

export type Reaction =
  | { readonly do: "retry"; readonly ladder: "backoff" | "lock" | "shrink" | "restart" }
  | { readonly do: "wait"; readonly maxMs: number }
  | { readonly do: "park"; readonly alert: boolean }
  | { readonly do: "halt"; readonly alert: boolean };

/** One row per kind; a missing row does not compile. Source: requirements, "Common Issues & Solutions". */
export const REACTIONS = {
  rate_limited: { do: "retry", ladder: "backoff" },
  unreachable: { do: "retry", ladder: "backoff" },
  timed_out: { do: "retry", ladder: "backoff" },
  too_large: { do: "retry", ladder: "shrink" },
  partial: { do: "retry", ladder: "backoff" },
  plan_gated: { do: "retry", ladder: "backoff" },
  locked: { do: "retry", ladder: "lock" },
  interrupted: { do: "retry", ladder: "restart" },
  not_yet: { do: "wait", maxMs: PARK_ABOVE_MS },
  reserved: { do: "wait", maxMs: KEPT_WAIT_MAX_MS },
  quota: { do: "park", alert: false },
  denied: { do: "park", alert: true },
  refused: { do: "halt", alert: true },
  storage_full: { do: "halt", alert: true },
  superseded: { do: "halt", alert: false },
  listing_order: { do: "halt", alert: true },
  embeddings_refused: { do: "halt", alert: true },
  defect: { do: "halt", alert: true },
} as const satisfies Record<FailureKind, Reaction>;

/** An Error that carries a Failure from an adapter to the engine. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.kind} (${failure.party}): ${failure.detail}`, options);
    this.name = "FailureError";
    this.failure = failure;
  }
}

/** Errors whose messages the runtime words itself, so that they quote no data (a SyntaxError of JSON.parse does). */
const OWN_WORDS: ReadonlySet<string> = new Set(["TypeError", "RangeError", "ReferenceError"]);

/** A FailureError that crossed a step boundary, where errors lose their class and keep "OriginalName: message". */
const CROSSED = new RegExp(
  `^FailureError: (${Object.keys(REACTIONS).join("|")}) \\(([a-z0-9-]+)\\): (.*)$`,
  "s",
);

/**
 * The Failure behind anything that was thrown. What no adapter classified is a defect of ours; its message is kept only
 * where it cannot quote what was said in a meeting.
 */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof FailureError) return thrown.failure;
  const crossed = thrown instanceof Error ? CROSSED.exec(thrown.message) : null;
  if (crossed !== null) {
    const [, kind, party, detail] = crossed;
    return { kind: kind as FailureKind, party: party as Party, detail: detail! };
  }
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  const words = thrown instanceof Error && OWN_WORDS.has(name) ? `: ${thrown.message.slice(0, 120)}` : "";
  return { kind: "defect", party: "engine", detail: `${name}${words}` };
}
