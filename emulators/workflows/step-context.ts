import {
  crossed,
  isNonRetryable,
  revive,
  reviveError,
  store,
  type StoredValue,
  VALUE_BYTES_MAX,
} from "./boundary.ts";
import { type Backoff, type Duration, durationMs, retryDelayMs } from "./durations.ts";
import type { InstanceRecord, StepRecord } from "./store.ts";

/** Retries and timeout of one step, as the product may give them. */
export interface StepConfig {
  retries?: { limit: number; delay: Duration | DelayFunction; backoff?: Backoff };
  /** Per attempt. */
  timeout?: Duration;
}

/** A delay that looks at the failure; what it gets is the error as it looks after crossing the boundary. */
type DelayFunction = (input: { ctx: AttemptContext; error: Error }) => Duration | Promise<Duration>;

/** What a step's function is told. */
export interface AttemptContext {
  step: { name: string; count: number };
  /** 1-based; attempts cut off by a crash count. */
  attempt: number;
  config: Required<StepConfig>;
}

/** A step's work. */
export type StepWork<T> = (context: AttemptContext) => Promise<T>;

/** Moments between which a process can die; see `WorkflowEngineOptions.at`. */
export type WorkflowPoint =
  | "attempt_started"
  | "work_done"
  | "result_stored"
  | "sleep_started"
  | "sleep_ended";

/** One life of an instance in memory; it ends with `kill`, `terminate` or `delete`. */
export interface Lifetime {
  readonly signal: AbortSignal;
  /** Whether a retry delay that a kill interrupted goes on until its due time. */
  readonly keepsRetryDelays: boolean;
  nowMs(): number;
  /** Resolve when the clock shows `atMs`; forget about it when the signal aborts. */
  sleepUntil(atMs: number, signal: AbortSignal): Promise<void>;
  at(point: WorkflowPoint, instanceId: string, name: string): void | Promise<void>;
  /** End the instance as errored and never return to its code. */
  fail(message: string): never;
}

/** Why a timeout is called off. Without a reason each would be given an exception of its own, with its stack. */
const NOT_NEEDED = "the step is done";
const NAME_CHARS_MAX = 256;
const STEPS_MAX = 10_000;
const DEFAULTS: Required<StepConfig> = {
  // Delay by the docs; the local engine waits 1 s.
  retries: { limit: 5, delay: 10_000, backoff: "exponential" },
  timeout: 600_000,
};

/** Thrown inside the engine to leave the code of an ended life; nobody outside sees it. */
export class LifeEnded extends Error {}

/** The `step` that a workflow's `run` gets. */
export class StepContext {
  readonly #record: InstanceRecord;
  readonly #life: Lifetime;
  readonly #counts = new Map<string, number>();
  #stepCount = 0;

  constructor(record: InstanceRecord, life: Lifetime) {
    this.#record = record;
    this.#life = life;
  }

  /** Run once and remember; see `WorkflowStep.do`. */
  do<T>(name: string, work: StepWork<T>): Promise<T>;
  do<T>(name: string, config: StepConfig, work: StepWork<T>): Promise<T>;
  do<T>(name: string, configOrWork: StepConfig | StepWork<T>, work?: StepWork<T>): Promise<T> {
    return this.#alive(async () => {
      if (typeof configOrWork === "function") return this.#do(name, DEFAULTS, configOrWork);
      if (work === undefined) throw new TypeError("step.do needs a function");
      return this.#do(name, resolveConfig(configOrWork), work);
    });
  }

  /** Sleep for a duration; the due time survives a restart. */
  sleep(name: string, duration: Duration): Promise<void> {
    return this.#alive(() => this.#sleep(name, durationMs(duration)));
  }

  /**
   * Sleep until a moment.
   *
   * @throws Error when it lies in the past, also on replay when this very sleep ended before the restart: the engine keys
   * a sleep by its remaining duration and never gets to look it up
   */
  sleepUntil(name: string, timestamp: Date | number): Promise<void> {
    return this.#alive(async () => {
      const atMs = timestamp instanceof Date ? timestamp.getTime() : timestamp;
      const nowMs = this.#life.nowMs();
      if (atMs < nowMs) throw new Error("You can't sleep until a time in the past, time-traveler");
      await this.#sleep(name, atMs - nowMs);
    });
  }

  /** Not imitated. */
  async waitForEvent(): Promise<never> {
    throw new TypeError("the Workflows emulator has no waitForEvent");
  }

  async #do<T>(name: string, config: Required<StepConfig>, work: StepWork<T>): Promise<T> {
    if (++this.#stepCount > STEPS_MAX) {
      throw new Error(
        `WorkflowFatalError: The limit of ${STEPS_MAX} steps has been reached. This limit can be changed in your worker configuration.`,
      );
    }
    // eslint-disable-next-line no-control-regex
    if (name.length > NAME_CHARS_MAX || /[\u0000-\u001f]/.test(name)) {
      throw new Error(
        `WorkflowFatalError: Step name "${name}" exceeds max length (${NAME_CHARS_MAX} chars) or invalid characters found`,
      );
    }
    const count = this.#countUp(`do ${name}`);
    const key = `${name}-${count}`;
    const record: StepRecord = this.#record.steps.get(key) ?? aStep();
    this.#record.steps.set(key, record);
    if (record.error !== null) throw reviveError(record.error);
    // Still set on a first look at the step: the wait belongs to a life before this one.
    if (this.#life.keepsRetryDelays && record.result === null) await this.#waitUntil(record.retryDueMs ?? 0);
    const stored = record.result ?? (await this.#attemptUntilDone(record, { name, count, config }, work));
    // The engine checks nothing about types either: what went in comes out.
    return revive(stored) as T;
  }

  async #attemptUntilDone<T>(record: StepRecord, step: Step, work: StepWork<T>): Promise<StoredValue> {
    for (;;) {
      const context: AttemptContext = {
        step: { name: step.name, count: step.count },
        attempt: ++record.attemptCount,
        config: step.config,
      };
      await this.#point("attempt_started", step.name);
      let error: Error;
      try {
        const value = await this.#withTimeout(durationMs(step.config.timeout), work(context));
        await this.#point("work_done", step.name);
        record.result = this.#keep(step, value);
        await this.#point("result_stored", step.name);
        return record.result;
      } catch (caught) {
        if (caught instanceof LifeEnded) throw caught;
        this.#checkAlive();
        error = crossed(caught);
      }
      // Not remembered: on replay the step runs again, as in the local engine.
      if (isNonRetryable(error)) throw error;
      if (record.attemptCount > step.config.retries.limit) {
        record.error = { name: error.name, message: error.message };
        throw error;
      }
      await this.#waitForRetry(record, context, error);
    }
  }

  async #waitForRetry(record: StepRecord, context: AttemptContext, error: Error): Promise<void> {
    const { delay, backoff = "constant" } = context.config.retries;
    const base = typeof delay === "function" ? await delay({ ctx: context, error }) : delay;
    const dueMs = this.#life.nowMs() + retryDelayMs(backoff, durationMs(base), context.attempt);
    // What a function said is not written down, so a restart forgets it.
    record.retryDueMs = typeof delay === "function" ? null : dueMs;
    await this.#waitUntil(dueMs);
    record.retryDueMs = null;
  }

  async #waitUntil(dueMs: number): Promise<void> {
    if (dueMs > this.#life.nowMs()) await this.#life.sleepUntil(dueMs, this.#life.signal);
    this.#checkAlive();
  }

  #keep(step: Step, value: unknown): StoredValue {
    let stored: StoredValue;
    try {
      stored = store(value);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return this.#life.fail(
        `The execution of the Workflow instance was terminated, as the step "${step.name}" returned a value which is not serialisable`,
      );
    }
    if (stored.length > VALUE_BYTES_MAX) {
      throw new Error(
        `WorkflowInternalError: Step ${step.name}-${step.count} output is too large. Maximum allowed size is 1MiB.`,
      );
    }
    return stored;
  }

  async #withTimeout<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
    const done = new AbortController();
    const stop = (): void => done.abort(NOT_NEEDED);
    this.#life.signal.addEventListener("abort", stop, { once: true });
    const timeout = this.#life.sleepUntil(this.#life.nowMs() + timeoutMs, done.signal).then(async () => {
      // An aborted sleep may resolve or stay pending; either way it must not win.
      if (done.signal.aborted) return new Promise<never>(() => {});
      throw new Error(`WorkflowTimeoutError: Execution timed out after ${timeoutMs}ms`);
    });
    try {
      return await Promise.race([work, timeout]);
    } finally {
      this.#life.signal.removeEventListener("abort", stop);
      stop();
      this.#checkAlive();
    }
  }

  async #sleep(name: string, ms: number): Promise<void> {
    const key = `${name} ${ms}-${this.#countUp(`sleep ${name} ${ms}`)}`;
    const known = this.#record.sleepsDueMs.get(key);
    const dueMs = known ?? this.#life.nowMs() + ms;
    this.#record.sleepsDueMs.set(key, dueMs);
    await this.#point("sleep_started", name);
    await this.#waitUntil(dueMs);
    await this.#point("sleep_ended", name);
  }

  #countUp(key: string): number {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }

  async #point(point: WorkflowPoint, name: string): Promise<void> {
    await this.#life.at(point, this.#record.id, name);
    this.#checkAlive();
  }

  #checkAlive(): void {
    if (this.#life.signal.aborted) throw new LifeEnded("this life of the instance has ended");
  }

  /** Whatever a dead life asks for never settles, so its code goes no further. */
  async #alive<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.#checkAlive();
      const value = await work();
      this.#checkAlive();
      return value;
    } catch (error) {
      if (this.#life.signal.aborted) return new Promise<never>(() => {});
      throw error;
    }
  }
}

interface Step {
  name: string;
  count: number;
  config: Required<StepConfig>;
}

function aStep(): StepRecord {
  return { attemptCount: 0, retryDueMs: null, result: null, error: null };
}

function resolveConfig(config: StepConfig): Required<StepConfig> {
  return { ...DEFAULTS, ...config, retries: { ...DEFAULTS.retries, ...config.retries } };
}
