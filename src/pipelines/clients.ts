import { announcedOf, readAnnounced } from "../engine/announced-pages.ts";
import { mendPages } from "../engine/mending/pages.ts";
import { knowTable } from "../engine/notion-schema.ts";
import { listPages } from "../engine/page-listing.ts";
import { lookForMissing } from "../engine/page-missing.ts";
import { pushPages } from "../engine/page-pushes.ts";
import { previewFirst } from "../engine/previewing.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";
import { goesOn, outcomeOf } from "../engine/table-outcome.ts";

/**
 * Clients from Notion to D1; nothing is written back. Source: requirements, "Notion Clients Sync".
 *
 * Each field is checked by itself: a bad phone does not cost a good client. One that may be a client already waits for a
 * person.
 */
export async function syncClients(context: RunContext): Promise<PipelineOutcome> {
  const over = await previewFirst(context, "clients");
  if (over !== null) return over;
  const announced = await announcedOf(context, "clients");
  const table = await knowTable(context, "clients");
  const listed = await listPages(context, table);
  if (listed.at.listing.completedMs === null) return goesOn(table, listed);
  await readAnnounced(context, table, announced, listed.counted);
  const missing = await lookForMissing(context, table, listed.counted);
  await mendPages(context, table, listed);
  // Rows that were written in D1, and pages whose listing showed something old: read by themselves. Nothing is sent.
  const pushed = await pushPages(context, table, { counted: listed.counted, mayWrite: false });
  return outcomeOf(context, table, { listed, missing, pushed, made: null, isWritable: false });
}
