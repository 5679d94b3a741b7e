import { countWords, planHash, runCommand } from "../core/preview.ts";
import { COUNTED, type Check } from "../core/report.ts";
import type { TableName } from "../core/records/table.ts";
import { subjectOf } from "./approval.ts";
import { durably } from "./durably.ts";
import { knowTable, type TableContext } from "./notion-schema.ts";
import { previewPages } from "./page-preview.ts";
import type { Draft } from "./plan-draft.ts";
import { previewRows } from "./row-preview.ts";
import type { PipelineOutcome, RunContext } from "./run-context.ts";

/** Batches of old rows that one run takes away before it makes a plan. */
const CLEAN_STEPS_MAX = 100;

/**
 * The first part of a run that was asked for a plan, or given one. A dry run makes the plan and is over. A run that is to
 * carry one out makes it again: if it is the same, that is a person's word, and the run goes on like any other, listing
 * everything as the plan did; if it is not, nothing is written. Source: design 10, "first plan".
 *
 * @returns how the run ends; null if it goes on
 */
export async function previewFirst(context: RunContext, name: TableName): Promise<PipelineOutcome | null> {
  const { run, ports, fence } = context;
  const asked = run.preview;
  if (asked === null) return null;
  const table = await knowTable(context, name, "preview");
  const { hash, draft } = await makePlan(context, table);
  if (asked.mode === "dry_run") {
    await durably(context, "preview, keep", () =>
      ports.plans.keep(fence, {
        hash,
        sync: name,
        runId: run.id,
        madeMs: ports.world.nowMs(),
        counts: draft.counts,
        notes: draft.notes,
      }),
    );
    return over([...planChecks(name, hash, draft)], table.findings);
  }
  const moved = await durably(context, "preview, compare", async () => {
    const plan = await ports.plans.plan(asked.planHash);
    const differences =
      hash === asked.planHash ? 0 : await ports.plans.differences(plan?.runId ?? "", run.id);
    await ports.plans.drop(fence, run.id);
    return { isSame: hash === asked.planHash, differences };
  });
  if (!moved.isSame) return over([], [movedSentence(name, moved.differences)]);
  await durably(context, "approve", async () => {
    const subject = await subjectOf(context, table);
    await ports.plans.approve(fence, { ...subject, hash, runId: run.id, atMs: ports.world.nowMs() });
  });
  return null;
}

async function makePlan(
  context: RunContext,
  table: TableContext,
): Promise<{ readonly hash: string; readonly draft: Draft }> {
  const { ports, fence, run } = context;
  const { name } = table.table;
  for (let n = 1; n <= CLEAN_STEPS_MAX; n += 1)
    if (!(await durably(context, `preview, clean:${n}`, () => ports.plans.clean(fence, name, run.id)))) break;
  const draft: Draft = { digests: [], counts: {}, notes: [...table.notes] };
  const rows = await previewPages(context, table, draft);
  await previewRows(context, table, draft, rows);
  const subject = { sync: name, dataSourceId: table.dataSourceId };
  return { hash: await planHash(subject, draft.digests), draft };
}

function planChecks(name: TableName, hash: string, { counts, notes }: Draft): Check[] {
  const note = (what: string, actual: string): Check => ({ name: what, ok: true, expected: "", actual });
  const words = countWords(counts);
  const isAny = Object.keys(counts).length > 0;
  return [
    isAny ? note(COUNTED.plan, `${words}: ${runCommand(name, `--plan ${hash}`)}`) : note("plan", words),
    ...notes.map((sentence) => note("plan", sentence)),
  ];
}

function movedSentence(name: TableName, differences: number): string {
  const many = differences === 1 ? "1 action differs" : `${differences || "some"} actions differ`;
  return `the world has moved since this plan was made: ${many}; make a new one with ${runCommand(name, "--dry-run")}`;
}

function over(checks: readonly Check[], findings: readonly string[]): PipelineOutcome {
  return { continues: false, sourceCount: null, destinationCount: null, failedCount: 0, checks, findings };
}
