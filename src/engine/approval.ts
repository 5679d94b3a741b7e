import { runCommand } from "../core/preview.ts";
import type { TableName } from "../core/records/table.ts";
import type { PlanSubject } from "../ports/plan-store.ts";
import { durably, fail } from "./durably.ts";
import { notionOf, type TableContext } from "./notion-schema.ts";
import type { RunContext } from "./run-context.ts";

/** What is said of something that no run may do before a person approved a first plan. */
export function waitsForApproval(said: string, sync: TableName): string {
  return `${said} until a person approves the first plan for this workspace: ${runCommand(sync, "--dry-run")}`;
}

/**
 * Whether a run may write to Notion: the workspace is one of our own, or a person had a plan carried out for this very
 * data source. Asked of the ledger, so that it holds wherever the product runs. Source: design, law 8 of section 8.
 */
export async function mayWrite(context: RunContext, table: TableContext): Promise<boolean> {
  return durably(context, "may write", async () => {
    if (notionOf(context).mayWrite) return true;
    return context.ports.plans.isApproved(await subjectOf(context, table));
  });
}

/** Which data source of whose workspace a run is about. The workspace was proven when the run began. */
export async function subjectOf(context: RunContext, table: TableContext): Promise<PlanSubject> {
  const { accountHash } = await context.ports.runs.vendorKey(notionOf(context).tables.keyName);
  const account = accountHash ?? fail({ kind: "denied", party: "notion", detail: "the token is not proven" });
  return { sync: table.table.name, account, dataSourceId: table.dataSourceId };
}
