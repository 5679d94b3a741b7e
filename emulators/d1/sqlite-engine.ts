import { constants, DatabaseSync, type StatementSync } from "node:sqlite";
import { d1Error, describeSqliteError } from "./d1-errors.ts";
import { D1_LIMITS } from "./d1-limits.ts";
import { refuseAction } from "./sql-permissions.ts";
import { findClockOrChance, readParameters } from "./sql-text.ts";

/** A value as SQLite takes it, after the binding's conversions. */
export type BoundValue = string | number | null | Uint8Array;

/** A value as D1's JSON brings it back: a blob is an array of bytes, an integer beyond 2^53 has lost precision. */
export type CellValue = string | number | null | number[];

/** One statement with its values. */
export interface Query {
  sql: string;
  params: readonly BoundValue[];
}

/** What one statement gave. */
export interface Outcome {
  columns: string[];
  rows: CellValue[][];
  changes: number;
  lastRowId: number;
  changedDb: boolean;
  sizeBytes: number;
}

/** How a database is opened; see `createD1` for the meaning of each field. */
export interface SqliteEngineOptions {
  path: string;
  contents: Uint8Array | null;
  sizeMaxBytes: number;
  isReplayable: boolean;
}

const PAGE_BYTES = 4_096;
const STATEMENTS_KEPT_MAX = 2_000;
const RANGE_ERROR_CODE = 25;
const WRONG_PARAMETER_COUNT = "Wrong number of parameter bindings for SQL query.";
const SCHEMA_WORD =
  /^\s*(?:(?:--[^\n]*\n|\/\*[\s\S]*?\*\/)\s*)*(?:create|alter|drop|pragma|vacuum|reindex|analyze)\b/i;
const NO_STATEMENT = "SQL code did not contain a statement.";

interface Prepared {
  statement: StatementSync;
  paramCount: number;
  tail: string;
  /** Nothing that it does can change the database or the schema. */
  isReading: boolean;
  /** Names of the result's columns, once known; they stay what they are until the schema changes. */
  columns: string[] | null;
}

/** What SQLite may be told to do without anything being other than before. */
const READING = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
]);

/**
 * SQLite under D1's rules: limits, refused SQL, one transaction per call.
 *
 * Everything here is synchronous, so no other call can see the inside of a transaction.
 */
export class SqliteEngine {
  readonly #db: DatabaseSync;
  readonly #isReplayable: boolean;
  readonly #prepared = new Map<string, Prepared>();
  readonly #changes: StatementSync;
  readonly #pages: StatementSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #isTrusted = true;
  #refusal: string | null = null;
  /** Whether what was authorized since the last compilation began only reads. */
  #onlyReads = true;

  constructor(options: SqliteEngineOptions) {
    this.#isReplayable = options.isReplayable;
    // Double-quoted strings are on, as in D1: a misspelt "column" is a string there, not an error.
    this.#db = new DatabaseSync(options.path, {
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: true,
      timeout: 0,
    });
    this.#db.exec(
      `pragma page_size = ${PAGE_BYTES}; pragma auto_vacuum = full; pragma recursive_triggers = off`,
    );
    if (options.contents !== null) this.#db.deserialize(options.contents);
    if (options.path !== ":memory:") this.#db.exec("pragma journal_mode = wal; pragma synchronous = normal");
    // The pragma by itself: as a table inside the other it would be compiled anew each time.
    this.#pages = this.#db.prepare("pragma page_count");
    this.#changes = this.#db.prepare("select total_changes(), last_insert_rowid()");
    for (const one of [this.#pages, this.#changes]) one.setReturnArrays(true);
    this.#begin = this.#db.prepare("begin immediate");
    this.#commit = this.#db.prepare("commit");
    this.setSizeMax(options.sizeMaxBytes);
    this.#db.setAuthorizer((action, first, second) => this.#authorize(action, first, second));
    setLimits(this.#db);
    this.#isTrusted = false;
  }

  /** The database's size now, in bytes. */
  get sizeBytes(): number {
    return this.#readState().sizeBytes;
  }

  /**
   * Cap the database's size; growing beyond it fails with "Exceeded maximum DB size".
   *
   * @param bytes rounded up to pages of 4,096; never below the present size (SQLite's rule)
   */
  setSizeMax(bytes: number): void {
    this.#trusted(() =>
      this.#db.exec(`pragma max_page_count = ${Math.max(1, Math.ceil(bytes / PAGE_BYTES))}`),
    );
  }

  /**
   * Run statements in order in one transaction; any failure rolls back all.
   *
   * @returns one outcome per query
   * @throws Error with D1's words but without the `D1_ERROR:` prefix
   */
  transact(queries: readonly Query[]): Outcome[] {
    try {
      // What only reads needs no transaction: nothing else happens meanwhile.
      const isReading = queries.every(({ sql }) => {
        const known = this.#prepared.get(sql);
        return known?.isReading === true && known.tail === "";
      });
      if (!isReading) this.#trusted(() => this.#begin.run());
      let state = this.#readState();
      const outcomes: Outcome[] = [];
      for (const query of queries) {
        const { outcome, after } = this.#runQuery(query, state);
        outcomes.push(outcome);
        state = after;
      }
      if (!isReading) this.#trusted(() => this.#commit.run());
      return outcomes;
    } catch (error) {
      // Some failures (a full disk, RAISE(ROLLBACK)) have already rolled back.
      if (this.#db.isTransaction) this.#trusted(() => this.#db.exec("rollback"));
      throw new Error(this.#describe(error), { cause: error });
    }
  }

  /** The whole database as the bytes of its file. */
  contents(): Uint8Array {
    return this.#trusted(() => this.#db.serialize());
  }

  /** Free the file handle. Further calls throw. */
  close(): void {
    this.#prepared.clear();
    this.#db.close();
  }

  #runQuery(query: Query, before: DatabaseState): { outcome: Outcome; after: DatabaseState } {
    let sql = query.sql;
    let onlyReads = true;
    for (;;) {
      const prepared = this.#prepare(sql);
      const { statement, paramCount, tail, isReading } = prepared;
      onlyReads &&= isReading;
      const isLast = tail === "";
      if (!isLast && paramCount > 0) {
        throw new Error(
          "When executing multiple SQL statements in a single call, only the last statement can have parameters.",
        );
      }
      const params = isLast ? query.params : [];
      if (params.length !== paramCount) throw new Error(WRONG_PARAMETER_COUNT);
      const rows = isReading ? readTwice(statement, params) : readRows(statement, params);
      if (isLast) {
        const after = onlyReads ? before : this.#readState();
        return { outcome: outcomeOf(this.#columnsOf(prepared), rows, before, after), after };
      }
      sql = tail;
    }
  }

  #columnsOf(prepared: Prepared): string[] {
    prepared.columns ??= prepared.statement.columns().map((column) => column.name);
    return prepared.columns;
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (Buffer.byteLength(sql) > D1_LIMITS.statementBytesMax) {
      throw new Error("statement too long: SQLITE_TOOBIG");
    }
    this.#refuseClock(sql);
    const prepared = this.#compile(sql);
    if (this.#prepared.size >= STATEMENTS_KEPT_MAX) this.#prepared.clear();
    // A changed schema gives "select *" other columns.
    if (!prepared.isReading && SCHEMA_WORD.test(sql)) this.#prepared.clear();
    else this.#prepared.set(sql, prepared);
    return prepared;
  }

  #compile(sql: string): Prepared {
    let statement: StatementSync;
    this.#onlyReads = true;
    try {
      statement = this.#db.prepare(sql);
    } catch (error) {
      // node:sqlite's own word for text without a statement; not an SQLite failure.
      if (error instanceof Error && "code" in error && error.code === "ERR_INVALID_ARG_VALUE") {
        throw new Error(NO_STATEMENT, { cause: error });
      }
      throw error;
    }
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    const own = statement.sourceSQL;
    const { count, named } = readParameters(own);
    if (named !== null) throw new Error(`named parameter ${named} refused: D1 supports ? and ?NNN only`);
    return {
      statement,
      paramCount: count,
      tail: sql.slice(own.length).replace(/^[ \n]+/, ""),
      isReading: this.#onlyReads,
      columns: null,
    };
  }

  #refuseClock(sql: string): void {
    if (!this.#isReplayable) return;
    const found = findClockOrChance(sql);
    if (found === null) return;
    throw new Error(`SQL asks for the real clock or for chance (${found}); pass it in as a parameter`);
  }

  #readState(): DatabaseState {
    // setReturnArrays makes a row an array, which node's types do not say.
    const rows: unknown = this.#trusted(() => [this.#changes.get(), this.#pages.get()]);
    const [[changes, lastRowId], [pages]] = rows as [[number, number], [number]];
    return { changes, lastRowId, sizeBytes: pages * PAGE_BYTES };
  }

  #authorize(action: number, first: string | null, second: string | null): number {
    if (this.#isTrusted) return constants.SQLITE_OK;
    this.#onlyReads &&= READING.has(action);
    const refusal = refuseAction(action, first, second);
    if (refusal === null) return constants.SQLITE_OK;
    this.#refusal ??= refusal.message;
    return constants.SQLITE_DENY;
  }

  #trusted<T>(work: () => T): T {
    const before = this.#isTrusted;
    this.#isTrusted = true;
    try {
      return work();
    } finally {
      this.#isTrusted = before;
    }
  }

  #describe(error: unknown): string {
    const refusal = this.#refusal;
    this.#refusal = null;
    if (refusal !== null) return refusal;
    if (error instanceof Error && "errcode" in error && error.errcode === RANGE_ERROR_CODE) {
      return WRONG_PARAMETER_COUNT;
    }
    return describeSqliteError(error);
  }
}

interface DatabaseState {
  changes: number;
  lastRowId: number;
  sizeBytes: number;
}

function outcomeOf(
  columns: string[],
  rows: CellValue[][],
  before: DatabaseState,
  after: DatabaseState,
): Outcome {
  const changes = after.changes - before.changes;
  return {
    columns,
    rows,
    changes,
    lastRowId: after.lastRowId,
    changedDb: changes !== 0 || after.lastRowId !== before.lastRowId || after.sizeBytes !== before.sizeBytes,
    sizeBytes: after.sizeBytes,
  };
}

function setLimits(db: DatabaseSync): void {
  const { limits } = db;
  limits.length = D1_LIMITS.valueBytesMax;
  limits.variableNumber = D1_LIMITS.boundParamsMax;
  limits.likePatternLength = D1_LIMITS.likePatternBytesMax;
  limits.functionArg = D1_LIMITS.functionArgsMax;
  limits.compoundSelect = D1_LIMITS.compoundSelectTermsMax;
  limits.column = D1_LIMITS.columnsMax;
  limits.exprDepth = D1_LIMITS.expressionDepthMax;
  limits.vdbeOp = D1_LIMITS.programOpsMax;
  limits.triggerDepth = D1_LIMITS.triggerDepthMax;
  limits.attach = 0;
}

/** What only reads can be read again: integers that no number holds, which are rare, cost every other one a conversion. */
function readTwice(statement: StatementSync, params: readonly BoundValue[]): CellValue[][] {
  statement.setReadBigInts(false);
  try {
    return readRows(statement, params);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    statement.setReadBigInts(true);
    return readRows(statement, params);
  }
}

function readRows(statement: StatementSync, params: readonly BoundValue[]): CellValue[][] {
  // setReturnArrays makes each row an array, which node's types do not say.
  const rows: unknown = statement.all(...params);
  if (!Array.isArray(rows)) throw d1Error("SQLite gave no list of rows");
  for (const row of rows as unknown[][])
    for (let place = 0; place < row.length; place += 1) row[place] = toCell(row[place]);
  return rows as CellValue[][];
}

function toCell(value: unknown): CellValue {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : null;
  if (value instanceof Uint8Array) return Array.from(value);
  return typeof value === "string" ? value : null;
}
