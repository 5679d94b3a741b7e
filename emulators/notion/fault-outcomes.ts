import type { Decision, Outcome } from "./decision.ts";
import { ApiFailure, type ErrorCode } from "./api-errors.ts";
import type { NotionFault } from "./faults.ts";
import { blocked, FRESH_BUDGET } from "./rate-limit.ts";
import type { World } from "./world.ts";

type Run = () => Record<string, unknown>;

/** Codes of the faults that answer with an error of the server. */
const SERVER_ERRORS: Partial<Record<NotionFault["kind"], ErrorCode>> = {
  internal: "internal_server_error",
  bad_gateway: "bad_gateway",
  unavailable: "service_unavailable",
  gateway_timeout: "gateway_timeout",
};

/**
 * What a fault makes of a request; null for faults that only spoil the reply.
 *
 * @param run carries the request out; a fault that strikes before the write does not call it
 */
export function faultOutcome(world: World, decision: Decision, fault: NotionFault, run: Run): Outcome | null {
  switch (fault.kind) {
    case "rate_limited":
    case "overload":
      return refused(world, decision, fault);
    case "conflict":
      return failed("conflict_error", "Conflict occurred while saving. Please try again.");
    case "commit_then_503":
      return savedThen503(decision, fault, run);
    case "commit_then_lost":
      attempt(run);
      return { kind: "lost" };
    case "lost_before":
      return { kind: "lost" };
    case "late":
      if (decision.isWrite) {
        const { call, requestIndex, nowMs } = decision;
        const write = { call, requestIndex, dueMs: nowMs + fault.lateMs };
        world.state.lateWrites = [...world.state.lateWrites, write];
      }
      return { kind: "lost" };
    case "html":
      return { kind: "html", status: fault.status };
    default: {
      const code = SERVER_ERRORS[fault.kind];
      return code === undefined ? null : serverError(decision, fault, { code, run });
    }
  }
}

function failed(code: ErrorCode, message: string, additional: Record<string, unknown> = {}): Outcome {
  return { kind: "failure", failure: new ApiFailure(code, message, { additional }) };
}

/** Carry a request out whose reply nobody will see. */
function attempt(run: Run): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
  }
}

/** 429 and 529 name a wait; before it is over 429 goes on, while 529 is only noted. Source: reference 5.1. */
function refused(world: World, { token, nowMs }: Decision, fault: NotionFault): Outcome {
  const { retryAfterSeconds, reason } = fault;
  const untilMs = nowMs + retryAfterSeconds * 1_000;
  const key = token ?? "";
  const budget = world.state.budgets[key] ?? FRESH_BUDGET;
  const isLimit = fault.kind === "rate_limited";
  const after = isLimit
    ? blocked(budget, Math.max(untilMs, budget.blockedUntilMs), reason)
    : { ...budget, namedUntilMs: Math.max(budget.namedUntilMs, untilMs) };
  world.state.budgets = { ...world.state.budgets, [key]: after };
  const additional = isLimit ? { rate_limit_reason: reason, retry_after: String(retryAfterSeconds) } : {};
  const message = isLimit
    ? "You have been rate limited. Please try again later."
    : "The service is overloaded.";
  const code = isLimit ? "rate_limited" : "service_overload";
  return { kind: "failure", failure: new ApiFailure(code, message, { additional, retryAfterSeconds }) };
}

/** The write is saved and the reply denies it; only a create says what was made. Source: reference 5.3. */
function savedThen503(decision: Decision, fault: NotionFault, run: Run): Outcome {
  const body = run();
  if (!decision.isWrite) return failed("service_unavailable", "Service unavailable.", guidance(decision));
  const committed =
    decision.endpoint === "create_page" && fault.namesResource ? { committed_resource_id: body["id"] } : {};
  return failed("service_unavailable", "The write was saved, but its reply could not be made.", {
    endpoint_name: decision.endpoint,
    notion_error_name: "PartialCommit",
    retry_guidance: [
      "The write may have been saved. Read the resource again; do not repeat the request as it is.",
    ],
    ...committed,
  });
}

function serverError(
  decision: Decision,
  fault: NotionFault,
  { code, run }: { code: ErrorCode; run: Run },
): Outcome {
  if (decision.isWrite && fault.commits) run();
  const isBusy = code === "service_unavailable";
  return failed(code, "Something went wrong on the side of the service.", isBusy ? guidance(decision) : {});
}

/** What a 503 of a read advises. Source: reference 2.4. */
function guidance({ endpoint }: Decision): Record<string, unknown> {
  if (endpoint !== "query") return {};
  return {
    endpoint_name: endpoint,
    notion_error_name: "QueryTimeout",
    retry_guidance: ["Ask for a smaller page_size.", "Use a simpler filter or fewer sorts."],
  };
}
