/** SQLite's primary result codes that a statement can end with. Source: sqlite.org/rescode.html. */
const PRIMARY_CODES: Record<number, string> = {
  1: "SQLITE_ERROR",
  3: "SQLITE_PERM",
  4: "SQLITE_ABORT",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  7: "SQLITE_NOMEM",
  8: "SQLITE_READONLY",
  9: "SQLITE_INTERRUPT",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  17: "SQLITE_SCHEMA",
  18: "SQLITE_TOOBIG",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  23: "SQLITE_AUTH",
  25: "SQLITE_RANGE",
};

/** Extended codes of SQLITE_CONSTRAINT, which D1 adds in brackets. */
const CONSTRAINT_CODES: Record<number, string> = {
  275: "SQLITE_CONSTRAINT_CHECK",
  531: "SQLITE_CONSTRAINT_COMMITHOOK",
  787: "SQLITE_CONSTRAINT_FOREIGNKEY",
  1043: "SQLITE_CONSTRAINT_FUNCTION",
  1299: "SQLITE_CONSTRAINT_NOTNULL",
  1555: "SQLITE_CONSTRAINT_PRIMARYKEY",
  1811: "SQLITE_CONSTRAINT_TRIGGER",
  2067: "SQLITE_CONSTRAINT_UNIQUE",
  2323: "SQLITE_CONSTRAINT_VTAB",
  2579: "SQLITE_CONSTRAINT_ROWID",
  2835: "SQLITE_CONSTRAINT_PINNED",
  3091: "SQLITE_CONSTRAINT_DATATYPE",
};

/** What D1 says when SQL tries to open a transaction itself (workerd, util/sqlite.c++; seen in production too). */
export const TRANSACTION_REFUSED =
  "To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() APIs " +
  "instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. The JavaScript API is safer because it will " +
  "automatically roll back on exceptions, and because it interacts correctly with Durable Objects' automatic " +
  "atomic write coalescing.";

/**
 * Put SQLite's failure into D1's words: `text: SQLITE_X (extended: SQLITE_X_Y)`.
 *
 * @param error what node:sqlite threw
 * @returns the message without the `D1_ERROR:` prefix; D1's " at offset N" is missing, node:sqlite does not tell it
 */
export function describeSqliteError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "errcode" in error && typeof error.errcode === "number" ? error.errcode : null;
  if (code === null) return error.message;
  const primary = PRIMARY_CODES[code & 255] ?? "SQLITE_ERROR";
  if (primary === "SQLITE_FULL") return "Exceeded maximum DB size";
  const extended = CONSTRAINT_CODES[code];
  return `${error.message}: ${primary}${extended === undefined ? "" : ` (extended: ${extended})`}`;
}

/**
 * Make an error as the D1 binding throws it.
 *
 * @param message what went wrong, without prefix; it becomes the cause's message
 * @param prefix `D1_ERROR` for statements, `D1_EXEC_ERROR` for exec, `D1_TYPE_ERROR` for a value that cannot be bound
 */
export function d1Error(message: string, prefix = "D1_ERROR"): Error {
  return new Error(`${prefix}: ${message}`, { cause: new Error(message) });
}

/**
 * Failures of the service itself, by the texts of production. Source: docs /d1/observability/debug-d1, cloudflare-docs
 * issue 18485; `locked` is the local symptom of two processes on one directory (workers-sdk issue 14916).
 */
const FAULT_MESSAGES = {
  connection_lost: "Network connection lost.",
  overloaded: "D1 DB is overloaded. Requests queued for too long.",
  too_many_queued: "D1 DB is overloaded. Too many requests queued.",
  reset: "Internal error in D1 DB storage caused object to be reset.",
  code_updated: "D1 DB reset because its code was updated.",
  timeout: "D1 DB storage operation exceeded timeout which caused object to be reset.",
  memory: "Your Worker's isolate exceeded its memory limit and was reset.",
  locked: "database is locked: SQLITE_BUSY",
  full: "Exceeded maximum DB size",
} as const;

/** The name of a failure that a test can make a hook throw. */
export type D1Fault = keyof typeof FAULT_MESSAGES;

/**
 * The error of a failing D1, to be thrown by a hook.
 *
 * @param fault which failure; after the call (`afterCall`) `connection_lost` and `timeout` mean: it did commit
 */
export function d1Fault(fault: D1Fault): Error {
  return d1Error(FAULT_MESSAGES[fault]);
}
