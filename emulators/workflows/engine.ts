import type { Workflow } from "@cloudflare/workers-types";
import { crossed, isNonRetryable, revive, store, VALUE_BYTES_MAX } from "./boundary.ts";
import { LifeEnded, type Lifetime, StepContext, type WorkflowPoint } from "./step-context.ts";
import { type InstanceRecord, isFinished, type WorkflowStore } from "./store.ts";

/** What a workflow's `run` is told; the payload is a fresh copy. */
interface WorkflowRunEvent {
  payload: unknown;
  timestamp: Date;
  instanceId: string;
  workflowName: string;
}

/** A workflow as a function; a class is `(event, step) => new Flow(context, env).run(event, step)`. */
export type WorkflowRun = (event: WorkflowRunEvent, step: StepContext) => Promise<unknown>;

/** How an engine is made. */
export interface WorkflowEngineOptions {
  run: WorkflowRun;
  /** The clock, in ms. */
  nowMs: () => number;
  /** Resolve when the clock shows `atMs`; a clock that jumps to its next timer must drop this one when `signal` aborts. */
  sleepUntilVirtual: (atMs: number, signal: AbortSignal) => Promise<void>;
  /** What outlives a kill. */
  store: WorkflowStore;
  /** Told (and waited for) between any two durable moments; it may call `kill`, and must not throw. */
  at?: (point: WorkflowPoint, instanceId: string, name: string) => void | Promise<void>;
  workflowName?: string;
  /**
   * What a kill does to a pending retry delay. Measured on the local engine: a delay given as a number keeps its due time,
   * one given as a function is forgotten and the next attempt runs at once. The default "forgotten" forgets both, which is
   * the harder case; "kept" does as measured. A simulation should try both.
   */
  retryDelaysAfterKill?: "forgotten" | "kept";
}

/** An engine: the platform under the product, which stays when the product's process dies. */
export interface WorkflowEngine {
  /** What the Worker gets as `env.<WORKFLOW>`: create, createBatch, get; handles with status, sendEvent, terminate, delete. */
  readonly binding: Workflow;
  /**
   * End the process: nothing of what runs goes on, and only the store remains. Unfinished instances still say "running"
   * and do not resume until `sendEvent`; sleeps keep their due times, retry delays by `retryDelaysAfterKill`.
   */
  kill(): void;
  /** Wire the workflow anew, as a new process does with its own ports. */
  setRun(run: WorkflowRun): void;
  /** Instances with code in memory now. */
  runningIds(): string[];
}

/** Given as a reason, so that no exception with its stack is made for each life. */
const ENDED = "the life has ended";
const ID_PATTERN = /^[a-zA-Z0-9_][a-zA-Z0-9-_]*$/;
const ID_CHARS_MAX = 100;
const BATCH_MAX = 100;

/**
 * Make a Workflows engine inside this process.
 *
 * Faithful to the local engine of Miniflare 5 (read and measured): step cache by name and occurrence, retry arithmetic,
 * errors that lose their class, NonRetryableError by name only, ids unique until deleted, no resumption after a restart.
 * Stricter: step results and parameters above 1 MiB are refused. Not imitated: waitForEvent, pause, resume, restart,
 * rollback, streams, retention.
 */
export function createWorkflowEngine(options: WorkflowEngineOptions): WorkflowEngine {
  return new Engine(options);
}

interface CreateOptions {
  id?: string;
  params?: unknown;
}

interface BatchError {
  index: number;
  id: string;
  code: number;
  message: string;
}

class Engine implements WorkflowEngine {
  readonly binding: Workflow;
  readonly #options: WorkflowEngineOptions;
  readonly #lives = new Map<string, AbortController>();
  #run: WorkflowRun;
  #unnamedCount = 0;

  constructor(options: WorkflowEngineOptions) {
    this.#options = options;
    this.#run = options.run;
    const binding = {
      create: (request?: CreateOptions) => this.#create(request ?? {}),
      createBatch: (batch: { instances: CreateOptions[] }) => this.#createBatch(batch),
      get: async (id: string) => {
        await Promise.resolve();
        this.#find(id);
        return this.#handle(id);
      },
    };
    // The rest of the interface (deleteBatch, pause, subscribe, …) is missing on purpose: using it fails loudly.
    this.binding = binding as unknown as Workflow;
  }

  kill(): void {
    for (const id of this.#lives.keys()) this.#endLife(id);
  }

  setRun(run: WorkflowRun): void {
    this.#run = run;
  }

  runningIds(): string[] {
    return [...this.#lives.keys()];
  }

  async #create(request: CreateOptions): Promise<object> {
    await Promise.resolve();
    const { id = `unnamed-${++this.#unnamedCount}`, params = {} } = request;
    if (!ID_PATTERN.test(id) || id.length > ID_CHARS_MAX) {
      throw new Error("WorkflowError: Workflow instance has invalid id");
    }
    if (this.#options.store.instances.has(id)) {
      throw new Error(
        `WorkflowError: (instance.already_exists) Workflow instance with id "${id}" already exists`,
      );
    }
    const stored = store(params);
    if (stored.length > VALUE_BYTES_MAX) throw new Error("WorkflowError: params are larger than 1MiB");
    const record: InstanceRecord = {
      id,
      params: stored,
      createdMs: this.#options.nowMs(),
      state: "queued",
      output: null,
      error: null,
      steps: new Map(),
      sleepsDueMs: new Map(),
    };
    this.#options.store.instances.set(id, record);
    this.#start(record);
    return this.#handle(id);
  }

  async #createBatch(batch: { instances: CreateOptions[] }): Promise<object> {
    const { instances } = batch;
    if (instances.length === 0 || instances.length > BATCH_MAX) {
      throw new Error("WorkflowError: (body) Batch size exceeds maximum allowed");
    }
    const created: object[] = [];
    const errors: BatchError[] = [];
    const seen = new Set<string>();
    for (const [index, request] of instances.entries()) {
      const id = request.id ?? "";
      if (seen.has(id)) {
        errors.push({ index, id, code: 10415, message: "workflows.api.error.instance.duplicate_in_batch" });
      } else if (this.#options.store.instances.has(id)) {
        errors.push({ index, id, code: 10405, message: "workflows.api.error.instance.already_exists" });
      } else created.push(await this.#create(request));
      if (id !== "") seen.add(id);
    }
    return { created, errors };
  }

  #handle(id: string): object {
    return {
      id,
      status: async () => {
        await Promise.resolve();
        return this.#status(this.#find(id));
      },
      sendEvent: async () => {
        await Promise.resolve();
        this.#start(this.#find(id));
      },
      terminate: async () => {
        await Promise.resolve();
        const record = this.#find(id);
        if (isFinished(record)) {
          throw new Error(
            "WorkflowError: (instance.cannot_terminate) Cannot terminate instance since its on a finite state",
          );
        }
        record.state = "terminated";
        this.#endLife(id);
      },
      delete: async () => {
        await Promise.resolve();
        this.#find(id);
        this.#options.store.instances.delete(id);
        this.#endLife(id);
      },
    };
  }

  #find(id: string): InstanceRecord {
    const record = this.#options.store.instances.get(id);
    if (record === undefined) throw new Error("instance.not_found");
    return record;
  }

  #status(record: InstanceRecord): object {
    return {
      status: record.state,
      output: record.output === null ? null : revive(record.output),
      ...(record.error === null ? {} : { error: { ...record.error } }),
    };
  }

  #endLife(id: string): void {
    const controller = this.#lives.get(id);
    // First out of the map: an abort listener may look at who is running.
    this.#lives.delete(id);
    controller?.abort(ENDED);
  }

  #start(record: InstanceRecord): void {
    if (isFinished(record) || this.#lives.has(record.id)) return;
    const controller = new AbortController();
    this.#lives.set(record.id, controller);
    void this.#live(record, controller.signal);
  }

  async #live(record: InstanceRecord, signal: AbortSignal): Promise<void> {
    const { nowMs, sleepUntilVirtual, at } = this.#options;
    const finish = (outcome: Partial<InstanceRecord>) => {
      if (signal.aborted) return;
      Object.assign(record, outcome);
      this.#endLife(record.id);
    };
    const life: Lifetime = {
      signal,
      keepsRetryDelays: this.#options.retryDelaysAfterKill === "kept",
      nowMs,
      sleepUntil: sleepUntilVirtual,
      at: (point, id, name) => at?.(point, id, name),
      fail: (message) => {
        finish({ state: "errored", error: { name: "WorkflowFatalError", message } });
        throw new LifeEnded(message);
      },
    };
    const event: WorkflowRunEvent = {
      payload: revive(record.params),
      timestamp: new Date(record.createdMs),
      instanceId: record.id,
      workflowName: this.#options.workflowName ?? "workflow",
    };
    // Never in the turn of `create`: the caller must have its handle before anything happens.
    await Promise.resolve();
    if (signal.aborted) return;
    record.state = "running";
    try {
      const output = await this.#run(event, new StepContext(record, life));
      finish({ output: store(output), state: "complete" });
    } catch (error) {
      finish({ state: "errored", error: describe(crossed(error)) });
    }
  }
}

function describe(error: Error): { name: string; message: string } {
  if (!isNonRetryable(error)) return { name: error.name, message: error.message };
  return {
    name: "WorkflowFatalError",
    message:
      "The execution of the Workflow instance was terminated, as a step threw an NonRetryableError and it was not handled",
  };
}
