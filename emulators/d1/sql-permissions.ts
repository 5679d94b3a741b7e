import { constants } from "node:sqlite";
import { TRANSACTION_REFUSED } from "./d1-errors.ts";

/** Pragmas that D1 answers; everything else is refused. Measured on workerd; `data_version` is read by FTS5 itself. */
const PRAGMAS_ALLOWED = new Set([
  "data_version",
  "table_list",
  "table_info",
  "table_xinfo",
  "index_info",
  "index_xinfo",
  "index_list",
  "foreign_key_check",
  "foreign_key_list",
  "foreign_keys",
  "defer_foreign_keys",
  "function_list",
  "quick_check",
  "optimize",
  "case_sensitive_like",
  "ignore_check_constraints",
  "legacy_alter_table",
  "recursive_triggers",
  "reverse_unordered_selects",
]);

/** Functions that D1 refuses by name. */
const FUNCTIONS_REFUSED = new Set([
  "sqlite_version",
  "sqlite_source_id",
  "sqlite_compileoption_used",
  "sqlite_compileoption_get",
  "sqlite_log",
  "sqlite_offset",
  "load_extension",
  "fts3_tokenizer",
]);

/** Functions that Node's SQLite was built with and D1's was not. */
const FUNCTIONS_UNKNOWN = new Set(["median", "percentile", "percentile_cont", "percentile_disc", "soundex"]);

const TEMPORARY_OBJECTS = new Set([
  constants.SQLITE_CREATE_TEMP_INDEX,
  constants.SQLITE_CREATE_TEMP_TABLE,
  constants.SQLITE_CREATE_TEMP_TRIGGER,
  constants.SQLITE_CREATE_TEMP_VIEW,
]);

const MODULES_ALLOWED = new Set(["fts5", "fts5vocab"]);

/** Why an action is refused; `message` null leaves SQLite's own words ("not authorized"). */
export interface Refusal {
  message: string | null;
}

/**
 * Decide whether SQL from a client may do what SQLite is about to compile.
 *
 * @param action SQLite's authorizer action code
 * @param first its first argument (a table, a pragma, a transaction word)
 * @param second its second argument (a function or module name)
 * @returns null when allowed
 */
export function refuseAction(action: number, first: string | null, second: string | null): Refusal | null {
  if (action === constants.SQLITE_TRANSACTION || action === constants.SQLITE_SAVEPOINT) {
    return { message: TRANSACTION_REFUSED };
  }
  if (action === constants.SQLITE_ATTACH || action === constants.SQLITE_DETACH) return { message: null };
  if (TEMPORARY_OBJECTS.has(action)) return { message: null };
  if (action === constants.SQLITE_PRAGMA) {
    return PRAGMAS_ALLOWED.has((first ?? "").toLowerCase()) ? null : { message: null };
  }
  if (action === constants.SQLITE_FUNCTION) return refuseFunction((second ?? "").toLowerCase());
  if (action === constants.SQLITE_CREATE_VTABLE) {
    return MODULES_ALLOWED.has((second ?? "").toLowerCase()) ? null : { message: null };
  }
  return first !== null && first.startsWith("_cf_") ? { message: null } : null;
}

function refuseFunction(name: string): Refusal | null {
  if (FUNCTIONS_UNKNOWN.has(name)) return { message: `no such function: ${name}: SQLITE_ERROR` };
  return FUNCTIONS_REFUSED.has(name) ? { message: null } : null;
}
