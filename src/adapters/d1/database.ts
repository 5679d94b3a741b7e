import type { D1Database, D1PreparedStatement, D1Result } from "@cloudflare/workers-types";
import { FailureError, type FailureKind } from "../../core/errors.ts";
import { D1_VALUE_BYTES_MAX } from "../../core/limits.ts";
import type { Fence } from "../../ports/run-store.ts";

export type Value = string | number | null;

/** One statement with its values; what a batch is made of. */
export type Statement = { readonly sql: string; readonly values: readonly Value[] };

/** Build a statement. */
export function statement(sql: string, ...values: Value[]): Statement {
  return { sql, values };
}

/** D1 with classified failures. Rows come back as plain objects. */
export type Database = {
  rows<T>(sql: string, ...values: Value[]): Promise<T[]>;
  /** All or nothing; results in order. */
  batch(statements: readonly Statement[]): Promise<D1Result[]>;
  /** A batch that commits only while the fence's lease stands; fails with kind "superseded" otherwise. */
  fenced(fence: Fence, statements: readonly Statement[]): Promise<D1Result[]>;
};

/** Wrap a D1 binding. */
export function createDatabase(d1: D1Database): Database {
  const prepared = ({ sql, values }: Statement): D1PreparedStatement => d1.prepare(sql).bind(...values);
  const batch = (statements: readonly Statement[]): Promise<D1Result[]> =>
    statements.length === 0 ? Promise.resolve([]) : classified(() => d1.batch(statements.map(prepared)));
  return {
    rows: (sql, ...values) =>
      classified(async () => (await prepared({ sql, values }).all()).results as never),
    batch,
    fenced: async (fence, statements) => (await batch([guard(fence), ...statements])).slice(1),
  };
}

/**
 * The fence: `ok` is 1 while the lane's token is ours, else 0 or null, which the table's constraints refuse; the whole
 * batch then rolls back. Source: protocols 1.
 */
function guard(fence: Fence): Statement {
  return statement(
    `insert into fences (lane, ok)
     values (?1, (select token = ?2 from leases where lane = ?1))
     on conflict (lane) do update set ok = excluded.ok`,
    fence.lane,
    fence.token,
  );
}

/**
 * Rows as JSON parameters for `json_each`, each small enough to be bound. One row above the limit fails as a defect:
 * callers check sizes before.
 */
export function jsonSlices(rows: readonly unknown[]): string[] {
  const slices: string[] = [];
  let parts: string[] = [];
  let bytes = 2;
  for (const row of rows) {
    const part = JSON.stringify(row);
    const partBytes = byteLength(part) + 1;
    if (bytes + partBytes > D1_VALUE_BYTES_MAX && parts.length > 0) {
      slices.push(`[${parts.join(",")}]`);
      parts = [];
      bytes = 2;
    }
    parts.push(part);
    bytes += partBytes;
  }
  if (parts.length > 0) slices.push(`[${parts.join(",")}]`);
  return slices;
}

/** One statement per slice of rows, each with the rows as ?1 and further values after. */
export function forRows(rows: readonly unknown[], sql: string, ...values: Value[]): Statement[] {
  return jsonSlices(rows).map((slice) => statement(sql, slice, ...values));
}

const ENCODER = new TextEncoder();
const scratch = new Uint8Array(64 * 1024);

/** Bytes of a text in UTF-8. Encoding it takes a fiftieth of the time of looking at each character. */
function byteLength(text: string): number {
  const { read, written } = ENCODER.encodeInto(text, scratch);
  return read === text.length ? written : ENCODER.encode(text).byteLength;
}

/** What D1's messages mean. Source: Cloudflare docs, D1 errors and retry advice; measured where local. */
const KINDS: readonly (readonly [RegExp, FailureKind])[] = [
  [/fences\.ok|constraint failed: ok = 1/i, "superseded"],
  [/SQLITE_BUSY|database is locked|SQLITE_LOCKED|overloaded|too many requests queued/i, "locked"],
  [
    /maximum DB size|account maximum storage|SQLITE_FULL|disk is full|ENOSPC|no space|disk I\/O/i,
    "storage_full",
  ],
  [
    /network connection lost|cannot resolve|replica disconnected|request stream|storage caused object to be reset/i,
    "unreachable",
  ],
  [/code was updated|exceeded timeout|memory limit|CPU time limit|internal error/i, "unreachable"],
];

async function classified<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = messagesOf(error);
    const kind = KINDS.find(([pattern]) => pattern.test(message))?.[1] ?? "defect";
    // The message of an SQL error names tables and columns, never values; anything longer is cut.
    const detail = kind === "defect" ? message.slice(0, 120) : kind;
    throw new FailureError({ kind, party: "d1", detail }, { cause: error });
  }
}

function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} ${messagesOf(error.cause)}`;
}
