import { findDuplicates, type ClientIdentity } from "../core/contact/duplicates.ts";
import type { FieldValue } from "../core/merge.ts";
import type { KnownPage, Row } from "../ports/table-store.ts";
import type { TableContext } from "./notion-schema.ts";
import type { Binding, SeenPage } from "./page-changes.ts";
import type { RunContext } from "./run-context.ts";

/** A page that is bound to no record, and what tells whose it may be. */
export type Unbound = {
  readonly seen: SeenPage;
  readonly known: KnownPage | null;
  /** Our own mark on it: a record id. */
  readonly marker: string | null;
  readonly isOurs: boolean;
};

/** A row that a page may be. `pageId`: of the page it is bound to, or of one in this batch. */
export type KnownRow = {
  readonly row: Row;
  readonly version: number | null;
  readonly pageId: string | null;
};

/** With its values of the columns that a key of the table names, as they are compared. */
type Candidate = KnownRow & { readonly compared: Compared };

type Compared = Readonly<Record<string, string>>;

/** What a preview has found in earlier batches and that no database holds. */
export type Planned = {
  /** Rows that one of these columns names, as they are known so far, with those that are yet to be made. */
  readonly among: (
    rows: readonly KnownRow[],
    wanted: Readonly<Record<string, readonly string[]>>,
  ) => KnownRow[];
  /** A name for the record that a page will make, the same in every preview. */
  readonly idFor: (pageId: string) => string;
};

/**
 * Which record each new page is bound to. Source: protocols 5 ("create once"), design 8 (duplicates).
 *
 * What a person decided comes first; then our own mark, which counts on pages that our bot made; then what an application
 * wrote down (`notion_id`); then the keys of the table, surest first. One row that nobody else claims is it; more than
 * one, or one that has a page, waits in the review list where the table may hold no duplicates.
 */
export async function bindingsOf(
  context: RunContext,
  table: TableContext,
  pages: readonly Unbound[],
  planned: Planned | null,
): Promise<Map<string, Binding>> {
  const bindings = new Map<string, Binding>();
  if (pages.length === 0) return bindings;
  const { tables, world } = context.ports;
  const wanted = wantedOf(table, pages);
  const { items } = await tables.candidates(table.table.name, wanted);
  const found = planned === null ? items : planned.among(items, wanted);
  const rows: Candidate[] = found.map((item) => ({ ...item, compared: comparedOf(table, item.row.values) }));
  const claims = new Map<string, number>();
  for (const page of pages)
    for (const { row } of matches(table, page, rows)) claims.set(row.id, (claims.get(row.id) ?? 0) + 1);
  for (const page of pages) {
    const { pageId, reading } = page.seen;
    const binding = bindingOf(table, page, rows, claims) ?? {
      to: "new" as const,
      recordId: planned?.idFor(pageId) ?? world.newId(),
    };
    bindings.set(pageId, binding);
    if (binding.to === "row") takeRow(rows, binding.row.id, pageId);
    // The next page of this batch may be the same client.
    if (binding.to === "new") {
      const values = { ...reading.values, ...reading.derived };
      const row = { id: binding.recordId, values, extra: "{}", notionId: pageId, deletedMs: null };
      rows.push({ row, version: null, pageId, compared: comparedOf(table, values) });
    }
  }
  return bindings;
}

/** A second page of ours for one record: in the way if nobody has touched or restored it, else somebody's work. */
function twinOf({ seen, known }: Unbound, recordId: string): Binding {
  if (seen.isEditedByUs && known?.state !== "trashed") return { to: "twin" };
  return { to: "review", candidates: [recordId], reason: "a second page of ours for the same record" };
}

/** A row belongs to one page: the next one of this batch that claims it waits for a person. */
function takeRow(rows: Candidate[], id: string, pageId: string): void {
  for (const [place, candidate] of rows.entries())
    if (candidate.row.id === id) rows[place] = { ...candidate, pageId };
}

function bindingOf(
  table: TableContext,
  page: Unbound,
  rows: readonly Candidate[],
  claims: ReadonlyMap<string, number>,
): Binding | null {
  const { known, marker, isOurs, seen } = page;
  const byId = (id: string): Candidate | undefined => rows.find(({ row }) => row.id === id);
  if (known?.binding === "new") return null;
  if (known?.binding != null) {
    const chosen = byId(known.binding);
    return chosen === undefined || chosen.pageId !== null
      ? { to: "other", recordId: known.binding }
      : { to: "row", row: chosen.row, version: chosen.version };
  }
  const marked = marker === null || !isOurs ? undefined : byId(marker);
  if (marked !== undefined)
    return marked.pageId === null
      ? { to: "row", row: marked.row, version: marked.version }
      : twinOf(page, marked.row.id);
  if (!table.table.isTwoWay) return clientOf(page, rows);
  const found = matches(table, page, rows);
  const free = found.filter(({ pageId }) => pageId === null);
  const [only] = free;
  const isSure = found.length === 1 && only !== undefined && claims.get(only.row.id) === 1;
  if (only !== undefined && (isSure || only.row.notionId === seen.pageId))
    return { to: "row", row: only.row, version: only.version };
  // Two pages of one project number are two projects, until a row without a page might be either.
  return free.length === 0 ? null : review(free.map(({ row }) => row.id));
}

function review(ids: readonly string[]): Binding {
  const candidates = ids.toSorted();
  return { to: "review", candidates, reason: `may be the same as ${candidates.join(" or ")}` };
}

/** A client is looked for among all of them, those with a page as well: one person with two pages is one client. */
function clientOf({ seen }: Unbound, rows: readonly Candidate[]): Binding | null {
  const { certain, doubtful } = findDuplicates(
    { ...identityOf({ ...seen.reading.values, ...seen.reading.derived }), pageId: seen.pageId },
    rows.map(({ row, pageId }) => ({ ...identityOf(row.values), id: row.id, pageId: pageId ?? null })),
  );
  const chosen = rows.find(({ row }) => row.id === certain?.id);
  if (chosen !== undefined) return { to: "row", row: chosen.row, version: chosen.version };
  return doubtful.length === 0 ? null : review(doubtful.map(({ id }) => id));
}

function identityOf(values: Readonly<Record<string, FieldValue>>): Omit<ClientIdentity, "pageId"> {
  const textOf = (column: string): string | null => {
    const value = values[column] ?? null;
    return value === null ? null : String(value);
  };
  return {
    email: textOf("email"),
    phoneE164: textOf("phone_e164"),
    phoneExtension: null,
    name: textOf("company_name") ?? "",
    company: textOf("company"),
  };
}

/** Rows that the surest key which finds any finds. */
function matches(context: TableContext, { seen }: Unbound, rows: readonly Candidate[]): Candidate[] {
  const own = rows.filter(({ row, pageId }) => row.notionId === seen.pageId && pageId === null);
  if (own.length > 0) return own;
  const wanted = comparedOf(context, { ...seen.reading.values, ...seen.reading.derived });
  for (const key of context.table.keys) {
    if (wanted[key[0] ?? ""] === "") continue;
    const found = rows.filter(
      ({ pageId, compared }) =>
        pageId !== seen.pageId && key.every((column) => compared[column] === wanted[column]),
    );
    if (found.length > 0) return found;
  }
  return [];
}

function comparedOf({ table }: TableContext, values: Readonly<Record<string, FieldValue>>): Compared {
  return Object.fromEntries(table.keys.flat().map((column) => [column, comparable(values[column] ?? null)]));
}

function comparable(value: FieldValue): string {
  return value === null ? "" : String(value).normalize("NFKC").trim().replaceAll(/\s+/g, " ").toLowerCase();
}

/** Values that rows are looked up by; the first column of a key is enough to find all that match it. */
function wantedOf({ table }: TableContext, pages: readonly Unbound[]): Record<string, string[]> {
  const wanted: Record<string, string[]> = {
    notion_id: pages.map(({ seen }) => seen.pageId),
    id: pages.flatMap(({ marker, known }) => [marker, known?.binding ?? null]).filter((id) => id !== null),
  };
  for (const [column] of table.keys) {
    if (column === undefined) continue;
    wanted[column] = pages
      .map(({ seen }) => ({ ...seen.reading.values, ...seen.reading.derived })[column] ?? null)
      .filter((value) => value !== null)
      .map(String);
  }
  return wanted;
}
