import type { FieldProblem } from "../core/mapping/notion-record.ts";
import type { FieldValue } from "../core/merge.ts";
import type { Values } from "../core/notion-plan.ts";
import type { PropertyWrites } from "../ports/notion.ts";
import type { Row } from "../ports/table-store.ts";
import type { TableContext } from "./notion-schema.ts";
import { valuesGoing } from "./page-changes.ts";
import { rowValues } from "./page-merge.ts";
import { writesWith } from "./page-writes.ts";

/** The values of a row that the page made for it is to show, by column; blanks are left out. */
export function newPageValues(table: TableContext, row: Row): Record<string, FieldValue> {
  const going = valuesGoing("out", table, rowValues(table.table, row));
  return Object.fromEntries(Object.entries(going).filter(([, value]) => value !== null));
}

/** The page that a row gets, for a run and for a plan alike. */
export type NewPage = {
  readonly properties: PropertyWrites;
  /** Values of the row that it cannot be given. */
  readonly problems: readonly FieldProblem[];
  /** What it shows, by column. Null: without a title no page is made. */
  readonly fields: Values | null;
};

/**
 * What a new page is made of.
 *
 * @param values as `newPageValues` gives them
 * @param pages pages of the records that relations name, by record id
 */
export function newPageOf(table: TableContext, values: Values, pages: ReadonlyMap<string, string>): NewPage {
  const { properties, problems } = writesWith(table, values, {}, pages);
  const impossible = new Set(problems.map(({ column }) => column));
  const shown = Object.entries(values).filter(
    ([column]) => !impossible.has(column) && table.mapped[column]?.isWritable === true,
  );
  const fields = shown.some(([column]) => column === "title") ? Object.fromEntries(shown) : null;
  return { properties, problems, fields };
}
