/** What a Notion world begins with, in plain values; the emulator makes Notion's objects of them. */

/** A property of a seeded database. Options and groups in the order in which Notion shows them. */
export type SeedProperty =
  | {
      readonly name: string;
      readonly type:
        | "title"
        | "rich_text"
        | "number"
        | "checkbox"
        | "date"
        | "email"
        | "phone_number"
        | "url"
        | "people"
        | "files"
        | "unique_id"
        | "created_time"
        | "last_edited_time"
        | "created_by"
        | "last_edited_by";
    }
  | {
      readonly name: string;
      readonly type: "select" | "multi_select";
      readonly options: readonly string[];
    }
  | {
      readonly name: string;
      readonly type: "status";
      readonly groups: readonly {
        readonly name: "To-do" | "In progress" | "Complete";
        readonly options: readonly string[];
      }[];
    }
  | {
      readonly name: string;
      readonly type: "relation";
      /** Key of the database it points at. */
      readonly target: string;
      /** Name of the property that mirrors it there; absent: it has no mirror. */
      readonly mirror?: string;
    }
  | {
      readonly name: string;
      readonly type: "formula";
      /** Name of the number property that the formula doubles: enough for a value that nobody wrote. */
      readonly doubles: string;
    }
  | {
      readonly name: string;
      readonly type: "rollup";
      /** Name of the relation property, and of the property over there whose values are listed. */
      readonly relation: string;
      readonly property: string;
    };

/**
 * A value in its plain form: text, a number, a yes or no, names of options, keys of rows, a date or a span of dates.
 * Dates are ISO 8601, of a day or of a moment. Null is empty.
 */
export type SeedValue =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | { readonly start: string; readonly end: string | null };

export type SeedRow = {
  /** Name of the row within its database, for relations and for tests. */
  readonly key: string;
  readonly createdMs: number;
  readonly editedMs: number;
  /** By name of property; what is left out is empty. */
  readonly values: Readonly<Record<string, SeedValue>>;
  readonly isTrashed?: boolean;
};

export type SeedDatabase = {
  readonly key: string;
  readonly title: string;
  readonly properties: readonly SeedProperty[];
  readonly rows: readonly SeedRow[];
};

export type NotionSeed = {
  readonly databases: readonly SeedDatabase[];
  /** Where rows come from, by key of their database: a world that is opened again is held against it. */
  readonly sources?: Readonly<Record<string, string>>;
};
