import { describe, expect, it } from "vitest";
import type { PlanItem } from "../../core/preview.ts";
import type { Plan } from "../../ports/plan-store.ts";
import { planLines, wholePlan } from "./plan.ts";

const HASH = "0f".repeat(32);

const plan = (counts: Plan["counts"], notes: readonly string[] = []): Plan => ({
  hash: HASH,
  sync: "projects",
  runId: "01RUN",
  madeMs: 0,
  counts,
  notes,
  approvedMs: null,
});

const item = (change: Partial<PlanItem>): PlanItem => ({
  action: "change row",
  recordId: "r1",
  pageId: "aa-bb",
  column: null,
  before: null,
  after: null,
  ...change,
});

describe("planLines", () => {
  it("groups what would be done, shows changes field by field, and ends with the command that does it", () => {
    const items = [
      item({ action: "change page", column: "title", before: "a", after: "b" }),
      item({ action: "create row", recordId: null, after: { title: "New", estimated_value: 3 } }),
      item({ action: "ask", column: "status", before: "active", after: "on-hold" }),
      item({ action: "trash page" }),
      item({ column: "priority", after: "low" }),
      item({ action: "set aside", column: "estimated_value", after: "is not a number" }),
    ];
    const counts = {
      "change page": 1,
      "create row": 1,
      ask: 1,
      "trash page": 1,
      "change row": 1,
      "set aside": 1,
    };
    expect(planLines(plan(counts, ["projects.title: renamed"]), items)).toEqual([
      "Rows to make in D1: 1",
      '  page aabb: title "New", estimated_value 3',
      "Rows to change in D1: 1",
      '  r1, page aabb: priority: (empty) -> "low"',
      "Pages to change in Notion: 1",
      '  r1, page aabb: title: "a" -> "b"',
      "Pages to put into Notion's trash: 1",
      "  r1, page aabb",
      "To be asked of a person: 1",
      '  r1, page aabb: status: "active" in D1 or "on-hold" in Notion',
      "To be set aside: 1",
      "  r1, page aabb: estimated_value is not a number",
      "Note: projects.title: renamed",
      `Plan ${HASH}`,
      `Nothing was written. To carry out exactly this: npm run -s syncctl -- run projects --plan ${HASH}`,
    ]);
  });

  it("names at most 50 of a kind and counts the others", () => {
    const items = Array.from({ length: 80 }, (_, n) => item({ action: "delete row", recordId: `r${n}` }));
    const lines = planLines(plan({ "delete row": 80 }), items);
    expect(lines.filter((line) => line.startsWith("  r"))).toHaveLength(50);
    expect(lines).toContain("  and 30 more");
  });

  it("says that there is nothing to do, and not how it is done", () => {
    expect(planLines(plan({}, ["a note"]), [])).toEqual([
      "Nothing to do: both sides are in step. Nothing was written.",
      "Note: a note",
    ]);
  });
});

describe("wholePlan", () => {
  it("asks until the end of the plan", async () => {
    const pages = new Map([
      [null, { plan: plan({}), items: [item({ recordId: "r1" })], cursor: 7 }],
      [7, { plan: plan({}), items: [item({ recordId: "r2" })], cursor: null }],
    ] as const);
    const client = {
      plan: async (_hash: string, cursor: number | null) => {
        const page = pages.get(cursor as 7);
        if (page === undefined) throw new Error("asked for what no answer named");
        return page;
      },
    };
    const { items } = await wholePlan(client, HASH);
    expect(items.map(({ recordId }) => recordId)).toEqual(["r1", "r2"]);
  });
});
