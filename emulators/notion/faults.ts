import { type FaultKind, type FaultPlan, parseFaultsOf, plannedKind } from "../faults/plan.ts";
import type { ApiCall } from "./api-call.ts";
import { CONNECTION_LIMIT } from "./rate-limit.ts";

/**
 * What can go wrong on purpose.
 *
 * `commit_then_503` and `commit_then_lost` fail after the write was saved; `lost_before` loses the request; `late`
 * loses the connection and saves the write a little later; `cut` ends the connection in the body, `cut_json` the JSON.
 */
export const NOTION_FAULT_KINDS = [
  "rate_limited",
  "conflict",
  "internal",
  "bad_gateway",
  "unavailable",
  "gateway_timeout",
  "overload",
  "commit_then_503",
  "commit_then_lost",
  "lost_before",
  "late",
  "html",
  "slow_body",
  "cut",
  "cut_json",
] as const;
export type NotionFaultKind = (typeof NOTION_FAULT_KINDS)[number];

/** A plan as given: with kinds of this vendor, or of the plans that all emulators share. */
export type GivenPlan = FaultPlan<FaultKind | NotionFaultKind>;

/** Names in a specification. */
const SPEC_KINDS: Readonly<Record<string, readonly NotionFaultKind[]>> = {
  "429": ["rate_limited"],
  "409": ["conflict"],
  "500": ["internal"],
  "502": ["bad_gateway"],
  "503": ["unavailable", "commit_then_503"],
  "504": ["gateway_timeout"],
  "529": ["overload"],
  html: ["html"],
  cut: ["cut", "cut_json"],
  slow: ["slow_body"],
  reset: ["lost_before", "commit_then_lost"],
  late: ["late"],
};

/** What the kinds of shared plans are here. */
const SHARED_KINDS: Readonly<Partial<Record<FaultKind, readonly NotionFaultKind[]>>> = {
  server_error: ["internal", "bad_gateway", "unavailable", "commit_then_503"],
  partial: ["conflict"],
  errors_in_200: ["overload"],
  slow: ["slow_body"],
  reset: ["lost_before", "commit_then_lost", "late"],
};

/** A plan with the kinds of this vendor. */
export function notionPlan(plan: GivenPlan): FaultPlan<NotionFaultKind> {
  return {
    ...plan,
    kinds: plan.kinds.flatMap((kind) => SHARED_KINDS[kind as FaultKind] ?? [kind as NotionFaultKind]),
  };
}

/**
 * Read `seed=7,rate=0.2[,kinds=429+409+500+502+503+504+529+html+cut+slow+reset+late]`, or `none`.
 *
 * @throws Error with one sentence for a person, if the text is anything else
 */
export function parseNotionFaults(spec: string): FaultPlan<NotionFaultKind> {
  return parseFaultsOf(spec, SPEC_KINDS);
}

/** One fault as it is carried out. */
export type NotionFault = {
  readonly kind: NotionFaultKind;
  /** In [0, 1): where a body is cut. */
  readonly roll: number;
  /** World seconds named by 429 and 529. */
  readonly retryAfterSeconds: number;
  /** `rate_limit_reason` of a 429. */
  readonly reason: string;
  /** Real milliseconds between headers and body of `slow_body`. */
  readonly slowMs: number;
  /** World milliseconds until a `late` write takes effect. */
  readonly lateMs: number;
  /** Whether 500, 502, 503 and 504 come after a write was saved. */
  readonly commits: boolean;
  /** Whether the 503 after a create names what was made. */
  readonly namesResource: boolean;
  /** HTTP status of `html`. */
  readonly status: number;
};

/** A fault asked for by name, perhaps only for some requests. */
export type NextFault = NotionFault & {
  readonly method?: string | undefined;
  /** Name of the endpoint as in the log, such as `query`. */
  readonly endpoint?: string | undefined;
};

/** Longest time until a late write takes effect: the server gives up a request after it. Source: reference 4. */
export const LATE_MS_MAX = 60_000;

/** A fault of `kind` whose details follow from `roll` unless given. */
export function notionFaultOf(
  kind: NotionFaultKind,
  roll: number,
  given: Partial<Omit<NotionFault, "kind">> = {},
): NotionFault {
  return {
    kind,
    roll,
    retryAfterSeconds: 1 + Math.floor(roll * 60),
    reason: CONNECTION_LIMIT,
    slowMs: 200 + Math.floor(roll * 1_300),
    lateMs: 1 + Math.floor(roll * LATE_MS_MAX),
    commits: roll * 1_000 - Math.floor(roll * 1_000) < 0.5,
    namesResource: true,
    status: 502,
    ...given,
  };
}

/** The fault of the request with this index, or null. Pure. */
export function plannedNotionFault(
  plan: FaultPlan<NotionFaultKind> | null,
  requestIndex: number,
): NotionFault | null {
  const planned = plannedKind(plan, requestIndex);
  return planned && notionFaultOf(planned.kind, planned.roll);
}

/** The first fault asked for that fits a request, and the others. */
export function takeFault(
  waiting: readonly NextFault[],
  call: ApiCall,
  endpoint: string | null,
): { fault: NextFault | null; left: readonly NextFault[] } {
  const fault = waiting.find(
    (next) =>
      (next.method === undefined || next.method === call.method) &&
      (next.endpoint === undefined || next.endpoint === endpoint),
  );
  return fault ? { fault, left: waiting.filter((next) => next !== fault) } : { fault: null, left: waiting };
}
