import { rollOf } from "../world/random.ts";
import { WORLD_CLOCK_HEADER } from "../world/clock.ts";
import { bytesOf, firstBytes, type WireReply } from "../world/wire-reply.ts";
import { type ApiCall, readCall } from "./api-call.ts";
import { ApiFailure, ERROR_STATUS } from "./api-errors.ts";
import type { Decision, Outcome } from "./decision.ts";
import { carryOut, findEndpoint } from "./endpoints.ts";
import { faultOutcome } from "./fault-outcomes.ts";
import { type NotionFault, plannedNotionFault, takeFault } from "./faults.ts";
import { uuidOf } from "./ids.ts";
import { settleLateWrites } from "./late-writes.ts";
import { FRESH_BUDGET, takeRequest } from "./rate-limit.ts";
import { commit, type World } from "./world.ts";

/**
 * Answer one request to the API.
 *
 * Reading and waiting are asynchronous; everything between, log line included, is decided in one go and committed
 * before the reply leaves.
 */
export async function answerApiCall(world: World, request: Request): Promise<WireReply> {
  const { call, token } = await readCall(request);
  settleLateWrites(world);
  return commit(world, () => {
    const decision = arrived(world, call, token);
    const outcome = outcomeOf(world, decision);
    const reply = toWire(world, decision, outcome);
    log(world, decision, outcome, reply);
    return reply;
  });
}

function arrived(world: World, call: ApiCall, token: string | null): Decision {
  const found = findEndpoint(call)?.endpoint;
  const requestIndex = world.state.requestCount;
  world.state.requestCount += 1;
  return {
    call,
    token,
    nowMs: world.nowMs(),
    requestIndex,
    endpoint: found?.name ?? null,
    isWrite: found?.isWrite ?? false,
    fault: null,
    early: false,
  };
}

function outcomeOf(world: World, decision: Decision): Outcome {
  try {
    admit(world, decision);
    const { call, nowMs, requestIndex } = decision;
    const run = (): Record<string, unknown> => carryOut(world, call, { nowMs, requestIndex });
    return (
      (decision.fault && faultOutcome(world, decision, decision.fault, run)) ?? { kind: "body", body: run() }
    );
  } catch (error) {
    if (error instanceof ApiFailure) return { kind: "failure", failure: error };
    throw error;
  }
}

/** Token, budget, then chance: the first that has something to say answers. */
function admit(world: World, decision: Decision): void {
  const { state } = world;
  const { token, call, nowMs, requestIndex } = decision;
  if (token === null || !state.tokens.includes(token))
    throw new ApiFailure("unauthorized", "API token is invalid.");
  if (state.isBlocked) throw tooMany("public_api_request_blocked", 60);
  const taken = takeRequest(state.budgets[token] ?? FRESH_BUDGET, state.requestsPerMinute, nowMs);
  state.budgets = { ...state.budgets, [token]: taken.budget };
  decision.early = taken.early;
  if (taken.refusal) {
    throw tooMany(taken.refusal.reason, Math.ceil((taken.refusal.untilMs - nowMs) / 1_000));
  }
  const { fault, left } = takeFault(state.nextFaults, call, decision.endpoint);
  state.nextFaults = left;
  decision.fault = fault ?? plannedNotionFault(state.faults, requestIndex);
}

/** 429 with its reason and wait. Source: reference 5.1. */
function tooMany(reason: string, retryAfterSeconds: number): ApiFailure {
  return new ApiFailure("rate_limited", "You have been rate limited. Please try again in a few minutes.", {
    retryAfterSeconds,
    additional: { rate_limit_reason: reason, retry_after: String(retryAfterSeconds) },
  });
}

/** The same complaint in other words: nothing may depend on them. */
function reworded(world: World, requestIndex: number, message: string): string {
  const wordings = [message, `${message} See the API reference.`, `Request refused: ${message}`];
  return (
    wordings[Math.floor(rollOf(world.state.seed, `wording ${requestIndex}`) * wordings.length)] ?? message
  );
}

function toWire(world: World, decision: Decision, outcome: Outcome): WireReply {
  const requestId = uuidOf(world.state.seed, `request ${decision.requestIndex}`);
  const clock = world.clockHeader();
  const shared = { ...(clock === null ? {} : { [WORLD_CLOCK_HEADER]: clock }), "cache-control": "no-store" };
  if (outcome.kind === "lost") return { status: 0, headers: {}, parts: [], ending: "reset", cutAtBytes: 0 };
  if (outcome.kind === "html") {
    const page = `<!DOCTYPE html>\n<html><head><title>${outcome.status}</title></head><body><h1>Error ${outcome.status}</h1><hr>cloudflare</body></html>\n`;
    const headers = {
      ...shared,
      "content-type": "text/html; charset=UTF-8",
      "cf-ray": requestId.slice(0, 16),
    };
    return { status: outcome.status, headers, parts: [Buffer.from(page)], ending: "complete", cutAtBytes: 0 };
  }
  const { status, body, more } = jsonOf(world, decision, outcome);
  const headers = {
    ...shared,
    ...more,
    "content-type": "application/json; charset=utf-8",
    "x-notion-request-id": requestId,
  };
  const parts = [Buffer.from(JSON.stringify({ ...body, request_id: requestId }))];
  return spoiled(world, decision.fault, { status, headers, parts, ending: "complete", cutAtBytes: 0 });
}

function jsonOf(
  world: World,
  { requestIndex }: Decision,
  outcome: Exclude<Outcome, { kind: "lost" | "html" }>,
): { status: number; body: Record<string, unknown>; more: Record<string, string> } {
  if (outcome.kind === "body") return { status: 200, body: outcome.body, more: {} };
  const { code, message, additional, retryAfterSeconds } = outcome.failure;
  return {
    status: ERROR_STATUS[code],
    body: {
      object: "error",
      status: ERROR_STATUS[code],
      code,
      message: reworded(world, requestIndex, message),
      additional_data: additional,
    },
    more: retryAfterSeconds === null ? {} : { "retry-after": String(retryAfterSeconds) },
  };
}

/** A reply whose body comes late or not whole. */
function spoiled(world: World, fault: NotionFault | null, reply: WireReply): WireReply {
  const size = bytesOf(reply.parts);
  const cutAtBytes = Math.max(1, Math.min(size - 1, Math.floor(size * (0.1 + 0.8 * (fault?.roll ?? 0)))));
  switch (fault?.kind) {
    case "slow_body":
      return { ...reply, beforeBody: () => world.sleep(fault.slowMs) };
    case "cut":
      return { ...reply, ending: "cut", cutAtBytes };
    case "cut_json":
      return { ...reply, parts: firstBytes(reply.parts, cutAtBytes) };
    default:
      return reply;
  }
}

/** Longest request body kept in the log, in characters. */
const LOGGED_BODY_MAX = 4_000;

function log(world: World, decision: Decision, outcome: Outcome, reply: WireReply): void {
  const { call, nowMs } = decision;
  const failure = outcome.kind === "failure" ? outcome.failure : null;
  world.log.append({
    at: new Date(nowMs).toISOString(),
    atMs: nowMs,
    method: call.method,
    path: call.path,
    endpoint: decision.endpoint,
    version: call.version,
    isWrite: decision.isWrite,
    status: reply.status,
    error: failure?.code ?? null,
    fault: decision.fault?.kind ?? null,
    early: decision.early,
    retryAfterSeconds: failure?.retryAfterSeconds ?? null,
    items: outcome.kind === "body" ? itemsIn(outcome.body) : 0,
    bodyBytes: call.bodyBytes,
    replyBytes: bytesOf(reply.parts),
    body: call.body?.slice(0, LOGGED_BODY_MAX) ?? null,
  });
}

function itemsIn({ results }: Record<string, unknown>): number {
  return Array.isArray(results) ? results.length : 1;
}
