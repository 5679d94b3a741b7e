import type { Command } from "commander";
import type { FieldValue } from "../../core/merge.ts";
import type { Conflict, HistoryRow, Review } from "../../ports/decision-store.ts";
import { ApiError, type ApiClient } from "../client.ts";
import { refuseUsage as refuse } from "../exit-codes.ts";
import type { Said } from "./rebuild.ts";

const CONFLICTS_HELP = `
A conflict is a field that was edited on both sides, differently. Nothing was lost: both values are shown here.
Resolving says which one is to stand; the next run of the sync carries it out on the other side.

Examples:
  npm run -s syncctl -- conflicts
  npm run -s syncctl -- conflicts resolve <id> d1       the value of D1 goes to Notion
  npm run -s syncctl -- conflicts --all --json          settled ones as well`;

const REVIEWS_HELP = `
A review is a page in Notion that may be a record known already, by name or address. It waits until somebody says.

Examples:
  npm run -s syncctl -- reviews
  npm run -s syncctl -- reviews decide <id> <record id>   it is that record
  npm run -s syncctl -- reviews decide <id> new           it is somebody else: make a record of it`;

const HISTORY_HELP = `
Every value that was replaced, on either side, newest first, kept a year. Restoring writes it into D1, from where it
travels to Notion like any edit.

Examples:
  npm run -s syncctl -- history projects <record id>
  npm run -s syncctl -- history projects <record id> restore <entry>`;

/** Add what the verbs for decisions take. */
export function withConflicts(verb: Command): Command {
  return verb
    .argument("[resolve]", 'the word "resolve", to settle one')
    .argument("[id]", "which conflict")
    .argument("[side]", "notion or d1: whose value is to stand")
    .option("--all", "settled ones as well")
    .addHelpText("after", CONFLICTS_HELP);
}

export function withReviews(verb: Command): Command {
  return verb
    .argument("[decide]", 'the word "decide", to settle one')
    .argument("[id]", "which review")
    .argument("[record]", 'id of the record that the page is, or "new"')
    .addHelpText("after", REVIEWS_HELP);
}

export function withHistory(verb: Command): Command {
  return verb
    .argument("<sync>", "projects or clients")
    .argument("<record>", "id of the record")
    .argument("[restore]", 'the word "restore", to put a value back')
    .argument("[entry]", "which entry")
    .addHelpText("after", HISTORY_HELP);
}

/** What was typed after a verb: nothing, or its action with all that the action needs. */
export function actionOf(
  words: readonly (string | undefined)[],
  action: string,
  needs: readonly string[],
): readonly string[] | null {
  const [first, ...rest] = words.filter((word) => word !== undefined);
  if (first === undefined) return null;
  if (first !== action) refuse(`there is no "${first}" here; there is ${action} ${needs.join(" ")}`);
  if (rest.length < needs.length) refuse(`${action} needs ${needs.join(" and ")}`);
  return rest;
}

/** Conflicts, or what became of settling one. @throws CommanderError for a side that is none */
export async function conflicts(
  client: ApiClient,
  words: readonly string[] | null,
  isAll: boolean,
): Promise<Said> {
  if (words === null) {
    const list = await client.conflicts(isAll);
    const { items } = list;
    return said(list, items.length === 0 ? ["No conflict is open."] : items.flatMap(conflictLines));
  }
  const [id = "", side] = words;
  if (side !== "notion" && side !== "d1")
    return refuse(`whose value is to stand: notion or d1, not "${side}"`);
  const decided = await client.resolveConflict(id, side);
  return said(decided, [`Settled: ${side} stands. The next run of ${decided.sync} carries it out.`]);
}

/** Reviews, or what became of settling one. */
export async function reviews(client: ApiClient, words: readonly string[] | null): Promise<Said> {
  if (words === null) {
    const list = await client.reviews();
    const { items } = list;
    return said(list, items.length === 0 ? ["No page waits for a decision."] : items.flatMap(reviewLines));
  }
  const [id = "", record = ""] = words;
  const decided = await client.decideReview(id, record);
  const what = decided.recordId === null ? "a record of its own" : `the record ${decided.recordId}`;
  return said(decided, [`Decided: it is ${what}. The next run of ${decided.sync} carries it out.`]);
}

/** What was replaced of a record, or what became of putting a value back. */
export async function history(
  client: ApiClient,
  { sync, record }: { readonly sync: string; readonly record: string },
  words: readonly string[] | null,
): Promise<Said> {
  const list = await client.history(sync, record);
  const { items } = list;
  if (words === null) {
    const lines = items.length === 0 ? ["Nothing was ever replaced."] : items.map(historyLine);
    return said(list, lines);
  }
  const [entry = ""] = words;
  // The API restores by the entry alone; of another record it is as unknown as one that is none.
  if (items.every(({ id }) => id !== entry))
    throw new ApiError(404, `${record} has no entry ${entry} among its history`);
  const decided = await client.restore(entry);
  return said(decided, [
    decided.changed
      ? `Restored in D1; the next run of ${decided.sync} takes it to Notion.`
      : "It stands there already.",
  ]);
}

function conflictLines(conflict: Conflict): string[] {
  const { id, sync, recordId, column, notion, d1, base, taken, isByPerson, atMs } = conflict;
  const end = taken === null ? "open" : `${taken} was taken, by ${isByPerson ? "a person" : "policy"}`;
  return [
    id,
    `    ${sync} ${recordId}, ${column}: ${end} (${iso(atMs)})`,
    `    notion  ${shown(notion)}`,
    `    d1      ${shown(d1)}`,
    ...(base === null ? [] : [`    before  ${shown(base.d1)}`]),
  ];
}

function reviewLines({ id, sync, pageId, candidates, atMs }: Review): string[] {
  return [
    id,
    `    ${sync}, since ${iso(atMs)}: https://www.notion.so/${pageId.replaceAll("-", "")}`,
    ...candidates.map((one) => `    may be  ${one.id}  ${one.name ?? "(gone)"}`),
  ];
}

function historyLine({ id, column, side, value, replacedBy, runId, atMs }: HistoryRow): string {
  return `${id}  ${iso(atMs)}  ${column} in ${side}: ${shown(value)} -> ${shown(replacedBy)}  (${runId})`;
}

function shown(value: FieldValue): string {
  return value === null ? "(empty)" : JSON.stringify(value);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function said(value: object, lines: readonly string[]): Said {
  return { code: 0, value, lines };
}
