import type { FieldPolicy } from "../merge.ts";
import type { FieldGroup } from "../notion-plan.ts";
import { CLIENT_COLUMNS } from "./client.ts";
import type { Column } from "./column.ts";
import { PROJECT_COLUMNS } from "./project.ts";

/** Tables of records that are kept in step with a Notion data source; also the names of their syncs. */
export type TableName = "projects" | "clients";

export type Table = {
  readonly name: TableName;
  readonly columns: Readonly<Record<string, Column>>;
  /** Columns that follow from one of these, by the column they follow from: never merged, written along with it. */
  readonly derived: Readonly<Record<string, readonly string[]>>;
  /** Table that relations of this one point at; null if it has none. */
  readonly relations: TableName | null;
  /** Whether rows of D1 become pages, and deleted ones take their page along. */
  readonly isTwoWay: boolean;
  /** Columns that tell which row a new page is, the surest first; each an own way, all of its columns together. */
  readonly keys: readonly (readonly string[])[];
};

/** What becomes of a page whose row was deleted in D1: it goes to the trash, a person is asked, or it stays. */
type DeletePolicy = "trash" | "ask" | "never";

/** What the configuration says of a table. */
export type TableSettings = {
  /** Names of properties by column, where somebody configured one. */
  readonly columns: Readonly<Record<string, string>>;
  /** By column; a column that is missing goes by its own. */
  readonly policies: Readonly<Record<string, FieldPolicy>>;
  readonly deletes: DeletePolicy;
};

export const TABLES: Readonly<Record<TableName, Table>> = {
  projects: {
    name: "projects",
    columns: PROJECT_COLUMNS,
    derived: {},
    relations: "clients",
    isTwoWay: true,
    keys: [["job_number"], ["title", "project_address"]],
  },
  clients: {
    name: "clients",
    columns: CLIENT_COLUMNS,
    // Beside an e-mail and a phone stands what Notion says, as it says it, and the phone's number in E.164.
    derived: { email: ["email_raw"], phone: ["phone_raw", "phone_e164"] },
    relations: null,
    isTwoWay: false,
    keys: [["email"], ["phone_e164"], ["company_name", "company"]],
  },
};

/** Every column of a table that the sync may write. */
export function writtenColumns({ columns, derived }: Table): readonly string[] {
  return [...Object.keys(columns), ...Object.values(derived).flat()];
}

/**
 * Columns that are decided together, in the order of the table.
 *
 * @param policies by column, the same for all columns of a group; a column that is missing goes by its own
 */
export function groupsOf({ columns }: Table, policies: TableSettings["policies"]): FieldGroup[] {
  const groups = new Map<string, { columns: string[]; policy: FieldPolicy }>();
  for (const [name, { group, policy }] of Object.entries(columns)) {
    const known = groups.get(group);
    if (known === undefined) groups.set(group, { columns: [name], policy: policies[name] ?? policy });
    else known.columns.push(name);
  }
  return [...groups.values()];
}
