import { mayWrite } from "../engine/approval.ts";
import { announcedOf, readAnnounced } from "../engine/announced-pages.ts";
import { mendPages } from "../engine/mending/pages.ts";
import { knowTable } from "../engine/notion-schema.ts";
import { listPages } from "../engine/page-listing.ts";
import { makePages } from "../engine/page-making.ts";
import { lookForMissing } from "../engine/page-missing.ts";
import { pushPages } from "../engine/page-pushes.ts";
import { previewFirst } from "../engine/previewing.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";
import { goesOn, outcomeOf } from "../engine/table-outcome.ts";

/**
 * Projects between Notion and D1, both ways. Source: requirements, "Notion Projects Sync"; protocols 5.
 *
 * Nothing is made in Notion before everything was listed once: what is there already must not be doubled.
 */
export async function syncProjects(context: RunContext): Promise<PipelineOutcome> {
  // 0. A plan, if one is asked for; or whether the one that is given still holds.
  const over = await previewFirst(context, "projects");
  if (over !== null) return over;
  // 1. What webhooks said of it. Which property is which column; what changed in the schema.
  const announced = await announcedOf(context, "projects");
  const table = await knowTable(context, "projects");
  // 2. What was edited, or everything, and what webhooks named: each page is merged with its row, and D1 takes what is Notion's.
  const listed = await listPages(context, table);
  if (listed.at.listing.completedMs === null) return goesOn(table, listed);
  await readAnnounced(context, table, announced, listed.counted);
  // 3. What was not listed any more, and what a proof found.
  const missing = await lookForMissing(context, table, listed.counted);
  await mendPages(context, table, listed);
  // 4. What Notion is owed: read again, merge, write down what is replaced, send.
  const isWritable = await mayWrite(context, table);
  const pushed = await pushPages(context, table, { counted: listed.counted, mayWrite: isWritable });
  // 5. Rows without a page.
  const made = isWritable && table.markerId !== null ? await makePages(context, table, pushed.pages) : null;
  return outcomeOf(context, table, { listed, missing, pushed, made, isWritable });
}
