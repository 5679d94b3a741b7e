import type { ProcessIdentity } from "./process-identity.ts";

/** Names of the two files of a data directory that a client reads. */
export const RUNTIME_FILE = "runtime.json";
export const TOKEN_FILE = "token";

/** `runtime.json`: who runs on a data directory. Everything about workerd is absent until it is ready. */
export interface RuntimeRecord {
  readonly node: ProcessIdentity;
  readonly workerd?: ProcessIdentity;
  readonly port?: number;
  readonly url?: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** A record as it was read; undefined for one that is not ours, or was cut off. */
export function asRuntimeRecord(value: unknown): RuntimeRecord | undefined {
  const record = value as Partial<RuntimeRecord> | undefined | null;
  return isIdentity(record?.node) && (record.workerd === undefined || isIdentity(record.workerd))
    ? (record as RuntimeRecord)
    : undefined;
}

/** Whether a text is what the runner writes into the file `token`. */
export function isToken(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function isIdentity(value: unknown): value is ProcessIdentity {
  const identity = value as Partial<ProcessIdentity> | undefined | null;
  return typeof identity?.pid === "number" && typeof identity.startTime === "string";
}
