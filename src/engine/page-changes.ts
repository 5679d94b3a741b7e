import { MINUTE_MS } from "../core/durations.ts";
import type { PageReading } from "../core/mapping/notion-record.ts";
import { sameValue, type FieldValue } from "../core/merge.ts";
import type { MergePlan, Values } from "../core/notion-plan.ts";
import type { Table } from "../core/records/table.ts";
import type { KnownPage, PageChange, Row } from "../ports/table-store.ts";
import type { TableContext } from "./notion-schema.ts";
import { mergeWith, rowValues, sameOnBoth } from "./page-merge.ts";

/** How a page looks: in its data source, in the trash, elsewhere (moved or archived), or not at all. */
export type View = "live" | "trashed" | "moved" | "absent";

/** A page as it was just read. */
export type SeenPage = {
  readonly pageId: string;
  readonly view: View;
  readonly reading: PageReading;
  /** sha256 of what of it is mapped. */
  readonly hash: string;
  readonly editedMs: number;
  readonly isEditedByUs: boolean;
  /** Instant that the reading is known to show, world ms. */
  readonly observedMs: number;
};

/** Which record a page that is bound to none is to be bound to. */
export type Binding =
  | { readonly to: "new"; readonly recordId: string }
  | { readonly to: "row"; readonly row: Row; readonly version: number | null }
  | { readonly to: "review"; readonly candidates: readonly string[]; readonly reason: string }
  /** A second page that we made for a record, untouched: it goes into the trash. */
  | { readonly to: "twin" }
  /** A person says that it is another page's record. */
  | { readonly to: "other"; readonly recordId: string };

/** A page merged with its record: what to write, and what Notion is owed then. */
export type Merged = { readonly change: PageChange; readonly plan: MergePlan | null };

export type Now = { readonly nowMs: number; readonly d1EditedMs: number | null };

/** What a page that was read is held against. */
type Facing = {
  readonly known: KnownPage | null;
  /** For a page that is bound to no record; ignored otherwise. */
  readonly binding: Binding | null;
  readonly now: Now;
};

/** What becomes of a page that was read. */
export function changeOf(context: TableContext, seen: SeenPage, facing: Facing): Merged {
  const { known, now } = facing;
  if (seen.view !== "live") return { change: goneOf(seen, known, now), plan: null };
  if (known !== null && known.recordId !== null) return boundOf(context, seen, known, now);
  return unboundOf(context, seen, facing);
}

/** Whether a row holds what was agreed on: what a version that did not rise would hide. Source: protocols 5, "daily full compare". */
function isAsAgreed(table: Table, { row, bases }: KnownPage): boolean {
  if (row === null) return false;
  const values = rowValues(table, row);
  return Object.entries(bases).every(
    ([column, { d1 }]) => values[column] === undefined || sameValue(values[column], d1),
  );
}

/** Whether there is nothing to do about a page: it looks as it was merged, and so does its row. */
export function isUntouched({ table }: TableContext, seen: SeenPage, known: KnownPage | null): boolean {
  return (
    known !== null &&
    seen.view === "live" &&
    seen.hash === known.pageHash &&
    !known.isOwed &&
    known.openPush === null &&
    (known.state === "quarantined" ||
      (known.state === "review" && (known.recordId === null || known.rowVersion === known.version)) ||
      (known.state === "bound" && known.rowVersion === known.version && isAsAgreed(table, known)))
  );
}

function boundOf(context: TableContext, seen: SeenPage, known: KnownPage, now: Now): Merged {
  const { row } = known;
  const recordId = known.recordId ?? "";
  // Whoever hid the row while its page stands has deleted it as well.
  const isHidden =
    row !== null && row.deletedMs !== null && known.state === "bound" && context.table.isTwoWay;
  if (row === null || isHidden) return rowlessOf(context, seen, known);
  const merged = mergeWith(context, seen, { row, bases: known.bases, known, now });
  const isBack = row.deletedMs !== null;
  const change = {
    ...base(seen, known),
    ...merged.written,
    recordId,
    state: "bound" as const,
    rowVersion: known.rowVersion,
    row: merged.row === null && isBack ? { isNew: false, set: {}, extra: null, deletedMs: null } : merged.row,
    putOffMs: merged.written.isOwed ? known.putOffMs : null,
  };
  const isChanged = change.row !== null;
  const verdict = isChanged ? ("updated" as const) : change.isOwed ? null : ("unchanged" as const);
  return { change: { ...change, verdict }, plan: merged.plan };
}

/** Why a page waits whose row was deleted, where a person is to say what becomes of it. */
const ROW_DELETED = "its row was deleted in D1; the page still stands";

/**
 * Whether somebody took a page out of the trash: it was known to be there, or was edited after we sent it there without
 * learning what became of it. Whoever restores a page wants its record, whether or not they change a value.
 */
function isRestored(seen: SeenPage, { state, openPush }: KnownPage): boolean {
  if (state === "trashed") return true;
  if (openPush?.kind !== "trash" || seen.isEditedByUs) return false;
  return seen.editedMs >= openPush.sentMs - (openPush.sentMs % MINUTE_MS);
}

/**
 * The row of a bound page is gone: whoever edited or restored the page since wants it back. Else the page is to follow, wait for a
 * person, or stay, as configured. A person says by the record's own id that it is to follow, and by `new` that it is a
 * record again.
 */
function rowlessOf(context: TableContext, seen: SeenPage, known: KnownPage): Merged {
  const { values } = seen.reading;
  // A push of ours whose reply was lost is no edit of somebody's.
  const isOurs = (column: string, value: FieldValue): boolean =>
    seen.isEditedByUs && (known.sent[column] ?? []).includes(value);
  const isWanted =
    isRestored(seen, known) ||
    Object.entries(values).some(
      ([column, value]) => (known.bases[column]?.notion ?? null) !== value && !isOurs(column, value),
    );
  const missing = missingIn(context, seen.reading);
  const { recordId, rowVersion, bases } = known;
  const common = { ...base(seen, known), recordId, rowVersion };
  const decided = known.state === "review" ? known.binding : null;
  if (!context.table.isTwoWay || isWanted || decided === "new") {
    if (missing !== null) {
      const aside = {
        recordId: null,
        rowVersion: null,
        state: "quarantined",
        verdict: "quarantined",
      } as const;
      return { change: { ...common, ...aside, reason: missing }, plan: null };
    }
    const row = { ...newRow(seen.reading), isNew: known.row === null };
    const again = { state: "bound", row, bases: sameOnBoth(values), verdict: "created" } as const;
    return { change: { ...common, ...again }, plan: null };
  }
  const { deletes } = context;
  if (deletes === "never")
    return { change: { ...common, bases, state: "bound", verdict: "unchanged" }, plan: null };
  if (decided !== null || deletes === "trash") {
    // Until it is carried out, the decision belongs to the review.
    const state = decided === null ? "bound" : "review";
    return { change: { ...common, bases, state, isOwed: true, verdict: null }, plan: null };
  }
  const review = { candidates: [recordId ?? ""], reason: ROW_DELETED, rowVersion };
  const waits = { state: "review", verdict: "pending", reason: ROW_DELETED, review } as const;
  return { change: { ...common, bases, ...waits }, plan: null };
}

function goneOf(seen: SeenPage, known: KnownPage | null, { nowMs }: Now): PageChange {
  const isRow = known !== null && known.row !== null;
  const common = {
    ...base(seen, known),
    recordId: known?.recordId ?? null,
    rowVersion: known?.recordId == null ? null : known.rowVersion,
    bases: known?.bases ?? {},
    // It says nothing about values.
    pageHash: known?.pageHash ?? seen.hash,
    problems: [],
  };
  if (seen.view === "trashed") {
    const isLive = isRow && known.row?.deletedMs === null;
    const isFollowing = known?.recordId != null && (known.state === "bound" || known.state === "review");
    return {
      ...common,
      state: "trashed",
      row: isLive ? { isNew: false, set: {}, extra: null, deletedMs: nowMs } : null,
      // A page that follows its row into the trash is deleted as well.
      verdict: isLive || isFollowing ? "deleted" : "unchanged",
    };
  }
  const reason =
    seen.view === "moved"
      ? "its page was moved elsewhere or archived in Notion"
      : "its page cannot be seen any more: deleted for good, or not shared; nothing is deleted here";
  return { ...common, state: seen.view === "moved" ? "moved" : "lost", verdict: "pending", reason };
}

function unboundOf(context: TableContext, seen: SeenPage, { known, binding, now }: Facing): Merged {
  const { reading } = seen;
  const missing = missingIn(context, reading);
  const common = base(seen, known);
  const aside = (reason: string): Merged => ({
    change: { ...common, state: "quarantined", verdict: "quarantined", reason },
    plan: null,
  });
  if (missing !== null) return aside(missing);
  if (binding === null) return aside("nothing says which record it is");
  switch (binding.to) {
    case "other":
      return aside(`a person said that it is the same as ${binding.recordId}`);
    case "twin":
      return { change: { ...common, state: "review", isOwed: true, verdict: null }, plan: null };
    case "review": {
      const { candidates, reason } = binding;
      const review = { candidates, reason, rowVersion: null };
      return { change: { ...common, state: "review", verdict: "pending", reason, review }, plan: null };
    }
    case "new": {
      const taken = valuesGoing("in", context, reading.values);
      const change = {
        ...common,
        recordId: binding.recordId,
        state: "bound" as const,
        row: newRow({ ...reading, values: taken }),
        bases: sameOnBoth(taken),
        verdict: "created" as const,
      };
      return { change, plan: null };
    }
    case "row": {
      const { row, version } = binding;
      const { plan, row: changed, written } = mergeWith(context, seen, { row, bases: {}, known: null, now });
      const change = {
        ...common,
        ...written,
        recordId: row.id,
        rowVersion: version,
        state: "bound" as const,
        row: changed ?? { isNew: false, set: {}, extra: null, deletedMs: row.deletedMs },
        verdict: "updated" as const,
      };
      return { change, plan };
    }
  }
}

/**
 * The values of a new row, or of a new page, that may go there at all; what neither can be without goes in any case.
 *
 * @param way into D1, or out to Notion
 */
export function valuesGoing(
  way: "in" | "out",
  { table, policies }: Pick<TableContext, "table" | "policies">,
  values: Values,
): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([column]) => {
      const direction = policies[column]?.direction ?? "both";
      return direction === "both" || direction === way || isRequired({ table }, column);
    }),
  );
}

/** What a page lacks to be a record, in a sentence; null if it is one. */
function missingIn({ table }: Pick<TableContext, "table">, { problems, values }: PageReading): string | null {
  const missing = Object.keys(table.columns).filter(
    (column) => isRequired({ table }, column) && values[column] === undefined,
  );
  const said = missing.map(
    (column) => `${column} ${problems.find((problem) => problem.column === column)?.problem ?? "is missing"}`,
  );
  return said.length === 0 ? null : said.join("; ");
}

/** Without this a record is none; an unknown status keeps its record. */
function isRequired({ table }: Pick<TableContext, "table">, column: string): boolean {
  const { isRequired: required, kind } = table.columns[column] ?? { isRequired: false, kind: "text" };
  return required && kind === "text";
}

function newRow({ values, derived, extra }: PageReading): NonNullable<PageChange["row"]> {
  return { isNew: true, set: { ...values, ...derived }, extra, deletedMs: null };
}

/** A change that leaves everything as it is, but for what was just read. */
function base(seen: SeenPage, known: KnownPage | null): Omit<PageChange, "verdict" | "state"> {
  return {
    pageId: seen.pageId,
    recordId: null,
    rowVersion: null,
    row: null,
    bases: {},
    pageHash: seen.hash,
    observedMs: Math.max(seen.observedMs, known?.observedMs ?? 0),
    editedMs: seen.editedMs,
    isOwed: false,
    putOffMs: null,
    againMs: null,
    history: [],
    conflicts: [],
    problems: seen.reading.problems,
    review: null,
    reason: null,
    settled: null,
  };
}
