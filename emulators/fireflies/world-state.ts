import type { Fault, FaultPlan } from "../faults/plan.ts";
import type { WorldClock } from "../world/clock.ts";
import type { ApiErrorCode } from "./api-errors.ts";
import type { DateFilterMode } from "./listing.ts";
import type { Plan, QuotaState } from "./quota.ts";
import type { WebhookState } from "./webhook-state.ts";

/** Switches for what the real service does, where nobody knows or where it varies. */
export type Behaviour = {
  /** Errors with the HTTP status they name, or as HTTP 200. */
  errorStatus: "matching" | "always200";
  dateFilter: DateFilterMode;
  /** Whether replies carry `x-ratelimit-*-api`. */
  rateHeaders: boolean;
  gatedFields: "request" | "field";
  liveSentences: "null" | "error";
};

export const DEFAULT_BEHAVIOUR: Behaviour = {
  errorStatus: "matching",
  dateFilter: { bounds: "exclusive", compares: "dateString" },
  rateHeaders: true,
  gatedFields: "request",
  liveSentences: "null",
};

/** A fault asked for by name: an API error with a code, or one of the kinds of a plan. */
export type NextFault = (Fault | { kind: "api_error"; code: ApiErrorCode; counted: boolean }) & {
  /** Strikes only a request that asks for this root field; absent: the next request, whatever it is. */
  field?: string | undefined;
};

/** Control ops that wait for list replies: insertions and deletions between two pages. */
type LaterOps = { afterLists: number; ops: unknown[] };

/** Everything about a world that is not a meeting or a log line. One row in its file, written as a whole. */
export type WorldState = {
  clock: WorldClock;
  seed: number;
  /** Where the meetings came from; a world is never refilled from elsewhere. */
  source: { kind: "sample" | "given"; contentHash: string };
  account: { id: string; email: string; name: string };
  keys: string[];
  plan: Plan;
  quotaPerDay: number | null;
  quota: QuotaState;
  faults: FaultPlan | null;
  nextFaults: NextFault[];
  behaviour: Behaviour;
  /** API requests so far: the index of fault decisions and of correlation ids. */
  requestCount: number;
  /** Meetings that arrived by control op: the label of their chance. */
  arrivalCount: number;
  later: LaterOps[];
  webhooks: WebhookState;
};
