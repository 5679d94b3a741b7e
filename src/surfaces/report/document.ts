/** A report as sections of blocks, before anybody has decided how it looks. Every text in it is plain; whoever shows it escapes it. */

/** A column of a table; numbers stand to the right. */
type Column = { readonly title: string; readonly isNumber: boolean };

export type Table = {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** Name of the query that yields it; null where it is not a query's. */
  readonly query: string | null;
};

/** Something to be drawn. `table` says the same in figures, for whoever does not see it. */
export type Chart = {
  readonly name: string;
  readonly title: string;
  /** What it shows, in a sentence, with its figures at the ends. */
  readonly summary: string;
  readonly form: "bars" | "stacked" | "lines" | "across";
  /** Unit of the axis, as it is written beside it. */
  readonly unit: string;
  readonly categories: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  readonly table: Table;
};

/** One figure that matters. */
export type Fact = {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly tone: "good" | "bad" | "none";
};

export type Block =
  | { readonly kind: "text"; readonly text: string; readonly isStrong: boolean }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "facts"; readonly facts: readonly Fact[]; readonly query: string | null }
  | {
      readonly kind: "table";
      readonly table: Table;
      /** What it is called where it is only shown when somebody asks; absent: it is always shown. */
      readonly folded?: string;
    }
  | { readonly kind: "chart"; readonly chart: Chart };

export type Section = { readonly title: string; readonly blocks: readonly Block[] };

export type ReportDocument = {
  readonly title: string;
  readonly lead: readonly Block[];
  readonly sections: readonly Section[];
  /** Text of each query, by the name under which the report mentions it. */
  readonly queries: Readonly<Record<string, string>>;
};

/** A paragraph. */
export function text(words: string): Block {
  return { kind: "text", text: words, isStrong: false };
}

/** A paragraph that nobody should overlook. */
export function strong(words: string): Block {
  return { kind: "text", text: words, isStrong: true };
}

/** A section with a list; none if there is nothing in it. */
export function listSection(title: string, items: readonly string[]): Section[] {
  return items.length === 0 ? [] : [{ title, blocks: [{ kind: "list", items }] }];
}

/** A table whose column titles with a `#` before them hold numbers. */
export function tableOf(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  query: string | null,
): Table {
  const columns = titles.map((title) => ({
    title: title.replace(/^#/, ""),
    isNumber: title.startsWith("#"),
  }));
  return { columns, rows, query };
}
