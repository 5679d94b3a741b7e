import { PLAN_ITEMS_MAX, PLAN_LINES_MAX } from "../../core/policy.ts";
import {
  PLAN_ACTIONS,
  runCommand,
  type PlanAction,
  type PlanItem,
  type PlanValue,
} from "../../core/preview.ts";
import type { Plan } from "../../ports/plan-store.ts";
import type { ApiClient } from "../client.ts";

const TITLES: Readonly<Record<PlanAction, string>> = {
  "create row": "Rows to make in D1",
  "change row": "Rows to change in D1",
  "delete row": "Rows to mark as deleted in D1",
  "create page": "Pages to make in Notion",
  "change page": "Pages to change in Notion",
  "trash page": "Pages to put into Notion's trash",
  ask: "To be asked of a person",
  "set aside": "To be set aside",
};

/** A plan with all that it says. */
export async function wholePlan(
  client: Pick<ApiClient, "plan">,
  hash: string,
): Promise<{ readonly plan: Plan; readonly items: readonly PlanItem[] }> {
  const first = await client.plan(hash, null);
  const items = [...first.items];
  let { cursor } = first;
  while (cursor !== null) {
    const next = await client.plan(hash, cursor);
    items.push(...next.items);
    cursor = next.cursor;
  }
  return { plan: first.plan, items };
}

/** A plan for people: what would be done, by kind, and how to have it done, if there is anything to do. */
export function planLines({ hash, sync, counts, notes }: Plan, items: readonly PlanItem[]): string[] {
  const said = notes.map((note) => `Note: ${note}`);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (total === 0) return ["Nothing to do: both sides are in step. Nothing was written.", ...said];
  const groups = PLAN_ACTIONS.flatMap((action) => {
    const count = counts[action] ?? 0;
    if (count === 0) return [];
    const lines = items.filter((item) => item.action === action).slice(0, PLAN_LINES_MAX);
    const more = count - lines.length;
    return [
      `${TITLES[action]}: ${count}`,
      ...lines.map((item) => `  ${itemLine(item)}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ];
  });
  return [
    ...groups,
    ...(total > items.length
      ? [`Only the first ${PLAN_ITEMS_MAX} are kept by name; the hash is of all.`]
      : []),
    ...said,
    `Plan ${hash}`,
    `Nothing was written. To carry out exactly this: ${runCommand(sync, `--plan ${hash}`)}`,
  ];
}

function itemLine({ action, recordId, pageId, column, before, after }: PlanItem): string {
  const page = pageId === null ? null : `page ${pageId.replaceAll("-", "")}`;
  const name = [recordId, page].filter((part) => part !== null).join(", ");
  switch (action) {
    case "create row":
    case "create page":
      return `${name}: ${shown(after)}`;
    case "delete row":
    case "trash page":
      return name;
    case "change row":
    case "change page":
      return `${name}: ${column ?? ""}: ${shown(before)} -> ${shown(after)}`;
    case "ask":
      return column === null
        ? `${name}: ${said(after)}`
        : `${name}: ${column}: ${shown(before)} in D1 or ${shown(after)} in Notion`;
    case "set aside":
      return column === null ? `${name}: ${said(after)}` : `${name}: ${column} ${said(after)}`;
  }
}

function said(value: PlanValue): string {
  return typeof value === "string" ? value : shown(value);
}

function shown(value: PlanValue): string {
  if (value === null) return "(empty)";
  if (typeof value !== "object") return JSON.stringify(value);
  return Object.entries(value)
    .map(([column, one]) => `${column} ${JSON.stringify(one)}`)
    .join(", ");
}
