import type { StoredError, StoredValue } from "./boundary.ts";

/** Where an instance stands. */
type InstanceState = "queued" | "running" | "errored" | "terminated" | "complete";

/** What is remembered of one step. */
export interface StepRecord {
  /** Attempts begun, those cut off by a crash included. */
  attemptCount: number;
  /** When the next attempt is due, in ms; only known for a delay that is not a function. */
  retryDueMs: number | null;
  result: StoredValue | null;
  /** Set when the retries are used up; a NonRetryableError is not remembered (nor is it by the local engine). */
  error: StoredError | null;
}

/** What is remembered of one instance. */
export interface InstanceRecord {
  readonly id: string;
  readonly params: StoredValue;
  readonly createdMs: number;
  state: InstanceState;
  output: StoredValue | null;
  error: StoredError | null;
  /** By step name and occurrence. */
  readonly steps: Map<string, StepRecord>;
  /** Due times of sleeps in ms, by name, duration and occurrence. */
  readonly sleepsDueMs: Map<string, number>;
}

/** Everything durable. It outlives the engine, as a disk outlives a process. */
export class WorkflowStore {
  readonly instances = new Map<string, InstanceRecord>();
}

/** Whether nothing will ever happen to the instance again. */
export function isFinished(record: InstanceRecord): boolean {
  return record.state === "errored" || record.state === "terminated" || record.state === "complete";
}
