import { startRun } from "../../src/engine/tick.ts";
import { executeRun } from "../../src/engine/run.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Run } from "../../src/ports/run-store.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";
import { freshSteps } from "./workspace.ts";

export const DAY_MS = 86_400_000;

export type Space = Awaited<ReturnType<typeof aFirefliesWorkspace>>;

/**
 * A workspace with a few meetings in step, and so many days of logs behind it, as they would lie there: a run every few
 * hours, each with a verdict, a call and a try that failed, and now and then a finding, an alert, a push, a conflict, a value
 * that was replaced, a webhook and a request. What is older than the first meeting saw none of them.
 */
export async function aPast(days: number, perDay: number): Promise<Space> {
  const space = await aFirefliesWorkspace([1, 2, 3].map((n) => aSourceMeeting(`m${n}`, n)));
  await space.sync();
  await space.vectors();
  const endMs = space.world.nowMs() - 3 * 3_600_000;
  const everyMs = Math.floor(DAY_MS / perDay);
  const moments = `with recursive moments (n, ms) as (select 0, ${endMs} union all
    select n + 1, ms - ${everyMs} from moments where n < ${days * perDay - 1})`;
  const named = (kind: string): string => `'01OLD-${kind}-' || printf('%07d', ${days * perDay} - n)`;
  const run = named("run");
  const sync = "case n % 4 when 0 then 'projects' when 1 then 'vectors' else 'fireflies' end";
  const state = "case n % 7 when 0 then 'failed' when 1 then 'parked' else 'succeeded' end";
  const operations = `json('{"operations":{"list":{"times":2,"ms":30},"store":{"times":1,"ms":4.6}}}')`;
  const inserts = [
    `insert into runs (id, sync, trigger, state, ceiling_ms, queued_ms, started_ms, ended_ms, started_real_ms, duration_ms, result,
       instance_deleted) ${moments} select ${run}, ${sync}, 'schedule', ${state}, ms, ms - 3000, ms - 2000, ms, ms - 2000, 2000,
       ${operations}, 1 from moments order by ms`,
    `insert into run_items (run_id, item_id, verdict, items) ${moments}
       select ${run}, 'line', 'unchanged', 40 from moments union all select ${run}, 'x', 'updated', 1 from moments where n % 3 = 0`,
    `insert into attempts (id, run_id, step, party, operation, is_call, at_ms, outcome, next) ${moments}
       select ${named("call")}, ${run}, 'list:1', 'fireflies', 'list', 1, ms - 1000, 'ok', null from moments union all
       select ${named("try")}, ${run}, 'store:1', 'r2', 'store', 0, ms - 900, 'unreachable', 'wait' from moments where n % 5 = 0`,
    `insert into discoveries (id, sync, kind, ceiling_ms, started_ms, completed_ms) ${moments}
       select ${named("list")}, 'fireflies', 'fresh', ms, ms - 2000, ms - 1000 from moments where n % 2 = 0`,
    `insert into findings (id, domain, kind, subject, mender, cause, found_ms, run_id, proof_id, verified_ms) ${moments}
       select ${named("find")}, 'projects', 'row_differs', 'f' || n, null, 'c', ms, ${run}, 'p', iif(n % 40 = 0, null, ms + 1)
       from moments where n % 20 = 0`,
    `insert into alerts (id, kind, subject, detail, opened_ms, last_ms, closed_ms) ${moments}
       select ${named("alert")}, 'api_errors', 'fireflies', 'd', ms, ms, ms + 5 from moments where n % 25 = 0`,
    `insert into alerts (id, kind, subject, detail, opened_ms, last_ms) ${moments}
       select ${named("open")}, 'run_lost', 'projects', 'run ' || ${run} || ' was lost', ms, ms from moments
       where n = ${days * perDay - 2}`,
    `insert into pushes (id, sync, record_id, page_id, kind, fields, token, run_id, sent_ms, read_ms, settled_ms, outcome) ${moments}
       select ${named("push")}, 'projects', 'r', 'g', iif(n % 60 = 0, 'create', 'update'), '{}', 1, ${run}, ms, ms,
         iif(n % 90 = 0, null, ms), iif(n % 90 = 0, null, 'landed') from moments where n % 30 = 0`,
    `insert into conflicts (id, sync, record_id, column_name, notion, d1, run_id, at_ms, resolved_ms) ${moments}
       select ${named("conflict")}, 'projects', 'r', 'title', '1', '2', ${run}, ms, iif(n % 70 = 0, null, ms) from moments
       where n % 35 = 0`,
    `insert into history (id, sync, record_id, column_name, side, value, replaced_by, run_id, at_ms) ${moments}
       select ${named("value")}, 'projects', 'r', 'title', 'd1', '1', '2', ${run}, ms from moments where n % 10 = 0`,
    `insert into webhook_inbox (id, vendor, kind, sync, subject, received_ms, done_ms, outcome) ${moments}
       select ${named("hook")}, 'fireflies', 'k', 'fireflies', 'm1', ms, ms, 'read' from moments where n < ${9 * perDay} and n % 8 = 0`,
  ];
  for (const sql of inserts) await space.d1.prepare(sql).run();
  return space;
}

/** Runs of cleanup until one says that nothing is left. */
export async function cleanUp(space: Space): Promise<Run[]> {
  const runs: Run[] = [];
  for (let n = 0; n < 200; n += 1) {
    const asked = { sync: "cleanup", trigger: "manual", priority: "normal" } as const;
    const { run } = await startRun(space.ports, space.engine, asked);
    await executeRun(space.ports, freshSteps(space.world), run.id, PIPELINES);
    const ended = await space.ports.runs.run(run.id);
    if (ended === null) throw new Error("the run is gone");
    runs.push(ended);
    if (!ended.continues) return runs;
  }
  throw new Error("cleanup never ends");
}

/** Figures of a day by hand, from rows as they lie there now; of days before one. */
export async function figuresByHand(space: Space, beforeDay: string): Promise<string[]> {
  const day = (column: string): string => `strftime('%Y-%m-%d', ${column} / 1000.0, 'unixepoch')`;
  const queries = [
    `select ${day("ended_ms")} as day, sync || ' runs ' || state as what, count(*) as n from runs where ended_ms > 0 group by 1, 2`,
    `select ${day("ended_ms")} as day, sync || ' items ' || verdict as what, sum(items) as n
       from runs join run_items on run_id = runs.id where ended_ms > 0 group by 1, 2`,
    `select ${day("ended_ms")} as day, sync || ' calls ' || party as what, count(*) as n
       from runs join attempts on run_id = runs.id where is_call = 1 and ended_ms > 0 group by 1, 2`,
    `select ${day("ended_ms")} as day, sync || ' retries ' || outcome as what, count(*) as n
       from runs join attempts on run_id = runs.id where next = 'wait' and ended_ms > 0 group by 1, 2`,
    `select ${day("ended_ms")} as day, sync || ' operation_times list' as what, sum(json_extract(result, '$.operations.list.times')) as n
       from runs where json_extract(result, '$.operations.list.times') > 0 and ended_ms > 0 group by 1, 2`,
    `select ${day("received_ms")} as day, vendor || ' webhooks ' || outcome as what, count(*) as n from webhook_inbox group by 1, 2`,
    `select ${day("found_ms")} as day, coalesce(mender, 'person') || ' findings ' || kind as what, count(*) as n from findings group by 1, 2`,
    `select ${day("opened_ms")} as day, subject || ' alerts ' || kind as what, count(*) as n from alerts group by 1, 2`,
    `select ${day("sent_ms")} as day, sync || ' pushes ' || coalesce(outcome, 'unknown') as what, count(*) as n from pushes group by 1, 2`,
  ];
  const lines: string[] = [];
  for (const sql of queries)
    for (const { day: of, what, n } of await space.rows<{ day: string; what: string; n: number }>(sql))
      if (of < beforeDay) lines.push(`${of} ${what} ${n}`);
  return lines.toSorted();
}

/** The figures that were counted, of the same kinds. */
export async function figuresKept(space: Space): Promise<string[]> {
  const rows = await space.rows<{ line: string }>(
    `select day || ' ' || sync || ' ' || figure || ' ' || name || ' ' || value as line from daily_figures
     where figure in ('runs', 'items', 'calls', 'retries', 'webhooks', 'findings', 'alerts', 'pushes')
       or (figure = 'operation_times' and name = 'list')`,
  );
  return rows.map(({ line }) => line).toSorted();
}

/** Rows of each log. */
export async function logSizes(space: Space): Promise<Record<string, number>> {
  const tables = [
    "runs",
    "run_items",
    "attempts",
    "discoveries",
    "findings",
    "alerts",
    "pushes",
    "conflicts",
    "history",
  ];
  const sizes: Record<string, number> = {};
  for (const table of tables)
    sizes[table] = (await space.rows<{ n: number }>(`select count(*) as n from ${table}`))[0]?.n ?? 0;
  return sizes;
}
