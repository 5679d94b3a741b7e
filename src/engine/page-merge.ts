import { canonicalOf, type FieldProblem, type MappedColumns } from "../core/mapping/notion-record.ts";
import { sameValue, type FieldValue } from "../core/merge.ts";
import { mergePair, type MergePlan, type Values } from "../core/notion-plan.ts";
import { groupsOf, type Table, type TableSettings } from "../core/records/table.ts";
import type { KnownPage, Row } from "../ports/table-store.ts";
import type { TableContext } from "./notion-schema.ts";
import type { Now, SeenPage } from "./page-changes.ts";

/** The canonical values of a row; a column that holds nothing that Notion could be given is left out. */
export function rowValues({ columns }: Table, row: Row): Record<string, FieldValue> {
  const values: Record<string, FieldValue> = {};
  for (const [name, column] of Object.entries(columns)) {
    const value = canonicalOf(column, row.values[name] ?? null);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** A column whose property Notion computes by itself is only ever read. */
function groupsFor(
  table: Table,
  mapped: MappedColumns,
  policies: TableSettings["policies"],
): ReturnType<typeof groupsOf> {
  return groupsOf(table, policies).map((group) => {
    const isWritable = group.columns.every((column) => mapped[column]?.isWritable !== false);
    return isWritable ? group : { ...group, policy: { ...group.policy, direction: "in" as const } };
  });
}

/** Everything about a page and a row that are merged. */
type Pairing = {
  readonly row: Row;
  readonly bases: KnownPage["bases"];
  readonly known: KnownPage | null;
  readonly now: Now;
};

export function mergeWith(context: TableContext, seen: SeenPage, { row, bases, known, now }: Pairing) {
  const { table, mapped, policies } = context;
  const plan = mergePair(
    {
      notion: seen.reading.values,
      d1: rowValues(table, row),
      bases,
      decisions: known?.decisions ?? [],
      sent: known?.sent ?? {},
      isEditedByUs: seen.isEditedByUs,
      notionEditedMs: seen.editedMs,
      d1EditedMs: now.d1EditedMs,
    },
    groupsFor(table, mapped, policies),
  );
  const frozen = unreadableOf(table, row, seen.reading.values, bases);
  const set = { ...plan.toD1, ...frozen.set, ...differing(seen.reading.derived, row.values) };
  const extra = seen.reading.extra === row.extra ? null : seen.reading.extra;
  const isChanged = Object.keys(set).length > 0 || extra !== null;
  return {
    plan,
    row: isChanged ? { isNew: false, set, extra, deletedMs: null } : null,
    written: {
      problems: [...seen.reading.problems, ...frozen.problems],
      bases: { ...plan.bases, ...sameOnBoth(frozen.set) },
      isOwed: table.isTwoWay && Object.keys(plan.toNotion).length > 0,
      // As it stood there, not as it was understood.
      history: [...plan.replacedInD1, ...frozen.replaced]
        .map((entry) => ({ ...entry, value: row.values[entry.column] ?? null }))
        .filter(({ value }) => value !== null),
      // One that goes Notion's way is written down before it is sent.
      conflicts: plan.conflicts.filter(({ taken }) => taken !== "d1"),
    },
  };
}

/**
 * Columns of a row that hold nothing Notion could be given. Each is said so; an edit in Notion takes its place, since
 * there is nothing to merge it with.
 */
function unreadableOf(table: Table, row: Row, notion: Values, bases: KnownPage["bases"]) {
  const readable = rowValues(table, row);
  const set: Record<string, FieldValue> = {};
  const problems: FieldProblem[] = [];
  const replaced: MergePlan["replacedInD1"][number][] = [];
  for (const column of Object.keys(table.columns)) {
    const [value, held] = [notion[column], row.values[column] ?? null];
    if (column in readable || held === null) continue;
    const before = bases[column]?.notion;
    if (value !== undefined && before !== undefined && !sameValue(before, value)) {
      set[column] = value;
      replaced.push({ column, side: "d1", value: held, replacedBy: value });
    } else problems.push({ column, problem: "is nothing in D1 that Notion could be given", value: held });
  }
  return { set, problems, replaced };
}

function differing(wanted: Values, has: Values): Record<string, FieldValue> {
  return Object.fromEntries(
    Object.entries(wanted).filter(([column, value]) => (has[column] ?? null) !== value),
  );
}

export function sameOnBoth(values: Values): KnownPage["bases"] {
  return Object.fromEntries(
    Object.entries(values).map(([column, value]) => [column, { notion: value, d1: value }]),
  );
}
