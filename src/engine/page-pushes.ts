import { MINUTE_MS } from "../core/durations.ts";
import { sameValue } from "../core/merge.ts";
import {
  DELETIONS_MAX,
  DELETIONS_SHARE_MAX,
  DELETIONS_WINDOW_MS,
  MERGE_TRIES_MAX,
  NOTION_LANDING_MS,
  QUIET_PAGE_MS,
  QUIET_WAIT_MAX_MS,
  RUN_PUSHES_MAX,
} from "../core/policy.ts";
import type { PageChange, Push } from "../ports/table-store.ts";
import { durably, fail, type StepScope } from "./durably.ts";
import { yieldIfAsked } from "./making-way.ts";
import { call, notionOf, type TableContext, type TableStep } from "./notion-schema.ts";
import { absentPage, mergePages, readPages, type ReadPage } from "./page-intake.ts";
import { waitsForApproval } from "./approval.ts";
import { commit, push, trash, type Look, type Settled } from "./page-push.ts";
import type { RunContext } from "./run-context.ts";
import { isOfOnePage, skipPage } from "./skipped-page.ts";

export type Pushed = {
  /** Pages that were looked at. */
  readonly pages: number;
  readonly done: Readonly<Partial<Record<Settled, number>>>;
  readonly continues: boolean;
};

const PAGES_PER_LOOK = 50;
/** After this long a page whose push waits for a person is looked at again. */
const WAIT_FOR_PERSON_MS = 60 * MINUTE_MS;

/**
 * Look at every page by itself that has something owed, or whose row was written since the last merge: read it, merge,
 * and give Notion what it is owed. Source: protocols 5, "Push".
 */
export async function pushPages(
  context: RunContext,
  table: TableContext,
  { counted, mayWrite }: { readonly counted: ReadonlySet<string>; readonly mayWrite: boolean },
): Promise<Pushed> {
  const { tables, world } = context.ports;
  const done: Partial<Record<Settled, number>> = {};
  const seen: string[] = [];
  let deletions = await deletionsAllowed(context, table);
  for (let n = 1; seen.length < RUN_PUSHES_MAX; n += 1) {
    if (n > 1 && (await yieldIfAsked(context, `owed ${n}`))) break;
    const ids = await durably(context, `owed:${n}`, async () => {
      const asked = { nowMs: world.nowMs(), limit: PAGES_PER_LOOK, notIds: seen };
      return (await tables.owedPages(table.table.name, asked)).items.map(({ pageId }) => pageId);
    });
    if (ids.length === 0) return { pages: seen.length, done, continues: false };
    for (const pageId of ids) {
      const mayDelete = deletions > 0;
      const one = { pageId, isCounted: counted.has(pageId), mayDelete, mayWrite };
      const settled = await settleOrSkip(context, table, one);
      done[settled] = (done[settled] ?? 0) + 1;
      if (settled === "deleted") deletions -= 1;
      seen.push(pageId);
    }
  }
  return { pages: seen.length, done, continues: true };
}

async function deletionsAllowed(context: RunContext, { table }: TableContext): Promise<number> {
  const { tables, world } = context.ports;
  // A plan names every one, and a person has read it.
  if (context.run.preview !== null) return RUN_PUSHES_MAX;
  return durably(context, "deletions", async () => {
    const { bound } = await tables.totals(table.name);
    const trashed = await tables.trashedSince(table.name, world.nowMs() - DELETIONS_WINDOW_MS);
    return Math.max(0, Math.max(DELETIONS_MAX, Math.floor(bound * DELETIONS_SHARE_MAX)) - trashed);
  });
}

/** One page that Notion never answers for, or whose row never rests, must not keep the others: it waits for a later run. */
async function settleOrSkip(context: RunContext, table: TableContext, one: One): Promise<Settled> {
  try {
    return await durably(context, `push:${one.pageId}`, (scope) => settlePage(context, scope, table, one));
  } catch (error) {
    if (!isOfOnePage(error)) throw error;
    await skipPage(context, table, one, error);
    return "failed";
  }
}

type One = {
  readonly pageId: string;
  readonly isCounted: boolean;
  readonly mayDelete: boolean;
  readonly mayWrite: boolean;
};

async function settlePage(
  context: RunContext,
  scope: StepScope,
  table: TableContext,
  one: One,
): Promise<Settled> {
  for (let tries = 0; tries < MERGE_TRIES_MAX; tries += 1) {
    const look = await lookAt(context, scope, table, one);
    if (look === null) return "nothing";
    const settled = await settle({ context, scope, table }, look, one);
    if (settled !== null) return settled;
  }
  return fail({ kind: "locked", party: "d1", detail: "a row keeps changing while it is merged" });
}

/** A page whose last write is still under way is not looked at: what it shows then says nothing. */
async function lookAt(
  context: RunContext,
  scope: StepScope,
  table: TableContext,
  { pageId, isCounted }: One,
): Promise<Look | null> {
  const { tables, world } = context.ports;
  const notion = notionOf(context).tables;
  const known = (await tables.pages(table.table.name, [pageId])).get(pageId);
  if (known === undefined) return null;
  const landsMs = (known.openPush?.sentMs ?? 0) + NOTION_LANDING_MS;
  if (known.openPush !== null && world.nowMs() < landsMs) stillUnderWay(landsMs);
  const readMs = world.nowMs();
  const page = await call(context, scope, "read", (ms) => notion.page(pageId, ms));
  const knownPages = new Map([[pageId, known]]);
  const step = { context, scope, table };
  const [read = absentPage(known, readMs)] = page === null ? [] : await readPages(step, [page], readMs);
  const [merged] = await mergePages(step, [read], { known: knownPages, planned: null });
  return merged === undefined ? null : { known, page, read: merged.seen, merged, isCounted };
}

function stillUnderWay(notBeforeMs: number): never {
  const detail = "a write whose outcome is unknown may still be carried out";
  return fail({ kind: "not_yet", party: "notion", detail, notBeforeMs });
}

/** Null: the row has changed meanwhile, or D1 has just taken something: look again. */
async function settle(step: TableStep, look: Look, one: One): Promise<Settled | null> {
  const { context, table } = step;
  const { merged, known, read } = look;
  const open = known.openPush;
  const settled = open === null ? null : { id: open.id, outcome: landed(open, read) };
  const change: PageChange = { ...merged.change, settled };
  const write = (next: Partial<PageChange>): Promise<boolean> =>
    commit(context, table, { ...change, ...next, ...(one.isCounted ? { verdict: null } : {}) });
  if (!change.isOwed) {
    // A push of an earlier look landed after all: this run, or the one before, has changed the page.
    const hasLanded = settled?.outcome === "landed" && change.verdict !== "deleted";
    const verdict = hasLanded ? "updated" : (change.verdict ?? "unchanged");
    if (!(await write({ verdict }))) return null;
    if (verdict === "deleted") return "deleted";
    return hasLanded ? "updated" : "nothing";
  }
  // What D1 takes comes first, and what is owed is decided anew from what then stands.
  if (change.row !== null || settled !== null) {
    await write({});
    return null;
  }
  if (!one.mayWrite) {
    const reason = waitsForApproval("waits", table.table.name);
    const againMs = context.ports.world.nowMs() + WAIT_FOR_PERSON_MS;
    return (await write({ verdict: "pending", reason, againMs })) ? "waits for approval" : null;
  }
  const quiet = quietOf(context, look);
  if (quiet !== "quiet" && quiet !== "forced") {
    const reason = "somebody is editing the page; it is written to when they have stopped";
    return (await write({ verdict: "pending", reason, ...quiet })) ? "put off" : null;
  }
  return merged.plan === null
    ? trash(step, look, { mayDelete: one.mayDelete, write })
    : push(step, look, { write, isForced: quiet === "forced" });
}

/** Whether everything that was sent stands there. */
function landed(push: Push, read: ReadPage): "landed" | "not_landed" {
  if (push.kind === "trash") return read.view === "trashed" ? "landed" : "not_landed";
  const isThere = Object.entries(push.fields).every(([column, { value }]) =>
    sameValue(read.reading.values[column] ?? null, value),
  );
  return isThere ? "landed" : "not_landed";
}

/** Notion floors the time of an edit to the minute: it may have been made at the minute's end. */
function quietOf(
  context: RunContext,
  { read, known }: Look,
): "quiet" | "forced" | Pick<PageChange, "putOffMs" | "againMs"> {
  const nowMs = context.ports.world.nowMs();
  const quietMs = read.editedMs + MINUTE_MS + QUIET_PAGE_MS;
  if (read.isEditedByUs || nowMs >= quietMs) return "quiet";
  const putOffMs = known.putOffMs ?? nowMs;
  return nowMs - putOffMs >= QUIET_WAIT_MAX_MS ? "forced" : { putOffMs, againMs: quietMs };
}
