import { SUSPECTED_SHOWN_MS } from "../core/policy.ts";
import type { TableName } from "../core/records/table.ts";
import { COUNTED, type Check } from "../core/report.ts";
import { waitsForApproval } from "./approval.ts";
import { durably } from "./durably.ts";
import type { TableContext } from "./notion-schema.ts";
import type { Listed } from "./page-listing.ts";
import type { makePages } from "./page-making.ts";
import type { Pushed } from "./page-pushes.ts";
import type { PipelineOutcome, RunContext } from "./run-context.ts";

/** More is to be listed than one run may take on; what is wrong already is said already. */
export function goesOn(table: TableContext, listed: Listed): PipelineOutcome {
  return {
    continues: true,
    sourceCount: null,
    destinationCount: null,
    failedCount: 0,
    findings: [...table.findings, ...partialOf(table, listed)],
  };
}

function partialOf({ table }: TableContext, { partial }: Listed): string[] {
  return partial > 0 ? [`${partial} pages of ${table.name} are shown to this token in part only`] : [];
}

type Parts = {
  readonly listed: Listed;
  readonly missing: readonly string[];
  readonly pushed: Pushed;
  readonly made: Awaited<ReturnType<typeof makePages>> | null;
  /** Whether this run might write to Notion. */
  readonly isWritable: boolean;
};

/** What a run over a table says in the end: pages against rows where everything was listed, and what is not as it should be. */
export async function outcomeOf(
  context: RunContext,
  table: TableContext,
  { listed, missing, pushed, made, isWritable }: Parts,
): Promise<PipelineOutcome> {
  const { inbox, tables, world } = context.ports;
  const { name } = table.table;
  const { listing } = listed.at;
  const { balance, totals, owed, suspected } = await durably(context, "balance", async () => ({
    balance: listing.kind === "backfill" ? await tables.balance(name, listing.id) : null,
    totals: await tables.totals(name),
    // Whatever their time: what waits for a person has one of its own.
    owed: table.table.isTwoWay
      ? await tables.owedCount(name, Number.MAX_SAFE_INTEGER)
      : { rows: 0, pages: 0 },
    suspected: await inbox.suspectedCount(name, world.nowMs() - SUSPECTED_SHOWN_MS),
  }));
  const isWaiting = !isWritable && owed.rows + owed.pages > 0;
  const note = (what: string, actual: string | number): Check => ({
    name: what,
    ok: true,
    expected: "",
    actual,
  });
  const checks = [
    ...(isWaiting ? [note(COUNTED.approval, approvalSentence(name, owed))] : []),
    ...table.notes.map((sentence) => note("columns", sentence)),
    ...(totals.fieldsQuarantined > 0 ? [note(COUNTED.fields, totals.fieldsQuarantined)] : []),
    ...(totals.reviewsOpen > 0 ? [note(COUNTED.reviews, totals.reviewsOpen)] : []),
    ...(suspected > 0 ? [note(COUNTED.suspected, suspected)] : []),
    ...(totals.conflictsOpen > 0 ? [note(COUNTED.conflicts, totals.conflictsOpen)] : []),
    ...(owed.rows > 0 && !isWaiting ? [note(COUNTED.rows, waitingReason(table, owed.rows))] : []),
  ];
  const refused = pushed.done.refused ?? 0;
  const overCap = pushed.done["over the cap"] ?? 0;
  const failed = pushed.done.failed ?? 0;
  const impossible = made?.done["not possible"] ?? 0;
  return {
    continues: pushed.continues || (made?.continues ?? false),
    sourceCount: balance?.pages ?? null,
    destinationCount: balance?.accounted ?? null,
    failedCount: 0,
    checks,
    findings: [
      ...table.findings,
      ...missing,
      ...(refused > 0 ? [`${refused} rows hold what Notion does not take`] : []),
      ...partialOf(table, listed),
      ...(overCap > 0
        ? [`the rows of ${overCap} pages are gone; more than may be trashed in a week wait`]
        : []),
      ...(failed > 0 ? [`${failed} pages could not be read; they are tried again`] : []),
      ...(impossible > 0 ? [`${impossible} rows hold what no page can be made of`] : []),
    ],
  };
}

function approvalSentence(name: TableName, { rows, pages }: { rows: number; pages: number }): string {
  const said = [
    ...(rows > 0 ? [`${rows} ${rows === 1 ? "row" : "rows"} without a page`] : []),
    ...(pages > 0 ? [`${pages} ${pages === 1 ? "page" : "pages"} with something owed`] : []),
  ];
  return waitsForApproval(`${said.join(" and ")} ${rows + pages === 1 ? "waits" : "wait"}`, name);
}

function waitingReason({ markerId }: TableContext, waiting: number): string {
  return markerId === null
    ? `${waiting} wait: add a text property "Sync ID" to the database, so that none is made twice`
    : `${waiting} wait`;
}
