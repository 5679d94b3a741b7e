import { FailureError, failureOf, type Failure } from "../core/errors.ts";
import { callTimeoutMs } from "../core/retry.ts";
import { afterReply, useIn, type CallUse, type QuotaReading, type Vendor } from "../core/quota.ts";
import { takeCall, type Grant } from "../core/quota/grant.ts";
import { quotaPlan } from "../core/quota/plan.ts";
import { sha256Hex } from "../core/identity.ts";
import type { VendorKey } from "../ports/run-store.ts";
import { fail, type StepScope } from "./durably.ts";
import type { RunContext } from "./run-context.ts";

/** Attempts to take a call out of a counter that others write as well. */
const TAKE_TRIES_MAX = 10;

export type VendorCall<T extends { quota: QuotaReading }> = {
  readonly keyName: string;
  readonly party: Vendor;
  readonly operation: string;
  /** What it is made for. */
  readonly use: CallUse;
  /** The account a reply revealed, to be remembered with the key; undefined if it reveals none. */
  readonly accountOf?: (reply: T) => { accountId: string; meetings: number | null };
  readonly send: (call: { timeoutMs: number; withoutFields: readonly string[] }) => Promise<T>;
};

/**
 * The only way to a vendor: reads `not_before` and the budget in D1, takes the call out of the budget, writes the
 * attempt, then calls, then writes what came of it. A call before its time is never made; a crash in the middle costs
 * one call of the budget. Timeouts grow with the timeouts this step has had.
 *
 * @throws FailureError of kind not_yet if the time has not come, reserved if what is left of the budget is kept for more
 * urgent calls; else what the call threw, written down first
 */
export async function throttled<T extends { quota: QuotaReading }>(
  context: RunContext,
  scope: StepScope,
  call: VendorCall<T>,
): Promise<T> {
  const { runs, world } = context.ports;
  const attemptId = world.newId();
  const timeouts = (await scope.failures()).filter((kind) => kind === "timed_out");
  const key = await take(context, scope, call, attemptId);
  scope.attemptId = attemptId;
  const startedRealMs = world.realNowMs();
  const settle = (reply: T | null, failure: Failure | null, proven: Partial<VendorKey>): Promise<void> =>
    runs.settleCall(
      context.fence,
      attemptId,
      { durationMs: world.realNowMs() - startedRealMs, failure },
      { ...settled(key, { reply, failure, nowMs: world.nowMs() }), ...proven },
    );
  let reply: T;
  try {
    reply = await scope.timed(call.operation, () =>
      call.send({ timeoutMs: callTimeoutMs(timeouts.length), withoutFields: key.withoutFields }),
    );
  } catch (error) {
    // What the vendor said counts, even if it cannot be written down now: the engine writes it with the decision.
    await settle(null, failureOf(error), {}).catch(() => undefined);
    throw error;
  }
  // From here on a failure is not the call's.
  scope.attemptId = null;
  const account = call.accountOf?.(reply);
  const proven =
    account === undefined
      ? {}
      : { accountHash: await sha256Hex(account.accountId), meetingsEstimate: account.meetings };
  await settle(reply, null, proven);
  return reply;
}

async function take<T extends { quota: QuotaReading }>(
  context: RunContext,
  scope: StepScope,
  call: VendorCall<T>,
  attemptId: string,
): Promise<VendorKey> {
  const { runs, world } = context.ports;
  for (let tries = 0; tries < TAKE_TRIES_MAX; tries += 1) {
    const key = await runs.vendorKey(call.keyName);
    const nowMs = world.nowMs();
    const { party } = call;
    const use = useIn(context.run, call.use);
    const grant = takeCall(key.quota, { ...quotaPlan(context.ports, party), nowMs, use });
    if (!grant.ok) refuse(party, grant);
    const attempt = {
      id: attemptId,
      runId: context.run.id,
      step: scope.name,
      party,
      operation: call.operation,
      isCall: true,
      atMs: nowMs,
    } as const;
    if (await runs.takeCall(context.fence, key, grant.state, attempt)) return { ...key, quota: grant.state };
  }
  throw new FailureError({
    kind: "locked",
    party: "d1",
    detail: "the counter of a key is written by too many at once",
  });
}

/** Nothing was sent, and the time is known at which it may be. */
function refuse(party: Vendor, { why, notBeforeMs }: Extract<Grant, { ok: false }>): never {
  if (why === "reserved") {
    const detail = "what is left of the budget of calls is kept for what is more urgent";
    return fail({ kind: "reserved", party, detail, notBeforeMs });
  }
  return fail({ kind: "not_yet", party, detail: "the named time has not come", notBeforeMs });
}

function settled<T extends { quota: QuotaReading }>(
  key: VendorKey,
  { reply, failure, nowMs }: { reply: T | null; failure: Failure | null; nowMs: number },
): VendorKey {
  const reading = reply?.quota ?? { limit: null, remaining: null, windowEndsMs: null };
  const gated = failure?.kind === "plan_gated" && failure.field !== undefined ? [failure.field] : [];
  return {
    ...key,
    quota: afterReply(key.quota, reading, { nowMs, notBeforeMs: failure?.notBeforeMs ?? null }),
    withoutFields: [...new Set([...key.withoutFields, ...gated])],
    denied: failure === null ? false : failure.kind === "denied" || key.denied,
  };
}
