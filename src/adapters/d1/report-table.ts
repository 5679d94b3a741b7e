import type { D1Database, D1Result } from "@cloudflare/workers-types";
import type { Queried } from "../../core/report-figures.ts";
import type { ReportStore } from "../../ports/report-store.ts";
import { createDatabase, statement, type Database, type Value } from "./database.ts";
import { RUN_QUERIES } from "./run-report-queries.ts";
import { weekQueries } from "./week-report-queries.ts";

/** What reports are made of, in D1. */
export function createReportStore(d1: D1Database): ReportStore {
  const database = createDatabase(d1);
  return {
    run: (runId, nowMs) => ask(database, RUN_QUERIES, [runId, nowMs]),
    week: ({ fromMs, toMs, sync }) => ask(database, weekQueries(sync), [fromMs, toMs, sync]),
  };
}

/** All queries of a report in one batch, each as it will be shown: what is shown is what was asked. */
async function ask<Rows>(
  database: Database,
  texts: Readonly<Record<keyof Rows & string, string>>,
  values: readonly Value[],
): Promise<Queried<Rows>> {
  const names = Object.keys(texts) as (keyof Rows & string)[];
  const shown = names.map((name) => [name, withValues(texts[name], values)] as const);
  const results = await database.batch(shown.map(([, sql]) => statement(sql)));
  const rows = names.map((name, place) => [name, (results[place] as D1Result).results]);
  return { rows: Object.fromEntries(rows) as Rows, queries: Object.fromEntries(shown) as never };
}

/** A query with its values in place of ?1, ?2, …, each as a literal, on one line. */
function withValues(sql: string, values: readonly Value[]): string {
  return sql
    .replaceAll(/\s+/g, " ")
    .replaceAll(/\?(\d)/g, (_, place: string) => literal(values[Number(place) - 1] ?? null));
}

function literal(value: Value): string {
  if (value === null) return "null";
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
