/**
 * Notion: calls, and the time that the limit alone imposes, on a clock that only waiting moves; then rows a second against a
 * naive copier (naive-table.ts), from the same emulated Notion without a limit. Both do everything in this process, and
 * what they take is its processor time.
 */
import { copyNaively } from "./naive-table.ts";
import { openNotionSpace, type NotionBenchSpace } from "./notion-workspace.ts";
import type { BenchResult } from "./result.ts";
import { medianOf, rounded } from "./statistics.ts";

type Row = BenchResult["rows"][number];
type Say = (line: string) => void;

/** How much to measure. */
export type NotionBenchOptions = {
  readonly projects: number;
  readonly edits: number;
  readonly repetitions: number;
  readonly say: Say;
};

const CALLS_PER_MINUTE = 180;
const MINUTE_MS = 60_000;
const FEW_EDITS = 100;
const QUERY_ROWS = 100;
/** Runs with nothing new that are timed, four hours apart: the day's listing of everything is one of them. */
const QUIET_RUNS = 7;

/** Schema and query, once the schema that is known is too old. */
const QUIET_CALLS_MAX = 2;
const INITIAL_CALLS_BESIDE_ROWS = 5;
const PUSH_TIME_RATIO_MAX = 1.05;
const QUIET_OWN_MS_MAX = 100;
const COPY_RATIO_MAX = 2;
/** A page that is pushed is read first. */
const CALLS_PER_PUSH = 2;

/** Measure the sync of projects. Takes some minutes with 10,000 projects. */
export async function benchNotion(options: NotionBenchOptions): Promise<BenchResult> {
  const { projects, say } = options;
  say(`making ${projects} projects`);
  const space = await openNotionSpace(projects, CALLS_PER_MINUTE);
  try {
    return {
      name: "notion",
      rows: [
        ...(await initialRows(space, options)),
        ...(await quietRows(space, options)),
        ...(await fewEditsRows(space, options)),
        ...(await pushRows(space, options)),
        ...(await copyRows(options)),
      ],
    };
  } finally {
    await space.close();
  }
}

async function initialRows(space: NotionBenchSpace, { projects, say }: NotionBenchOptions): Promise<Row[]> {
  say("initial load");
  await space.syncAll("clients");
  const load = await space.syncAll("projects");
  const [count] = await space.rows<{ rows: number }>(
    "select count(*) as rows from notion_pages where sync = 'projects' and state in ('bound', 'quarantined')",
  );
  const callsMax = projects / QUERY_ROWS + INITIAL_CALLS_BESIDE_ROWS;
  return [
    exactly(`pages with a row or a reason, of ${projects}`, count?.rows ?? 0, projects),
    target("calls of the initial load", load.calls, "", callsMax),
    target("of them refused (429)", load.refused, "", 0),
    { what: "runs of the initial load", value: load.runs, unit: "" },
    {
      what: "own time of the initial load",
      value: rounded((load.tookMs - load.notionMs) / 1_000),
      unit: "s",
    },
  ];
}

async function quietRows(space: NotionBenchSpace, { projects, say }: NotionBenchOptions): Promise<Row[]> {
  say(`${QUIET_RUNS} runs with nothing new`);
  const calls: number[] = [];
  const ownMs: number[] = [];
  for (let n = 0; n < QUIET_RUNS; n += 1) {
    space.fallDue();
    const run = await space.syncAll("projects");
    calls.push(run.calls);
    ownMs.push(run.tookMs - run.notionMs);
  }
  const daily = calls.indexOf(Math.max(...calls));
  return [
    target(
      "calls of a run with nothing new, at most",
      Math.max(...calls.toSpliced(daily, 1)),
      "",
      QUIET_CALLS_MAX,
    ),
    target(
      `own time of a run with nothing new over ${projects} rows`,
      rounded(medianOf(ownMs)),
      "ms",
      QUIET_OWN_MS_MAX,
    ),
    { what: "calls of the daily listing of everything", value: calls[daily] ?? Number.NaN, unit: "" },
    {
      what: "own time of the daily listing",
      value: rounded((ownMs[daily] ?? Number.NaN) / 1_000),
      unit: "s",
    },
  ];
}

async function fewEditsRows(space: NotionBenchSpace, { say }: NotionBenchOptions): Promise<Row[]> {
  say(`${FEW_EDITS} edits on either side`);
  space.fallDue();
  await editRows(space, FEW_EDITS, "few");
  const pushed = await space.syncAll("projects");
  space.fallDue();
  const pages = space.notion
    .pages("projects")
    .filter(({ values, isTrashed }) => values["Project name"] !== null && !isTrashed);
  for (const page of pages.slice(0, FEW_EDITS))
    space.notion.control({ op: "edit", page: page.id, set: { Address: `Edited of ${page.id}` } });
  // Queries see it by then.
  space.world.advance(MINUTE_MS);
  const taken = await space.syncAll("projects");
  const [count] = await space.rows<{ rows: number }>(
    "select count(*) as rows from projects where project_address like 'Edited of %'",
  );
  const pushedMax = FEW_EDITS * CALLS_PER_PUSH + QUIET_CALLS_MAX + 1;
  return [
    target(`calls for ${FEW_EDITS} rows edited in D1`, pushed.calls, "", pushedMax),
    target(`calls for ${FEW_EDITS} pages edited in Notion`, taken.calls, "", QUIET_CALLS_MAX + 1),
    exactly("of these edits taken", count?.rows ?? 0, FEW_EDITS),
  ];
}

async function pushRows(space: NotionBenchSpace, { edits, say }: NotionBenchOptions): Promise<Row[]> {
  say(`pushing ${edits} edits`);
  space.fallDue();
  await editRows(space, edits, "many");
  const push = await space.syncAll("projects");
  const shown = space.notion
    .pages("projects")
    .filter(({ values }) => String(values["Address"]).startsWith("many "));
  const limitMs = ((edits * CALLS_PER_PUSH) / CALLS_PER_MINUTE) * MINUTE_MS;
  return [
    exactly(`edits that Notion shows, of ${edits} in D1`, shown.length, edits),
    { what: "calls for them", value: push.calls, unit: "" },
    target("of them refused (429)", push.refused, "", 0),
    { what: `time that the limit alone imposes`, value: rounded(limitMs / 1_000), unit: "s" },
    target("time of the push against it", rounded(push.waitedMs / limitMs), "x", PUSH_TIME_RATIO_MAX),
    { what: "own time of a push", value: rounded((push.tookMs - push.notionMs) / edits), unit: "ms" },
  ];
}

/** Write a new address into so many rows, as an application would. */
async function editRows({ d1 }: NotionBenchSpace, count: number, word: string): Promise<void> {
  await d1
    .prepare(
      `update projects set project_address = ?2 || ' ' || id
       where id in (select id from projects where deleted_ms is null and notion_id is not null order by id limit ?1)`,
    )
    .bind(count, word)
    .run();
}

async function copyRows({ projects, repetitions, say }: NotionBenchOptions): Promise<Row[]> {
  const product: number[] = [];
  const naive: number[] = [];
  const ratios: number[] = [];
  const ownRatios: number[] = [];
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    const space = await openNotionSpace(projects, null);
    try {
      await space.syncAll("clients");
      // Whoever comes second finds Notion's memory warm.
      const first = repetition % 2 === 0 ? null : await copyNaively(space);
      const own = await space.syncAll("projects");
      const peer = first ?? (await copyNaively(space));
      product.push(own.tookMs);
      naive.push(peer.tookMs);
      ratios.push(own.tookMs / peer.tookMs);
      ownRatios.push((own.tookMs - own.notionMs) / (peer.tookMs - peer.notionMs));
      say(
        `repetition ${repetition}: product ${seconds(own.tookMs)} (Notion's part ${seconds(own.notionMs)}), naive ${seconds(peer.tookMs)} (${seconds(peer.notionMs)})`,
      );
    } finally {
      await space.close();
    }
  }
  const perSecond = (ms: readonly number[]): number => Math.round(projects / (medianOf(ms) / 1_000));
  return [
    { what: `initial load of ${projects} projects, no limit`, value: perSecond(product), unit: "rows/s" },
    { what: "naive copier", value: perSecond(naive), unit: "rows/s" },
    target("time against the naive copier", rounded(medianOf(ratios)), "x", COPY_RATIO_MAX),
    {
      what: "the same without the emulated Notion's own part",
      value: rounded(medianOf(ownRatios)),
      unit: "x",
    },
  ];
}

function seconds(ms: number): string {
  return `${rounded(ms / 1_000)} s`;
}

/** A row whose value may be so much at most. */
function target(what: string, value: number, unit: string, bound: number): Row {
  return { what, value, unit, target: `<= ${bound}`, ok: value <= bound };
}

function exactly(what: string, value: number, expected: number): Row {
  return { what, value, unit: "", target: String(expected), ok: value === expected };
}
