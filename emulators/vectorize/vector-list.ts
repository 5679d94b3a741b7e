import { COMMAND_CODES, commandError } from "./errors.ts";
import { LIST_CURSOR_MS, VECTORIZE_LIMITS } from "./limits.ts";
import type { Sql } from "./sql.ts";
import type { ListOptions, VectorPage } from "./types.ts";

/**
 * Lists the ids of an index, page by page.
 *
 * As in production all pages show the index as it was when the first was asked for. What does not fit on one page is
 * therefore copied, and forgotten when its cursor has expired.
 */
export class VectorList {
  readonly #sql: Sql;
  readonly #nowMs: () => number;

  constructor(sql: Sql, nowMs: () => number) {
    this.#sql = sql;
    this.#nowMs = nowMs;
  }

  /**
   * @param seqMax the watermark up to which vectors are visible
   *
   * Refuses a count outside 1 to 1,000, and a cursor that is unknown or expired.
   */
  page(seqMax: number, { count = VECTORIZE_LIMITS.idsPerListDefault, cursor }: ListOptions = {}): VectorPage {
    if (!Number.isInteger(count) || count < 1 || count > VECTORIZE_LIMITS.idsPerListMax) {
      throw badList(`count must be 1 to ${VECTORIZE_LIMITS.idsPerListMax}, got ${count}`);
    }
    if (cursor !== undefined) return this.#nextPage(count, cursor);
    this.#forgetExpired();
    const total = this.#countOf("SELECT count(*) AS n FROM vectors WHERE mutation_seq <= ?", seqMax);
    if (total > count) return this.#pageAfter(this.#takeSnapshot(seqMax, total), "", count);
    const rows = this.#sql.exec("SELECT id FROM vectors WHERE mutation_seq <= ? ORDER BY id", seqMax);
    return pageOf(
      rows.map((row) => String(row["id"])),
      total,
      null,
    );
  }

  #nextPage(count: number, cursor: string): VectorPage {
    const { snapshot, after } = readCursor(cursor);
    const known = this.#sql.exec("SELECT expires_ms FROM list_snapshots WHERE snapshot = ?", snapshot)[0];
    if (known === undefined || Number(known["expires_ms"]) <= this.#nowMs()) throw unknownCursor();
    return this.#pageAfter(snapshot, after, count);
  }

  #takeSnapshot(seqMax: number, total: number): number {
    return this.#sql.transaction(() => {
      const expiresMs = Math.trunc(this.#nowMs()) + LIST_CURSOR_MS;
      const statement = "INSERT INTO list_snapshots (total, expires_ms) VALUES (?, ?) RETURNING snapshot";
      const snapshot = Number(this.#sql.exec(statement, total, expiresMs)[0]?.["snapshot"]);
      this.#sql.exec(
        "INSERT INTO listed_ids SELECT ?, id FROM vectors WHERE mutation_seq <= ?",
        snapshot,
        seqMax,
      );
      return snapshot;
    });
  }

  #pageAfter(snapshot: number, after: string, count: number): VectorPage {
    const list = "SELECT id FROM listed_ids WHERE snapshot = ? AND id > ? ORDER BY id LIMIT ?";
    const ids = this.#sql.exec(list, snapshot, after, count + 1).map((row) => String(row["id"]));
    const [known] = this.#sql.exec(
      "SELECT total, expires_ms FROM list_snapshots WHERE snapshot = ?",
      snapshot,
    );
    const expires = new Date(Number(known?.["expires_ms"])).toISOString();
    const shown = ids.slice(0, count);
    const next = ids.length > count ? { cursor: cursorFor(snapshot, shown.at(-1) ?? ""), expires } : null;
    return pageOf(shown, Number(known?.["total"]), next);
  }

  #forgetExpired(): void {
    this.#sql.transaction(() => {
      const gone = this.#sql.exec(
        "DELETE FROM list_snapshots WHERE expires_ms <= ? RETURNING snapshot",
        this.#nowMs(),
      );
      for (const row of gone)
        this.#sql.exec("DELETE FROM listed_ids WHERE snapshot = ?", Number(row["snapshot"]));
    });
  }

  #countOf(statement: string, param: number): number {
    return Number(this.#sql.exec(statement, param)[0]?.["n"]);
  }
}

function pageOf(
  ids: readonly string[],
  totalCount: number,
  next: { cursor: string; expires: string } | null,
): VectorPage {
  return {
    count: ids.length,
    totalCount,
    isTruncated: next !== null,
    nextCursor: next?.cursor ?? null,
    cursorExpirationTimestamp: next?.expires ?? null,
    vectors: ids.map((id) => ({ id })),
  };
}

function cursorFor(snapshot: number, lastId: string): string {
  return btoa(`${snapshot} ${encodeURIComponent(lastId)}`);
}

function readCursor(cursor: string): { snapshot: number; after: string } {
  try {
    const parts = /^(\d+) (.+)$/.exec(atob(cursor));
    if (parts !== null) return { snapshot: Number(parts[1]), after: decodeURIComponent(parts[2] ?? "") };
  } catch {
    // Not made by us: refused below.
  }
  throw unknownCursor();
}

function unknownCursor(): Error {
  return badList("the cursor is unknown or has expired: start again without one");
}

function badList(problem: string): Error {
  return commandError(COMMAND_CODES.badCommand, problem);
}
