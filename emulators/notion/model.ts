import type { SeedProperty } from "./seed.ts";

/** Types of properties that this emulator knows. */
export type PropertyType = SeedProperty["type"];

/** An option of a select, multi-select or status property. */
export type Option = {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly description: string | null;
};

export type OptionGroup = {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly optionIds: readonly string[];
};

/** What a property is, apart from its id and name. */
export type PropertyConfig =
  | { readonly [Type in BareType]: { readonly type: Type } }[BareType]
  | { readonly type: "number"; readonly format: string }
  | { readonly type: "select" | "multi_select"; readonly options: readonly Option[] }
  | { readonly type: "status"; readonly options: readonly Option[]; readonly groups: readonly OptionGroup[] }
  | {
      readonly type: "relation";
      readonly dataSourceId: string;
      /** Id of the property that mirrors it over there, or null. */
      readonly mirrorId: string | null;
    }
  | {
      readonly type: "formula";
      /** Id of the number property that it doubles. */
      readonly doublesId: string;
    }
  | { readonly type: "rollup"; readonly relationId: string; readonly propertyId: string }
  | { readonly type: "unique_id"; readonly prefix: string | null };

type BareType = Exclude<PropertyType, ConfiguredType>;
type ConfiguredType =
  | "number"
  | "select"
  | "multi_select"
  | "status"
  | "relation"
  | "formula"
  | "rollup"
  | "unique_id";

/** A property of a data source. The id, URL-encoded as shown, survives renames. */
export type Property = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
} & PropertyConfig;
export type PropertyOf<Type extends PropertyType> = Extract<Property, { readonly type: Type }>;

/** A run of rich text exactly as replies show it. */
export type RichRun = {
  readonly type: "text" | "mention" | "equation";
  readonly text?: { readonly content: string; readonly link: { readonly url: string } | null };
  readonly mention?: Readonly<Record<string, unknown>>;
  readonly equation?: { readonly expression: string };
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly plain_text: string;
  readonly href: string | null;
};

export type StoredDate = {
  readonly start: string;
  readonly end: string | null;
  readonly time_zone: string | null;
};

/** A file: with a URL of its own, or hosted by Notion (null), where the URL changes with each read. */
export type StoredFile = { readonly name: string; readonly url: string | null };

/**
 * A value of a page, by the type of its property: runs of text; a number; a yes or no; text; a date; the id of one
 * option; ids of options, users or pages; files. Null or absent is empty.
 */
export type StoredValue =
  | null
  | number
  | boolean
  | string
  | StoredDate
  | readonly string[]
  | readonly RichRun[]
  | readonly StoredFile[];

/** How much the connection sees of something: `partial` only that it is there. */
type Access = "full" | "partial" | "none";

/** A row. Never changed in place: each write makes another. */
export type Page = {
  readonly id: string;
  /** Its name for tests and people at the controls, or null. */
  readonly key: string | null;
  readonly dataSourceId: string;
  /** By id of property. */
  readonly values: Readonly<Record<string, StoredValue>>;
  readonly createdMs: number;
  readonly createdBy: string;
  /** Exact; replies show the minute. */
  readonly editedMs: number;
  readonly editedBy: string;
  readonly isTrashed: boolean;
  readonly isArchived: boolean;
  readonly isLocked: boolean;
  readonly access: Access;
  readonly icon: unknown;
  readonly cover: unknown;
};

/** A table of rows with one schema. Never changed in place. */
export type DataSource = {
  readonly id: string;
  readonly databaseId: string;
  readonly title: string;
  readonly properties: readonly Property[];
  readonly createdMs: number;
  readonly editedMs: number;
  readonly createdBy: string;
  readonly editedBy: string;
  readonly isTrashed: boolean;
  readonly isShared: boolean;
  /** The number of the last row, for `unique_id`. */
  readonly lastNumber: number;
};

/** A container of data sources. */
export type Database = {
  readonly id: string;
  readonly key: string;
  readonly title: string;
  readonly dataSourceIds: readonly string[];
  readonly createdMs: number;
  readonly editedMs: number;
  readonly isShared: boolean;
};

export type User = { readonly id: string; readonly name: string };
