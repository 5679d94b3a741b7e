import type {
  D1Database,
  D1DatabaseSession,
  D1ExecResult,
  D1PreparedStatement,
  D1Result,
} from "@cloudflare/workers-types";
import { d1Error } from "./d1-errors.ts";
import { D1_LIMITS } from "./d1-limits.ts";
import { type BoundValue, type CellValue, type Outcome, type Query, SqliteEngine } from "./sqlite-engine.ts";

/** Which method a call came through; `batch` and `exec` carry several statements. */
type D1CallKind = "first" | "all" | "run" | "raw" | "batch" | "exec";

/**
 * Where a simulation breaks things. A hook may wait, and may throw: before the call nothing was done, after it the
 * transaction is committed (or failed) and the caller does not learn of it.
 */
interface D1Hooks {
  beforeCall?: (kind: D1CallKind, statements: readonly string[]) => void | Promise<void>;
  afterCall?: (kind: D1CallKind, statements: readonly string[]) => void | Promise<void>;
}

/** How a database is made. */
export interface D1Options {
  /** SQLite file; the default `:memory:` lives as long as the object, which is how a test outlives a "killed" program. */
  path?: string;
  /** What a database in memory begins with, as `contents()` of another gave it; default nothing. */
  contents?: Uint8Array;
  hooks?: D1Hooks;
  /** Size at which writes fail with "Exceeded maximum DB size"; default 10 GB. */
  sizeMaxBytes?: number;
  /** Statements allowed between two `startInvocation()` calls; default no bound, since only the caller knows them. */
  queriesMax?: number;
  /** Refuse SQL that reads the real clock or chance ('now', random()), which a seed cannot replay; default false. */
  isReplayable?: boolean;
}

/** A `D1Database` with the knobs and gauges that tests need. */
export interface D1Emulator extends D1Database {
  /** Statements run since `startInvocation()`; each statement of a batch counts. */
  readonly queryCount: number;
  /** Calls of any kind since the database was made. */
  readonly callCount: number;
  /** Present size in bytes, as `meta.size_after` says. */
  readonly sizeBytes: number;
  /** Start counting statements anew, as a new Worker invocation does. */
  startInvocation(): void;
  /** Change the size at which writes fail, in bytes. */
  setSizeMax(bytes: number): void;
  /** Replace the hooks; `{}` removes them. */
  setHooks(hooks: D1Hooks): void;
  /** The whole database as bytes, for `contents` of others: a migrated one is copied a hundred times sooner than made. */
  contents(): Uint8Array;
  /**
   * The same database under a new object, with what it has compiled, without hooks; this object is closed, so that whoever
   * still holds it reaches nothing.
   */
  handOver(): D1Emulator;
  /** Free the SQLite handle. */
  close(): void;
}

/**
 * Make a D1 database inside this process, on node:sqlite, with production's limits enforced.
 *
 * @returns an object that the Cloudflare adapters can use unchanged; every result arrives asynchronously
 *
 * Errors are production's: `D1_ERROR: <text>: SQLITE_X (extended: …)` with `cause`; `bind` throws `D1_TYPE_ERROR` at
 * once; `exec` throws `D1_EXEC_ERROR`. Not imitated: " at offset N" in syntax errors, the 30 s limit, replicas,
 * `rows_read` (rows returned) and `rows_written` (rows changed, indexes not counted); `duration` is always 0, so that a
 * run can be replayed byte for byte. A deferred foreign key that fails at commit is an ordinary constraint error here
 * (local workerd answers "internal error").
 */
export function createD1(options: D1Options = {}): D1Emulator {
  const engine = new SqliteEngine({
    path: options.path ?? ":memory:",
    contents: options.contents ?? null,
    sizeMaxBytes: options.sizeMaxBytes ?? D1_LIMITS.databaseBytesMax,
    isReplayable: options.isReplayable ?? false,
  });
  return new EmulatedD1(engine, options);
}

class EmulatedD1 implements D1Emulator {
  readonly #engine: SqliteEngine;
  readonly #queriesMax: number;
  #hooks: D1Hooks;
  #queryCount = 0;
  #callCount = 0;
  #isHandedOver = false;

  constructor(engine: SqliteEngine, options: Pick<D1Options, "hooks" | "queriesMax">) {
    this.#engine = engine;
    this.#hooks = options.hooks ?? {};
    this.#queriesMax = options.queriesMax ?? Number.POSITIVE_INFINITY;
  }

  get queryCount(): number {
    return this.#queryCount;
  }

  get callCount(): number {
    return this.#callCount;
  }

  get sizeBytes(): number {
    return this.#engine.sizeBytes;
  }

  startInvocation(): void {
    this.#queryCount = 0;
  }

  setSizeMax(bytes: number): void {
    this.#engine.setSizeMax(bytes);
  }

  setHooks(hooks: D1Hooks): void {
    this.#hooks = hooks;
  }

  contents(): Uint8Array {
    return this.#engine.contents();
  }

  handOver(): D1Emulator {
    this.#isHandedOver = true;
    return new EmulatedD1(this.#engine, { queriesMax: this.#queriesMax });
  }

  close(): void {
    if (!this.#isHandedOver) this.#engine.close();
  }

  prepare(query: string): D1PreparedStatement {
    return new EmulatedStatement(this, query, []);
  }

  async batch<T = unknown>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    const queries = statements.map((statement) => EmulatedStatement.queryOf(statement));
    const outcomes = await this.send("batch", queries);
    return outcomes.map((outcome) => toResult<T>(outcome));
  }

  async exec(query: string): Promise<D1ExecResult> {
    const lines = query.trim().split("\n");
    const queries = lines.map((sql) => ({ sql, params: [] }));
    const outcomes = await this.send("exec", queries, (text) =>
      d1Error(`Error in line 1: ${lines[0]}: ${text}`, "D1_EXEC_ERROR"),
    );
    return { count: outcomes.length, duration: 0 };
  }

  withSession(constraintOrBookmark?: string): D1DatabaseSession {
    if (constraintOrBookmark !== undefined && constraintOrBookmark.trim() === "") {
      throw d1Error("withSession needs a constraint or a bookmark", "D1_SESSION_ERROR");
    }
    let callsBefore = this.#callCount;
    return {
      prepare: (query) => this.prepare(query),
      batch: (statements) => this.batch(statements),
      getBookmark: () => {
        if (this.#callCount === callsBefore) return null;
        callsBefore = -1;
        return `00000000-${this.#callCount.toString(16).padStart(8, "0")}-00000000-${"0".repeat(32)}`;
      },
    };
  }

  /** @deprecated Refused, as today's D1 does. */
  async dump(): Promise<ArrayBuffer> {
    throw d1Error("Status + 404", "D1_DUMP_ERROR");
  }

  /** Every call passes here: hooks, the invocation's budget, one transaction. */
  async send(
    kind: D1CallKind,
    queries: readonly Query[],
    toError: (text: string) => Error = d1Error,
  ): Promise<Outcome[]> {
    const statements = queries.map((query) => query.sql);
    this.#callCount++;
    // Even without hooks a result never arrives in the same turn: code that forgets an await must not work by luck.
    await this.#hooks.beforeCall?.(kind, statements);
    let answer: { outcomes: Outcome[] } | { error: Error };
    try {
      answer = { outcomes: this.#run(queries) };
    } catch (error) {
      answer = { error: toError(error instanceof Error ? error.message : String(error)) };
    }
    await this.#hooks.afterCall?.(kind, statements);
    if ("error" in answer) throw answer.error;
    return answer.outcomes;
  }

  #run(queries: readonly Query[]): Outcome[] {
    if (this.#isHandedOver) throw new Error("the database is closed");
    if (queries.length === 0 || queries.some((query) => query.sql.trim() === "")) {
      throw new Error("No SQL statements detected.");
    }
    this.#queryCount += queries.length;
    if (this.#queryCount > this.#queriesMax) {
      throw new Error("Too many API requests by single worker invocation.");
    }
    return this.#engine.transact(queries);
  }
}

class EmulatedStatement implements D1PreparedStatement {
  readonly #database: EmulatedD1;
  readonly #query: Query;

  constructor(database: EmulatedD1, sql: string, params: readonly BoundValue[]) {
    this.#database = database;
    this.#query = { sql, params };
  }

  static queryOf(statement: D1PreparedStatement): Query {
    if (statement instanceof EmulatedStatement) return statement.#query;
    throw new TypeError("batch() takes statements that this database prepared");
  }

  bind(...values: unknown[]): D1PreparedStatement {
    return new EmulatedStatement(this.#database, this.#query.sql, values.map(toBound));
  }

  async first<T>(columnName?: string): Promise<T | null> {
    const outcome = await this.#send("first");
    const row = outcome.rows[0];
    if (row === undefined) return null;
    const record = toRecord(outcome.columns, row);
    if (columnName === undefined) return asRow<T>(record);
    const value = record[columnName];
    if (value === undefined) {
      throw new Error(`D1_COLUMN_NOTFOUND: Column not found (${columnName})`, {
        cause: new Error("Column not found"),
      });
    }
    return asRow<T>(value);
  }

  async run<T = Record<string, unknown>>(): Promise<D1Result<T>> {
    return toResult<T>(await this.#send("run"));
  }

  async all<T = Record<string, unknown>>(): Promise<D1Result<T>> {
    return toResult<T>(await this.#send("all"));
  }

  raw<T = unknown[]>(options: { columnNames: true }): Promise<[string[], ...T[]]>;
  raw<T = unknown[]>(options?: { columnNames?: false }): Promise<T[]>;
  async raw<T = unknown[]>(options?: { columnNames?: boolean }): Promise<T[] | [string[], ...T[]]> {
    const { columns, rows } = await this.#send("raw");
    const typed = rows.map((row) => asRow<T>(row));
    return options?.columnNames === true ? [columns, ...typed] : typed;
  }

  async #send(kind: D1CallKind): Promise<Outcome> {
    const [outcome] = await this.#database.send(kind, [this.#query]);
    if (outcome === undefined) throw d1Error("no outcome for a statement");
    return outcome;
  }
}

/** The one cast of this file: D1 lets the caller name the row's type and checks nothing. */
function asRow<T>(value: unknown): T {
  return value as T;
}

function toResult<T>(outcome: Outcome): D1Result<T> {
  return {
    success: true,
    meta: {
      served_by: "emulator",
      served_by_primary: true,
      total_attempts: 1,
      timings: { sql_duration_ms: 0 },
      duration: 0,
      changes: outcome.changes,
      last_row_id: outcome.lastRowId,
      changed_db: outcome.changedDb,
      size_after: outcome.sizeBytes,
      rows_read: outcome.rows.length,
      rows_written: outcome.changes,
    },
    results: outcome.rows.map((row) => asRow<T>(toRecord(outcome.columns, row))),
  };
}

function toRecord(columns: readonly string[], row: readonly CellValue[]): Record<string, CellValue> {
  const record: Record<string, CellValue> = {};
  for (const [index, name] of columns.entries()) record[name] = row[index] ?? null;
  return record;
}

/** Convert a value as the binding does before it sends JSON: no NaN, no infinity, no negative zero. */
function toBound(value: unknown): BoundValue {
  if (typeof value === "string" || value === null) return value;
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0));
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  }
  if (Array.isArray(value) && value.every(isByte)) return Uint8Array.from(value);
  throw d1Error(`Type '${typeof value}' not supported for value '${String(value)}'`, "D1_TYPE_ERROR");
}

function isByte(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < 256;
}
