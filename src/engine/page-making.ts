import { basesAfterPush } from "../core/notion-plan.ts";
import { MARKER_LOOKS, NOTION_INDEX_LAG_MS, NOTION_LANDING_MS, RUN_PUSHES_MAX } from "../core/policy.ts";
import type { NotionPage } from "../ports/notion.ts";
import type { KnownPage, PageChange, Push, Row } from "../ports/table-store.ts";
import { durably } from "./durably.ts";
import { yieldIfAsked } from "./making-way.ts";
import { newPageOf, newPageValues } from "./new-page.ts";
import { call, notionOf, type TableContext, type TableStep } from "./notion-schema.ts";
import { changeOf } from "./page-changes.ts";
import { readPages } from "./page-intake.ts";
import { commit } from "./page-push.ts";
import { pagesOf, planned, send, valuesOf } from "./page-writes.ts";
import type { RunContext } from "./run-context.ts";

/** What became of a row that has no page. */
type Made = "made" | "doubtful" | "not possible" | "changed";

const ROWS_PER_LOOK = 50;

/**
 * Make a page for each row that has none, once. The intent is written before the call; where the outcome is unknown a page
 * with our mark is looked for until one that was made must have shown, and only then another is made. Source: protocols 5,
 * "Create".
 *
 * @param pushed pages that this run has written to already; both together are bounded
 */
export async function makePages(
  context: RunContext,
  table: TableContext,
  pushed: number,
): Promise<{ done: Readonly<Partial<Record<Made, number>>>; continues: boolean }> {
  const { tables } = context.ports;
  const done: Partial<Record<Made, number>> = {};
  const seen: string[] = [];
  while (pushed + seen.length < RUN_PUSHES_MAX) {
    // Whoever made way while it pushed does not begin with this.
    if (
      context.yieldsTo !== null ||
      (seen.length > 0 && (await yieldIfAsked(context, `rows ${seen.length}`)))
    )
      break;
    const ids = await durably(context, `rows:${seen.length}`, async () => {
      const asked = { limit: ROWS_PER_LOOK, notIds: seen };
      return (await tables.rowsWithoutPage(table.table.name, asked)).items;
    });
    if (ids.length === 0) return { done, continues: false };
    for (const id of ids) {
      const made = await durably(context, `make:${id}`, (scope) => makeOne({ context, scope, table }, id));
      done[made] = (done[made] ?? 0) + 1;
      seen.push(id);
    }
  }
  return { done, continues: true };
}

async function makeOne(step: TableStep, recordId: string): Promise<Made> {
  const { context, table } = step;
  const { tables } = context.ports;
  const { items } = await tables.candidates(table.table.name, { id: [recordId] });
  const found = items.find(({ row, pageId }) => row.id === recordId && pageId === null);
  if (found === undefined) return "changed";
  const open = found.openPush;
  if (open?.kind === "create") {
    const page = await lookFor(step, { recordId, open });
    if (page === "doubtful") return "doubtful";
    if (page !== null) return bind(step, { ...found, page, push: open });
  }
  return create(step, found);
}

/**
 * The page that an earlier call may have made.
 *
 * @returns null once it is certain that there is none; "doubtful" until then
 */
async function lookFor(
  { context, scope, table }: TableStep,
  { recordId, open }: { recordId: string; open: Push },
): Promise<NotionPage | "doubtful" | null> {
  const { tables, world } = context.ports;
  const notion = notionOf(context).tables;
  const nowMs = world.nowMs();
  if (nowMs < open.sentMs + NOTION_LANDING_MS) return "doubtful";
  const asked = { dataSourceId: table.dataSourceId, propertyId: table.markerId ?? "", text: recordId };
  const pages = await call(context, scope, "find", (ms) => notion.queryEqual(asked, ms));
  const ours = pages.filter(
    ({ createdBy, createdMs }) =>
      createdBy === table.botId && createdMs >= open.sentMs - (open.sentMs % 60_000),
  );
  const [first] = ours.toSorted((a, b) => a.createdMs - b.createdMs);
  if (first !== undefined) return first;
  await tables.countLook(context.fence, open.id);
  const isShown = nowMs >= open.sentMs + NOTION_LANDING_MS + NOTION_INDEX_LAG_MS;
  if (!isShown || open.looks + 1 < MARKER_LOOKS) return "doubtful";
  await tables.settlePush(context.fence, open.id, "not_landed", nowMs);
  return null;
}

type Found = { readonly row: Row; readonly version: number };

async function create(step: TableStep, { row, version }: Found): Promise<Made> {
  const { context, scope, table } = step;
  const notion = notionOf(context).tables;
  const values = newPageValues(table, row);
  const { properties, fields } = newPageOf(table, values, await pagesOf(context, table, [values]));
  if (fields === null) return "not possible";
  const push = await planned(context, table, {
    recordId: row.id,
    pageId: null,
    kind: "create",
    fields: Object.fromEntries(
      Object.entries(fields).map(([column, value]) => [column, { before: null, value }]),
    ),
    readMs: context.ports.world.nowMs(),
    rowVersion: version,
  });
  if (push === null) return "changed";
  const marked = { ...properties, [table.markerId ?? ""]: { type: "rich_text", value: row.id } };
  const outcome = await send(step, push.id, "create", (ms) =>
    notion.create({ dataSourceId: table.dataSourceId, properties: marked }, ms),
  );
  if (outcome.state === "refused") return "not possible";
  if (outcome.state === "done") return bind(step, { row, version, page: outcome.page, push });
  const { pageId } = outcome;
  if (pageId === null) return "doubtful";
  // The reply that failed named what it made.
  const page = await call(context, scope, "read", (ms) => notion.page(pageId, ms));
  return page === null ? "doubtful" : bind(step, { row, version, page, push });
}

async function bind(
  step: TableStep,
  { row, version, page, push }: Found & { readonly page: NotionPage; readonly push: Push },
): Promise<Made> {
  const { context, table } = step;
  const nowMs = context.ports.world.nowMs();
  const [read] = await readPages(step, [page], nowMs);
  if (read === undefined) return "doubtful";
  const sent = valuesOf(push.fields);
  // A page that was found later may show what a person has typed since: that is no form that Notion gave to what we sent.
  const returned = read.isEditedByUs ? read.reading.values : sent;
  const known: KnownPage = {
    pageId: page.id,
    recordId: row.id,
    state: "bound",
    bases: basesAfterPush({}, sent, returned),
    pageHash: "",
    version,
    observedMs: 0,
    editedMs: read.editedMs,
    isOwed: false,
    putOffMs: null,
    row,
    rowVersion: version,
    changedRealMs: null,
    openPush: null,
    sent: {},
    isSentCut: false,
    decisions: [],
    binding: null,
  };
  const { change } = changeOf(table, read, {
    known,
    binding: null,
    now: { nowMs, d1EditedMs: null },
  });
  const settled = { id: push.id, outcome: "landed" } as const;
  const bound: PageChange = { ...change, settled, verdict: "created" };
  // Its row was written meanwhile: the mark tells the next look whose page it is.
  return (await commit(context, table, bound)) ? "made" : "changed";
}
