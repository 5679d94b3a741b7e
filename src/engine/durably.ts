import { FailureError, failureOf, type Failure } from "../core/errors.ts";
import { STEP_RESULT_BYTES_MAX } from "../core/limits.ts";
import { LEASE_MARGIN_MS, LEASE_TERM_MS, STEP_ROUNDS_MAX } from "../core/policy.ts";
import { failuresOnLadder, nextAfter, type Next } from "../core/retry.ts";
import type { Operations, RunContext } from "./run-context.ts";

/** What a step knows about itself while it runs. */
export type StepScope = {
  readonly name: string;
  /** Kinds of the failures of this step before this attempt, oldest first; timeouts grow and pages shrink with them. */
  failures(): Promise<readonly Failure["kind"][]>;
  /** Measure a part of the step under the name of an operation. */
  timed<T>(operation: string, work: () => Promise<T>): Promise<T>;
  /** The attempt row of the vendor call in progress, if any; a failure completes that row instead of adding one. */
  attemptId: string | null;
};

/** Ends a run early: parked until a time (or until a person acts), or halted. Thrown by `durably`, caught by `engine/run`. */
export class RunEnded extends Error {
  readonly failure: Failure;
  readonly next: Exclude<Next, { do: "wait" }>;

  constructor(failure: Failure, next: Exclude<Next, { do: "wait" }>) {
    super(failure.detail);
    this.name = "RunEnded";
    this.failure = failure;
    this.next = next;
  }
}

type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly spent: Operations }
  | { readonly ok: false; readonly failure: Failure; readonly next: Next };

/**
 * Run a step until it succeeds, waits too long, or has used up its retries.
 *
 * Failures are returned as values, so that the decision is remembered with the step and a restart waits for exactly the
 * same instant. Every failed attempt is a row before anything else happens. Only the engine waits.
 *
 * @throws RunEnded when the run must park or halt; anything else when the ledger itself cannot be written, which the
 * step engine retries
 */
export async function durably<T>(
  context: RunContext,
  name: string,
  work: (scope: StepScope) => Promise<T>,
): Promise<T> {
  for (let round = 1; round <= STEP_ROUNDS_MAX; round += 1) {
    const stepName = round === 1 ? name : `${name}, round ${round}`;
    const outcome = await context.steps.do(stepName, (tries) =>
      attempt(context, { name, stepName, tries }, work),
    );
    if (outcome.ok) {
      context.spent.push(outcome.spent);
      return outcome.value;
    }
    if (outcome.next.do !== "wait") throw new RunEnded(outcome.failure, outcome.next);
    await context.steps.sleepUntil(`${stepName}, wait`, outcome.next.untilMs);
  }
  const failure: Failure = {
    kind: "defect",
    party: "engine",
    detail: `${name} came round ${STEP_ROUNDS_MAX} times`,
  };
  throw new RunEnded(failure, { do: "halt", alert: true, exhausted: true });
}

/** A step, the name of its round for the step engine, and which try of that round this is. */
type Try = { readonly name: string; readonly stepName: string; readonly tries: number };

/**
 * One try. A former one that did not throw in this process was cut off: nobody could write that down but whoever comes
 * next, and it counts like any other failure, or a step that ends the program would be begun for ever.
 */
async function attempt<T>(
  context: RunContext,
  { name, stepName, tries }: Try,
  work: (scope: StepScope) => Promise<T>,
): Promise<Outcome<T>> {
  const isCutOff = tries > 1 && context.thrown.get(stepName) !== tries - 1;
  const interrupted = (): never =>
    fail({ kind: "interrupted", party: "engine", detail: `the program ended in the middle of ${name}` });
  try {
    return await attemptOnce(context, name, isCutOff ? interrupted : work);
  } catch (error) {
    // The next try must learn of the one that was cut off, if this one could not write it down.
    if (!isCutOff) context.thrown.set(stepName, tries);
    throw error;
  }
}

async function attemptOnce<T>(
  context: RunContext,
  name: string,
  work: (scope: StepScope) => Promise<T>,
): Promise<Outcome<T>> {
  const { world, runs } = context.ports;
  const startedRealMs = world.realNowMs();
  const atMs = world.nowMs();
  const spent: Record<string, { times: number; ms: number }> = {};
  let failures: readonly Failure["kind"][] | null = null;
  const scope: StepScope = {
    name,
    failures: async () => (failures ??= (await runs.failuresOf(context.run.id, name)).items),
    attemptId: null,
    timed: async (operation, part) => {
      const partStartedMs = world.realNowMs();
      try {
        return await part();
      } finally {
        const sum = (spent[operation] ??= { times: 0, ms: 0 });
        sum.times += 1;
        sum.ms += world.realNowMs() - partStartedMs;
      }
    },
  };
  try {
    await holdLease(context);
    return { ok: true, value: bounded(await work(scope)), spent };
  } catch (error) {
    const failure = failureOf(error);
    // Whoever lost the lane may not write about it either.
    if (failure.kind === "superseded") {
      return { ok: false, failure, next: { do: "halt", alert: false, exhausted: false } };
    }
    // Nothing was tried: the budget of a use is spent as planned.
    if (failure.kind === "reserved")
      return { ok: false, failure, next: nextAfter(failure, 1, world.nowMs()) };
    const { next, decidedMs } = await decided(context, scope, failure);
    const row = {
      id: scope.attemptId ?? world.newId(),
      runId: context.run.id,
      step: name,
      party: failure.party,
      operation: name.split(":")[0] ?? name,
      isCall: scope.attemptId !== null,
      atMs,
    };
    await runs.recordFailure(context.fence, row, {
      failure,
      next,
      decidedMs,
      durationMs: world.realNowMs() - startedRealMs,
    });
    return { ok: false, failure, next };
  }
}

/** What happens next after a failure of a step, by those that it has had before, and when that was decided, world ms. */
export async function decided(
  { ports }: Pick<RunContext, "ports">,
  scope: Pick<StepScope, "failures">,
  failure: Failure,
): Promise<{ readonly next: Next; readonly decidedMs: number }> {
  const before = await scope.failures();
  const decidedMs = ports.world.nowMs();
  return { next: nextAfter(failure, failuresOnLadder(before, failure.kind) + 1, decidedMs), decidedMs };
}

/** A step passes references, never bodies; the platform caps what it may return, the local runtime does not. */
function bounded<T>(value: T): T {
  const bytes = JSON.stringify(value ?? null).length;
  if (bytes > STEP_RESULT_BYTES_MAX) {
    fail({ kind: "defect", party: "engine", detail: `a step returned ${bytes} bytes` });
  }
  return value;
}

/** Renew the lease when less than half is left: an effect outside D1 must end well before another run may start. */
export async function holdLease(context: RunContext): Promise<void> {
  const nowMs = context.ports.world.realNowMs();
  if (context.lease.expiresRealMs - nowMs > LEASE_TERM_MS / 2 + LEASE_MARGIN_MS) return;
  const expiresRealMs = nowMs + LEASE_TERM_MS;
  await context.ports.runs.renewLease(context.fence, expiresRealMs);
  context.lease.expiresRealMs = expiresRealMs;
}

/** Throw a failure of our own. */
export function fail(failure: Failure): never {
  throw new FailureError(failure);
}
