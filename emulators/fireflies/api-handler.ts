import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Fault, plannedFault } from "../faults/plan.ts";
import { type ApiCall, allowsGzip, authFailed, loggedVariables, operationOf, readCall } from "./api-call.ts";
import { apiError } from "./api-errors.ts";
import { applyDueOps } from "./control.ts";
import { type ApiReply, errorReply, runOperation } from "./execute.ts";
import { budgetOf, checkBlock, rateLimitHeaders, rolledOver, takeCall } from "./quota.ts";
import type { ApiContext } from "./resolvers.ts";
import { bytesOf, firstBytes, type WireReply } from "../world/wire-reply.ts";
import { clockHeader, commit, nowOf, type World } from "./world.ts";
import { removeMeeting, setFields } from "./world-changes.ts";
import type { NextFault } from "./world-state.ts";

const compress = promisify(gzip);

/** One call while it is decided: what arrived, and what became of it. */
type Decision = {
  call: ApiCall;
  atMs: number;
  realMs: number;
  openConnections: number;
  fault: NextFault | null;
  early: boolean;
  counted: boolean;
  items: number;
  error: string | null;
  /** HTML instead of JSON, for gateway failures. */
  isHtml: boolean;
  retryAfterMs: number | null;
};

/**
 * Answer one request to the API.
 *
 * Reading the body, waiting and compressing are asynchronous; everything between, log line included, is decided in
 * one go and committed before the reply leaves.
 *
 * @param onWire true if a socket follows: the body may then be compressed. Without a socket it never is, because
 *   nothing would unpack it
 */
export async function answerApiCall(world: World, request: Request, onWire: boolean): Promise<WireReply> {
  world.inFlight += 1;
  const decision = arrivalOf(world);
  try {
    decision.call = await readCall(request);
    const gzipped = onWire && allowsGzip(decision.call.acceptEncoding);
    const reply = commit(world, () => {
      const decided = decide(world, decision);
      log(world, decision, decided, gzipped);
      return decided;
    });
    if (decision.fault?.kind === "slow") await world.sleep(decision.fault.slowMs);
    return gzipped && reply.ending !== "reset" ? await compressed(reply, decision.fault) : reply;
  } finally {
    world.inFlight -= 1;
  }
}

function arrivalOf(world: World): Decision {
  return {
    call: { key: null, operation: [], acceptEncoding: null, refusal: null },
    atMs: nowOf(world),
    realMs: world.realNowMs(),
    openConnections: world.inFlight,
    fault: null,
    early: false,
    counted: false,
    items: 0,
    error: null,
    isHtml: false,
    retryAfterMs: null,
  };
}

async function compressed(reply: WireReply, fault: NextFault | null): Promise<WireReply> {
  const body = await compress(Buffer.concat(reply.parts), { level: 1 });
  const cutAtBytes = fault?.kind === "cut" ? cutPoint(fault, body.byteLength) : 0;
  const headers = { ...reply.headers, "content-encoding": "gzip", vary: "accept-encoding" };
  return { ...reply, headers, parts: [body], cutAtBytes };
}

function decide(world: World, decision: Decision): WireReply {
  const reply = replyTo(world, decision);
  decision.error = reply.firstError;
  const operation = operationOf(decision.call);
  if (operation?.rootFields.includes("transcripts") && reply.status === 200) applyDueOps(world);
  return toWire(world, decision, reply);
}

/** Guard, key, block, fault, budget, then GraphQL: the first that has something to say answers. */
function replyTo(world: World, decision: Decision): ApiReply {
  const { state } = world;
  const { call } = decision;
  if (call.refusal) return errorReply([call.refusal.error], call.refusal.status, state.requestCount);
  if (call.key === null || !state.keys.includes(call.key)) return failure(world, authFailed());
  const index = state.requestCount;
  state.requestCount += 1;
  const block = checkBlock(state.quota, decision.atMs);
  state.quota = block.state;
  if (block.verdict === "early") {
    decision.early = true;
    return tooMany(world, decision);
  }
  decision.fault = takeNextFault(world, call) ?? plannedFault(state.faults, index);
  const { fault } = decision;
  if (fault === null || fault.counted) {
    const taken = takeCall(state.quota, budgetOf(state.plan, state.quotaPerDay), decision.atMs);
    state.quota = taken.state;
    if (taken.verdict === "spent") {
      decision.fault = null;
      return tooMany(world, decision);
    }
    decision.counted = true;
  }
  return (fault && faultReply(world, decision, fault)) ?? runCall(world, decision);
}

function failure(world: World, error: Parameters<typeof errorReply>[0][number]): ApiReply {
  const isMatching = world.state.behaviour.errorStatus === "matching";
  const status = typeof error.extensions["status"] === "number" ? error.extensions["status"] : 400;
  return errorReply([error], isMatching ? status : 200, world.state.requestCount);
}

/** 429 with the instant until which calls are refused, in header and metadata. Source: reference, section 4. */
function tooMany(world: World, decision: Decision): ApiReply {
  const untilMs = world.state.quota.blockedUntilMs;
  decision.retryAfterMs = untilMs - decision.atMs;
  const clockTime = new Date(untilMs).toLocaleTimeString("en-US", { timeZone: "UTC" }).replace(/\s/, " ");
  const message = `Too many requests. Please retry after ${clockTime} (UTC)`;
  return failure(world, apiError("too_many_requests", message, { retryAfter: untilMs }));
}

function takeNextFault(world: World, call: ApiCall): NextFault | null {
  const { nextFaults } = world.state;
  const fields = operationOf(call)?.rootFields ?? [];
  const at = nextFaults.findIndex(({ field }) => field === undefined || fields.includes(field));
  return at === -1 ? null : (nextFaults.splice(at, 1)[0] ?? null);
}

/** The reply of a fault that replaces the answer; null for faults that spoil a real one. */
function faultReply(world: World, decision: Decision, fault: NextFault): ApiReply | null {
  const { quota } = world.state;
  switch (fault.kind) {
    case "api_error":
      return failure(world, apiError(fault.code, `The request failed: ${fault.code}`));
    case "rate_limited": {
      const untilMs = Math.max(quota.blockedUntilMs, decision.atMs + fault.retryAfterSeconds * 1_000);
      world.state.quota = { ...quota, blockedUntilMs: untilMs };
      return tooMany(world, decision);
    }
    case "server_error":
      return htmlReply(decision, 500, "Internal Server Error");
    case "gateway_timeout":
      return htmlReply(decision, 504, "Gateway time-out");
    case "html":
      return htmlReply(decision, 200, "Just a moment...");
    case "errors_in_200": {
      const error = apiError("invariant_violation", "Something went wrong");
      const reply = errorReply([error], 200, world.state.requestCount);
      const [errors] = reply.parts;
      return { ...reply, parts: [Buffer.from('{"data":null,'), errors!.subarray(1)] };
    }
    default:
      return null;
  }
}

function htmlReply(decision: Decision, status: number, title: string): ApiReply {
  decision.isHtml = true;
  const page = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><center><h1>${status} ${title}</h1></center><hr><center>cloudflare</center></body></html>\n`;
  return { status, parts: [Buffer.from(page)], firstError: null };
}

function runCall(world: World, decision: Decision): ApiReply {
  const { operation } = decision.call;
  if (!("document" in operation)) return errorReply(operation, 400, world.state.requestCount);
  const context: ApiContext = {
    nowMs: decision.atMs,
    state: world.state,
    store: world.store,
    cache: world.cache,
    partialRoll: decision.fault?.kind === "partial" ? decision.fault.roll : null,
    partialHappened: false,
    errors: [],
    items: 0,
    mutate: {
      rename: (id, title) => setFields(world, id, { title }),
      setPrivacy: (id, privacy) => setFields(world, id, { privacy }),
      remove: (id) => removeMeeting(world, id),
    },
  };
  const reply = runOperation(operation, context);
  decision.items = context.items;
  if (decision.fault?.kind === "partial" && !context.partialHappened) decision.fault = null;
  return reply;
}

/** Operations whose replies lacked the rate limit headers in recordings. Source: reference, section 4. */
const FIELDS_WITHOUT_RATE_HEADERS = new Set(["channels", "channel", "user_groups", "active_meetings"]);

function rateHeaders(world: World, decision: Decision): Record<string, string> {
  const { state } = world;
  const operation = operationOf(decision.call);
  const isBare = operation?.rootFields.every((field) => FIELDS_WITHOUT_RATE_HEADERS.has(field));
  if (
    !state.behaviour.rateHeaders ||
    isBare === true ||
    decision.isHtml ||
    decision.call.refusal ||
    decision.error === "auth_failed"
  )
    return {};
  const budget = budgetOf(state.plan, state.quotaPerDay);
  return rateLimitHeaders(rolledOver(state.quota, budget, decision.atMs), budget, decision.atMs);
}

function toWire(world: World, decision: Decision, reply: ApiReply): WireReply {
  const { fault, retryAfterMs } = decision;
  const headers: Record<string, string> = {
    "content-type": decision.isHtml ? "text/html; charset=UTF-8" : "application/json; charset=utf-8",
    "cache-control": "no-store",
    ...clockHeader(world),
    ...rateHeaders(world, decision),
    ...(retryAfterMs === null ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) }),
  };
  const size = bytesOf(reply.parts);
  const cutAtBytes = fault && "roll" in fault ? cutPoint(fault, size) : 0;
  const parts = fault?.kind === "cut_json" ? firstBytes(reply.parts, cutAtBytes) : reply.parts;
  const ending = fault?.kind === "cut" ? "cut" : fault?.kind === "reset" ? "reset" : "complete";
  return { status: reply.status, headers, parts, ending, cutAtBytes };
}

/** Somewhere in the body, never at its end: the rest must be missing. */
function cutPoint(fault: Fault, size: number): number {
  return Math.max(1, Math.min(size - 1, Math.floor(size * (0.1 + 0.8 * fault.roll))));
}

function log(world: World, decision: Decision, reply: WireReply, gzipped: boolean): void {
  const { call, atMs } = decision;
  const operation = operationOf(call);
  const isReset = reply.ending === "reset";
  world.log.append({
    at: new Date(atMs).toISOString(),
    atMs,
    realMs: decision.realMs,
    operation: operation ? (operation.name ?? operation.rootFields.join("+")) : null,
    fields: operation?.rootFields ?? [],
    variables: loggedVariables(operation?.variables ?? {}),
    status: isReset ? 0 : reply.status,
    error: decision.error,
    fault: decision.fault?.kind ?? null,
    early: decision.early,
    counted: decision.counted,
    acceptEncoding: call.acceptEncoding,
    responseBytes: isReset ? 0 : bytesOf(reply.parts),
    gzipped: gzipped && !isReset,
    openConnections: decision.openConnections,
    items: decision.items,
  });
}
