import { VECTORIZE_CODES, vectorizeError, type Operation } from "./errors.ts";
import type { Sql } from "./sql.ts";

/** The namespaces of an index, bounded by the plan. */
export class Namespaces {
  readonly #sql: Sql;
  readonly #countMax: number;

  constructor(sql: Sql, countMax: number) {
    this.#sql = sql;
    this.#countMax = countMax;
  }

  /**
   * Take in the namespaces of a write. Refuses the write (code 40009 [?]) when
   * it would bring more namespaces than the plan allows; those whose last vector is gone do not count.
   */
  admit(operation: Operation, namespaces: readonly (string | null)[]): void {
    const named = [...new Set(namespaces)].filter((namespace) => namespace !== null);
    const json = JSON.stringify(named);
    if (this.#countWith(json) > this.#countMax) {
      this.#sql.exec(`DELETE FROM namespaces WHERE name NOT IN
        (SELECT namespace FROM vectors WHERE namespace IS NOT NULL)`);
      if (this.#countWith(json) > this.#countMax) {
        const text = `the index has as many namespaces as the plan allows; max is ${this.#countMax}`;
        throw vectorizeError(operation, VECTORIZE_CODES.namespace, text);
      }
    }
    const statement =
      "INSERT INTO namespaces SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING";
    this.#sql.exec(statement, json);
  }

  #countWith(json: string): number {
    const statement = `SELECT (SELECT count(*) FROM namespaces) +
      (SELECT count(*) FROM json_each(?) WHERE value NOT IN (SELECT name FROM namespaces)) AS n`;
    return Number(this.#sql.exec(statement, json)[0]?.["n"]);
  }
}
