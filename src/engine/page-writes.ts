import { failureOf, type Failure, type FailureKind } from "../core/errors.ts";
import { propertyValueOf, type FieldProblem } from "../core/mapping/notion-record.ts";
import { writeValue } from "../core/mapping/notion-writes.ts";
import type { FieldValue } from "../core/merge.ts";
import type { PlainValue } from "../core/records/plain-value.ts";
import type { Values } from "../core/notion-plan.ts";
import type { NotionPage, NotionReply, PropertyWrites, WriteOutcome } from "../ports/notion.ts";
import { holdLease } from "./durably.ts";
import { call, type TableContext, type TableStep } from "./notion-schema.ts";
import type { Push, TableStore } from "../ports/table-store.ts";
import type { RunContext } from "./run-context.ts";

/** Values of a record as Notion takes them, and those that it cannot be given. */
export type Writes = { readonly properties: PropertyWrites; readonly problems: readonly FieldProblem[] };

/**
 * Turn columns into properties.
 *
 * @param shown labels that stand in Notion now, by column: one that means the same stays
 */
export async function writesOf(
  context: RunContext,
  table: TableContext,
  values: Values,
  shown: Readonly<Record<string, string | null>>,
): Promise<Writes> {
  return writesWith(table, values, shown, await pagesOf(context, table, [values]));
}

/** The same, with the pages of the records that relations name. */
export function writesWith(
  { table, mapped }: Pick<TableContext, "table" | "mapped">,
  values: Values,
  shown: Readonly<Record<string, string | null>>,
  pages: ReadonlyMap<string, string>,
): Writes {
  const properties: Record<string, PropertyWrites[string]> = {};
  const problems: FieldProblem[] = [];
  for (const [name, value] of Object.entries(values)) {
    const [column, property] = [table.columns[name], mapped[name]];
    if (column === undefined || property === undefined || !property.isWritable) continue;
    const pageId = pages.get(String(value)) ?? null;
    const written = propertyValueOf(column, property, value, { shown: shown[name] ?? null, pageId });
    const problem = "problem" in written ? written.problem : unfit(property.type, written.value);
    if ("problem" in written || problem !== null)
      problems.push({ column: name, problem: problem ?? "", value });
    else properties[property.propertyId] = { type: property.type, value: written.value };
  }
  return { properties, problems };
}

/** Why a property of this type does not take a value; null if it does. One such field must not keep the others back. */
function unfit(type: string, value: PlainValue): string | null {
  const written = writeValue(type, value);
  return "problem" in written ? "is nothing that its property in Notion takes" : null;
}

/** Pages of the records that relations in these values name, by record id. */
export async function pagesOf(
  { ports }: RunContext,
  { table: { relations, columns } }: TableContext,
  values: readonly Values[],
): Promise<Map<string, string>> {
  const ids = values
    .flatMap((one) => Object.entries(one))
    .filter(([name, value]) => columns[name]?.kind === "relation" && value !== null)
    .map(([, value]) => String(value));
  return relations === null || ids.length === 0 ? new Map() : ports.tables.pagesOf(relations, ids);
}

/** The label that a page shows for each column whose words have several. */
export function labelsOf(page: NotionPage, { table, mapped }: TableContext): Record<string, string | null> {
  const labels: Record<string, string | null> = {};
  for (const name of Object.keys(table.columns)) {
    const read = page.properties[mapped[name]?.propertyId ?? ""]?.read;
    labels[name] =
      read !== undefined && "value" in read && typeof read.value === "string" ? read.value : null;
  }
  return labels;
}

/** What is about to be sent, what it rests on, and what it replaces. */
type Intent = Pick<Push, "recordId" | "pageId" | "kind" | "fields" | "readMs"> &
  Partial<Pick<Parameters<TableStore["planPush"]>[1], "isForced" | "history" | "conflicts">> & {
    readonly rowVersion: number | null;
  };

/** Write a push down before it is sent. Null: the row has changed since it was read. */
export async function planned(
  { ports, fence, run }: RunContext,
  { table }: TableContext,
  { rowVersion, history = [], conflicts = [], isForced = false, ...intent }: Intent,
): Promise<Push | null> {
  const { tables, world } = ports;
  const push: Push = { ...intent, id: world.newId(), sentMs: world.nowMs(), isForced, looks: 0 };
  const row = { sync: table.name, runId: run.id, rowVersion, history, conflicts };
  return (await tables.planPush(fence, { ...push, ...row })) ? push : null;
}

/** A write that was certainly not carried out. */
export type Refused = { readonly state: "refused"; readonly failure: Failure };

/** Kinds of failures after which Notion has certainly not written anything. */
const NOT_WRITTEN: ReadonlySet<FailureKind> = new Set<FailureKind>([
  "rate_limited",
  "not_yet",
  "quota",
  "denied",
  "refused",
  "too_large",
  "locked",
]);

/** What is sent again and again without ever being taken. */
const NEVER_TAKEN: ReadonlySet<FailureKind> = new Set<FailureKind>(["refused", "too_large"]);

/**
 * Send a write that was planned. What failed without having been carried out closes the plan, and is thrown on unless it
 * is the content that Notion refuses.
 */
export async function send(
  { context, scope }: TableStep,
  pushId: string,
  operation: string,
  write: (timeoutMs: number) => Promise<NotionReply<WriteOutcome>>,
): Promise<WriteOutcome | Refused> {
  const { tables, world } = context.ports;
  // A step may have taken long to come here, and a write must land while the lane is still ours (protocols 1).
  await holdLease(context);
  try {
    return await call(context, scope, operation, write);
  } catch (error) {
    const failure = failureOf(error);
    // A ledger that is busy after Notion has answered says nothing about the write.
    const isNotions = failure.party === "notion" || failure.kind === "not_yet";
    if (!isNotions || !NOT_WRITTEN.has(failure.kind)) throw error;
    const isRefused = NEVER_TAKEN.has(failure.kind);
    await tables.settlePush(context.fence, pushId, isRefused ? "refused" : "not_landed", world.nowMs());
    if (!isRefused) throw error;
    return { state: "refused", failure };
  }
}

/** Columns and values of what was sent. */
export function valuesOf(
  fields: Readonly<Record<string, { readonly value: FieldValue }>>,
): Record<string, FieldValue> {
  return Object.fromEntries(Object.entries(fields).map(([column, { value }]) => [column, value]));
}
