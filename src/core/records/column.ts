import type { FieldPolicy } from "../merge.ts";

/**
 * What the values of a column are. Text, number, date, e-mail and phone are values of their own; `status`, `priority` and
 * `client_type` are words of a vocabulary (src/core/mapping); a relation is the id of another record.
 */
type ColumnKind =
  | "text"
  | "number"
  | "date"
  | "email"
  | "phone"
  | "status"
  | "priority"
  | "client_type"
  | "relation";

/** Types of Notion properties that a column can be read from. */
export type NotionType =
  | "title"
  | "rich_text"
  | "number"
  | "date"
  | "status"
  | "select"
  | "email"
  | "phone_number"
  | "relation"
  | "unique_id"
  | "formula";

/** One column that is kept in step with a Notion property. */
export type Column = {
  readonly kind: ColumnKind;
  /** A record without it is no record; a database without a property for it cannot be synced. */
  readonly isRequired: boolean;
  /** What the requirements call it, where they name it. */
  readonly requirement: string | null;
  /** Columns of one group depend on each other and are merged as one value; a column of its own names itself. */
  readonly group: string;
  /** Unless the configuration says otherwise; the same for all columns of a group. */
  readonly policy: FieldPolicy;
  /** Names of the property in Notion, the most usual first; letter case, blanks and hyphens do not matter. */
  readonly synonyms: readonly string[];
  /** Types that the property may have, the best first. */
  readonly notionTypes: readonly NotionType[];
};
