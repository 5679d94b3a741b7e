import type { PlanItem, PlanValue } from "../core/preview.ts";
import type { KnownPage, Row } from "../ports/table-store.ts";
import type { NotionPage } from "../ports/notion.ts";
import type { TableContext } from "./notion-schema.ts";
import type { Merged, SeenPage } from "./page-changes.ts";
import { labelsOf, writesWith } from "./page-writes.ts";

/** A page that was read and merged, and not written. */
export type Previewed = {
  readonly seen: SeenPage;
  /** Null: it cannot be seen. */
  readonly page: NotionPage | null;
  readonly known: KnownPage | null;
  readonly merged: Merged & { readonly row: Row | null };
};

/**
 * What a run would do about one page, on both sides.
 *
 * @param pages pages of the records that relations name, by record id
 */
export function actionsOf(
  table: TableContext,
  previewed: Previewed,
  pages: ReadonlyMap<string, string>,
): PlanItem[] {
  return [
    ...rowActions(previewed),
    ...pageActions(table, previewed, pages),
    ...asked(previewed),
    ...setAside(previewed),
  ];
}

function item(
  { seen, merged: { change } }: Previewed,
  action: PlanItem["action"],
  said: { readonly column?: string; readonly before?: PlanValue; readonly after?: PlanValue } = {},
): PlanItem {
  // A record that is yet to be made has no id that lasts.
  const isNew = change.row?.isNew === true && change.rowVersion === null;
  const recordId = isNew ? null : change.recordId;
  return { action, recordId, pageId: seen.pageId, column: null, before: null, after: null, ...said };
}

function rowActions(previewed: Previewed): PlanItem[] {
  const { known, merged, seen } = previewed;
  const { row, recordId } = merged.change;
  if (row === null) return [];
  if (row.isNew) {
    const filled = Object.entries(row.set).filter(([, value]) => value !== null);
    return [item(previewed, "create row", { after: Object.fromEntries(filled) })];
  }
  if (row.deletedMs !== null && known?.row?.deletedMs === null) return [item(previewed, "delete row")];
  const before = merged.row;
  const changes = Object.entries(row.set).map(([column, value]) =>
    item(previewed, "change row", { column, before: before?.values[column] ?? null, after: value }),
  );
  const isBound = known?.recordId == null && recordId !== null;
  const isBack = known?.row != null && known.row.deletedMs !== null && row.deletedMs === null;
  return [
    ...(isBound
      ? [
          item(previewed, "change row", {
            column: "notion_id",
            before: before?.notionId ?? null,
            after: seen.pageId,
          }),
        ]
      : []),
    ...(isBack ? [item(previewed, "change row", { column: "deleted", before: true, after: false })] : []),
    ...changes,
    ...(row.extra === null
      ? []
      : [
          item(previewed, "change row", { column: "extra", before: before?.extra ?? null, after: row.extra }),
        ]),
  ];
}

function pageActions(
  table: TableContext,
  previewed: Previewed,
  pages: ReadonlyMap<string, string>,
): PlanItem[] {
  const { merged, page, seen } = previewed;
  const { plan, change } = merged;
  if (!table.table.isTwoWay || !change.isOwed || seen.view !== "live" || page === null) return [];
  // Owed without a merge: its row is gone.
  if (plan === null) return [item(previewed, "trash page")];
  const wanted = Object.fromEntries(
    Object.entries(plan.toNotion).map(([column, { value }]) => [column, value]),
  );
  const { problems } = writesWith(table, wanted, labelsOf(page, table), pages);
  const problemOf = new Map(problems.map(({ column, problem }) => [column, problem]));
  return Object.entries(plan.toNotion).map(([column, { before, value }]) => {
    const problem = problemOf.get(column);
    return problem === undefined
      ? item(previewed, "change page", { column, before, after: value })
      : item(previewed, "set aside", { column, before: value, after: problem });
  });
}

function asked(previewed: Previewed): PlanItem[] {
  const { change, plan } = previewed.merged;
  const review = change.review === null ? [] : [item(previewed, "ask", { after: change.review.reason })];
  const conflicts = (plan?.conflicts ?? []).filter(({ taken }) => taken === null);
  return [
    ...review,
    ...conflicts.map(({ column, d1, notion }) =>
      item(previewed, "ask", { column, before: d1, after: notion }),
    ),
  ];
}

/** Values of a page, and pages, that are no record's; those that stood aside before are not said again. */
function setAside(previewed: Previewed): PlanItem[] {
  const { seen, known, merged } = previewed;
  const { state, reason, problems } = merged.change;
  if (seen.view === "moved" || seen.view === "absent")
    return known?.state === state ? [] : [item(previewed, "set aside", { after: reason })];
  if (seen.view !== "live" || known?.pageHash === seen.hash) return [];
  if (state === "quarantined") return [item(previewed, "set aside", { after: reason })];
  return (problems ?? []).map(({ column, problem }) =>
    item(previewed, "set aside", { column, after: problem }),
  );
}
