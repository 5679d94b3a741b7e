/**
 * The peer of `bench notion`: what a competent person writes in an afternoon. It asks for the same pages by the same client
 * and upserts each into a plain table. What it leaves out is what trust costs: a ledger of pages, bases, hashes, history,
 * leases, attempts and verdicts, the check of each value, and going on where it was stopped.
 */
import type { NotionPage } from "../src/ports/notion.ts";
import { processorMs, type NotionBenchSpace } from "./notion-workspace.ts";

const COLUMNS = {
  title: "Project name",
  status: "Phase",
  job_number: "Job #",
  project_address: "Address",
  estimated_value: "Est Revenue",
  estimated_profit: "Est Profit",
  start_date: "Start Date",
  estimated_completion: "Est Completion",
  client: "Client",
} as const;

const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const TIMEOUT_MS = 30_000;
const QUERY_ROWS = 100;

const TABLE = `create table naive_projects (page_id text primary key, ${NAMES.join(", ")}, edited_ms integer)`;
const UPSERT = `insert into naive_projects (page_id, ${NAMES.join(", ")}, edited_ms)
  select value ->> 'page_id', ${NAMES.map((name) => `value ->> '${name}'`).join(", ")}, value ->> 'edited_ms'
  from json_each(?1) where true
  on conflict (page_id) do update set ${NAMES.map((name) => `${name} = excluded.${name}`).join(", ")},
    edited_ms = excluded.edited_ms`;

/** Copy all projects once. @returns processor time, and the emulated Notion's part of it */
export async function copyNaively({
  ports,
  d1,
  notionMs,
}: NotionBenchSpace): Promise<{ readonly tookMs: number; readonly notionMs: number }> {
  const { tables, databases } = ports.notion;
  const startedMs = processorMs();
  const notionBeforeMs = notionMs();
  await d1.prepare(TABLE).run();
  const sources = (await tables.dataSourcesOf(databases.projects ?? "", TIMEOUT_MS)).value ?? [];
  const dataSourceId = sources[0]?.id ?? "";
  const schema = (await tables.schema(dataSourceId, TIMEOUT_MS)).value;
  const ids = new Map(schema?.properties.map(({ id, name }) => [name, id]));
  let cursor: string | null = null;
  do {
    const asked = { dataSourceId, since: { by: "created", atMs: null }, cursor, rows: QUERY_ROWS } as const;
    const { value: page } = await tables.query(asked, TIMEOUT_MS);
    const rows = page.items.map((item) => rowOf(item, ids));
    await d1.prepare(UPSERT).bind(JSON.stringify(rows)).run();
    cursor = page.cursor;
  } while (cursor !== null);
  return { tookMs: processorMs() - startedMs, notionMs: notionMs() - notionBeforeMs };
}

function rowOf(page: NotionPage, ids: ReadonlyMap<string, string>): Record<string, unknown> {
  const row: Record<string, unknown> = { page_id: page.id, edited_ms: page.editedMs };
  for (const name of NAMES) {
    const read = page.properties[ids.get(COLUMNS[name]) ?? ""]?.read;
    row[name] = read !== undefined && "value" in read ? read.value : null;
  }
  return row;
}
