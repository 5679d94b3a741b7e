import { NO_PAGE_YET, type FieldProblem } from "../core/mapping/notion-record.ts";
import { sameValue } from "../core/merge.ts";
import { basesAfterPush } from "../core/notion-plan.ts";
import { MERGE_TRIES_MAX, NOTION_LANDING_MS, NOTION_SWEEP_MS, WAIT_FOR_PAGE_MS } from "../core/policy.ts";
import type { NotionPage } from "../ports/notion.ts";
import type { KnownPage, PageChange, Push } from "../ports/table-store.ts";
import { fail } from "./durably.ts";
import { notionOf, type TableContext, type TableStep } from "./notion-schema.ts";
import type { Merged } from "./page-changes.ts";
import { mergePages, readPages, type ReadPage } from "./page-intake.ts";
import { labelsOf, planned, send, valuesOf, writesOf, type Writes } from "./page-writes.ts";
import type { RunContext } from "./run-context.ts";

/** What became of a page that was looked at by itself. */
export type Settled =
  | "nothing"
  | "updated"
  | "put off"
  | "waits for approval"
  | "deleted"
  | "over the cap"
  | "refused"
  | "failed";

/** Everything about one page at one moment. */
export type Look = {
  readonly known: KnownPage;
  /** Null: it cannot be seen. */
  readonly page: NotionPage | null;
  readonly read: ReadPage;
  readonly merged: Merged;
  /** A line of this run has counted it already: it gets no second verdict. */
  readonly isCounted: boolean;
};

/** Writes what became of the page, with changes; false: its row has changed since it was read. */
export type Write = (next: Partial<PageChange>) => Promise<boolean>;

/** Write what became of one page. False: its row has changed since it was read. */
export async function commit(context: RunContext, table: TableContext, change: PageChange): Promise<boolean> {
  const { tables, world } = context.ports;
  const { stale } = await tables.commit(context.fence, {
    sync: table.table.name,
    runId: context.run.id,
    nowMs: world.nowMs(),
    changes: [change],
    untouched: [],
    counted: [],
    broken: [],
    observedMs: change.observedMs,
    line: `push:${change.pageId}`,
    listing: null,
  });
  return stale.length === 0;
}

/** Write down what is replaced and what is about to be sent, send it, and keep what Notion returns. Null: look again. */
export async function push(
  step: TableStep,
  { known, page, read, merged, isCounted }: Look,
  { write, isForced }: { write: Write; isForced: boolean },
): Promise<Settled | null> {
  const { context, table } = step;
  const plan = merged.plan;
  if (plan === null || page === null) return "nothing";
  const wanted = valuesOf(plan.toNotion);
  const writes = await writesOf(context, table, wanted, labelsOf(page, table));
  const impossible = new Set(writes.problems.map(({ column }) => column));
  const fields = Object.fromEntries(
    Object.entries(plan.toNotion).filter(([column]) => !impossible.has(column)),
  );
  if (Object.keys(fields).length === 0) return giveUp(context, write, merged, writes.problems);
  const push = await planned(context, table, {
    recordId: known.recordId ?? "",
    pageId: known.pageId,
    kind: "update",
    fields,
    readMs: read.observedMs,
    isForced,
    rowVersion: known.rowVersion,
    history: plan.replacedInNotion.filter(({ column, value }) => value !== null && column in fields),
    conflicts: plan.conflicts.filter(({ taken, column }) => taken === "d1" && column in fields),
  });
  if (push === null) return null;
  const outcome = await send(step, push.id, "update", (ms) =>
    notionOf(context).tables.update({ pageId: known.pageId, properties: writes.properties }, ms),
  );
  if (outcome.state === "unknown") return lostReply(push.sentMs, outcome.detail);
  if (outcome.state === "refused")
    return giveUp(context, write, merged, [
      ...writes.problems,
      ...Object.entries(fields).map(([column, { value }]) => ({
        column,
        problem: "Notion refuses what D1 holds",
        value,
      })),
    ]);
  await keepPushed(step, push, { page: outcome.page, writes, isCounted });
  return "updated";
}

/** Left as it is on both sides, with the reason, until either side changes. */
async function giveUp(
  { ports }: RunContext,
  write: Write,
  { change }: Merged,
  problems: readonly FieldProblem[],
): Promise<Settled | null> {
  const reason = problems.map(({ column, problem }) => `${column}: ${problem}`).join("; ");
  const all = [...(change.problems ?? []), ...problems];
  if (problems.some(isPassing)) {
    const againMs = ports.world.nowMs() + WAIT_FOR_PAGE_MS;
    return (await write({ problems: all, verdict: "pending", reason, againMs })) ? "put off" : null;
  }
  return (await write({ isOwed: false, problems: all, verdict: "quarantined", reason })) ? "refused" : null;
}

/** What it names may get a page; nothing else about a refused value passes by itself. */
function isPassing({ problem }: FieldProblem): boolean {
  return problem === NO_PAGE_YET;
}

function lostReply(sentMs: number, detail: string): never {
  return fail({ kind: "unreachable", party: "notion", detail, notBeforeMs: sentMs + NOTION_LANDING_MS });
}

/**
 * What Notion returned after a push that was carried out. Only the pushed fields' bases move; everything else that differs
 * is merged like any edit. A value that Notion took and did not keep is set aside.
 */
async function keepPushed(
  step: TableStep,
  push: Push,
  { page, writes, isCounted }: { page: NotionPage; writes: Writes; isCounted: boolean },
): Promise<void> {
  const { context, table } = step;
  const { tables, world } = context.ports;
  const [read] = await readPages(step, [page], world.nowMs());
  if (read === undefined) return;
  const kept = Object.entries(push.fields).filter(([column, { before, value }]) => {
    const returned = read.reading.values[column] ?? null;
    return !sameValue(returned, before) || sameValue(before, value);
  });
  const dropped = Object.entries(push.fields).filter(([column]) => !kept.some(([name]) => name === column));
  const unkept = [
    ...writes.problems,
    ...dropped.map(([column, { value }]) => ({
      column,
      problem: "Notion does not keep what D1 holds",
      value,
    })),
  ];
  const columnsOf = (some: readonly FieldProblem[]): string[] => some.map(({ column }) => column);
  const waiting = new Set(columnsOf(writes.problems.filter(isPassing)));
  const blocked = new Set([
    ...dropped.map(([column]) => column),
    ...columnsOf(writes.problems.filter((one) => !isPassing(one))),
  ]);
  for (let tries = 0; tries < MERGE_TRIES_MAX; tries += 1) {
    const known = (await tables.pages(table.table.name, [page.id])).get(page.id);
    if (known === undefined) return;
    const bases = basesAfterPush(known.bases, valuesOf(Object.fromEntries(kept)), read.reading.values);
    const [merged] = await mergePages(step, [read], {
      known: new Map([[page.id, { ...known, bases, openPush: null }]]),
      planned: null,
    });
    if (merged === undefined) return;
    const left = Object.keys(merged.plan?.toNotion ?? {}).filter((column) => !blocked.has(column));
    const isWaiting = left.length > 0 && left.every((column) => waiting.has(column));
    const settled = { id: push.id, outcome: "landed" } as const;
    const change = {
      ...merged.change,
      isOwed: merged.change.isOwed && left.length > 0,
      againMs: isWaiting ? world.nowMs() + WAIT_FOR_PAGE_MS : null,
      problems: [...(merged.change.problems ?? []), ...unkept],
      settled,
      verdict: isCounted ? null : ("updated" as const),
    };
    if (await commit(context, table, change)) return;
  }
  fail({ kind: "locked", party: "d1", detail: "a row keeps changing while it is merged" });
}

/** The row is gone and nobody has edited the page since: it follows, unless too many would. */
export async function trash(
  step: TableStep,
  { known, read, merged }: Look,
  { mayDelete, write }: { readonly mayDelete: boolean; readonly write: Write },
): Promise<Settled | null> {
  const { context, table } = step;
  if (!mayDelete) {
    const reason = "its row is gone, and more pages would be trashed in a week than may be";
    const againMs = context.ports.world.nowMs() + NOTION_SWEEP_MS;
    return (await write({ verdict: "pending", reason, againMs })) ? "over the cap" : null;
  }
  const push = await planned(context, table, {
    recordId: known.recordId ?? "",
    pageId: known.pageId,
    kind: "trash",
    fields: {},
    readMs: read.observedMs,
    rowVersion: known.rowVersion,
  });
  if (push === null) return null;
  const outcome = await send(step, push.id, "trash", (ms) =>
    notionOf(context).tables.setTrashed({ pageId: known.pageId, isTrashed: true }, ms),
  );
  if (outcome.state === "unknown") return lostReply(push.sentMs, outcome.detail);
  if (outcome.state === "refused") return giveUp(context, write, merged, []);
  const settled = { id: push.id, outcome: "landed" } as const;
  const isDone = await write({ isOwed: false, state: "trashed", verdict: "deleted", settled });
  return isDone ? "deleted" : null;
}
