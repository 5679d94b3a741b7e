/**
 * Soak: thirty days of the schedule, every minute of them, over a real D1: what a day costs, what grows, and what that comes
 * to in a month at other sizes. Everything but D1 is emulated in this process, on a clock that only moves when it is told to.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monthlyCosts, type Usage } from "./prices.ts";
import type { BenchResult } from "./result.ts";
import { openSoakD1 } from "./soak-d1.ts";
import { openSoakWorld, type SoakDay } from "./soak-world.ts";
import { rounded } from "./statistics.ts";

/** How much to soak. */
export type SoakBenchOptions = { readonly days: number; readonly say: (line: string) => void };

/** Two sizes, so that what grows with what is stored can be told from what does not. */
const SIZES = [100, 400] as const;
const FREE_CALLS_MAX = 50;
const DAYS_PER_MONTH = 30;
const SIZES_SHOWN = [1_000, 10_000, 100_000, 1_000_000];
const TABLES_SHOWN = 8;
/** Included in Workers Paid a month. Source: docs/vendors/cloudflare.md, "Prices". */
const INCLUDED = { rowsRead: 25e9, rowsWritten: 50e6, steps: 500e3 };

/** What a soak of one size came to: by day, and what is stored in the end. */
type Soaked = {
  readonly meetings: number;
  /** Meetings of the first sync, and what it used. */
  readonly begun: number;
  readonly first: SoakDay;
  readonly days: readonly SoakDay[];
  readonly growth: readonly { readonly table: string; readonly before: number; readonly after: number }[];
  readonly d1Bytes: number;
  readonly r2Bytes: number;
  readonly vectors: number;
};

/** Soak both sizes. Takes some half an hour. */
export async function benchSoak({ days, say }: SoakBenchOptions): Promise<BenchResult> {
  const soaked: Soaked[] = [];
  for (const size of SIZES) soaked.push(await soak(size, days, say));
  const [small, large] = soaked as [Soaked, Soaked];
  return {
    name: "soak",
    rows: [
      ...perDay(large),
      ...growthRows(large, days),
      ...storedRows(small, large),
      ...firstSyncRows(small, large),
      ...costRows(small, large),
    ],
  };
}

async function soak(meetings: number, days: number, say: (line: string) => void): Promise<Soaked> {
  const directory = await mkdtemp(join(tmpdir(), "meeting-sync-soak-"));
  const d1 = await openSoakD1(directory);
  try {
    const world = await openSoakWorld(d1, meetings);
    say(`${meetings} meetings: first sync`);
    const first = await world.begin();
    const before = await d1.rowsByTable();
    const lived: SoakDay[] = [];
    for (let day = 1; day <= days; day += 1) {
      lived.push(await world.day());
      if (day % 5 === 0) say(`${meetings} meetings: ${day} of ${days} days`);
    }
    const after = await d1.rowsByTable();
    const growth = Object.keys(after).map((table) => ({
      table,
      before: before[table] ?? 0,
      after: after[table] ?? 0,
    }));
    return {
      begun: meetings,
      first,
      days: lived,
      growth,
      d1Bytes: d1.sizeBytes(),
      ...(await world.stored()),
    };
  } finally {
    await d1.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Mean of a figure over days. */
function meanOf(days: readonly SoakDay[], figure: (day: SoakDay) => number): number {
  return days.reduce((sum, day) => sum + figure(day), 0) / days.length;
}

function perDay({ days, meetings }: Soaked): Row[] {
  const failed = days.reduce((sum, day) => sum + day.failed, 0);
  return [
    { what: "meetings in the end", value: meetings, unit: "" },
    { what: "runs that did not succeed", value: failed, unit: "", target: "0", ok: failed === 0 },
    ...callRows(days),
    mean("D1 rows read", days, (day) => day.rowsRead),
    mean("D1 rows read by ticks with nothing due", days, (day) => day.rowsReadByTicks),
    ofIncluded("D1 rows read", days, (day) => day.rowsRead, INCLUDED.rowsRead),
    mean("D1 rows written", days, (day) => day.rowsWritten),
    ofIncluded("D1 rows written", days, (day) => day.rowsWritten, INCLUDED.rowsWritten),
    mean("R2 writes and lists", days, (day) => day.r2Writes),
    mean("R2 reads", days, (day) => day.r2Reads),
    mean("Workflow steps", days, (day) => day.steps),
    ofIncluded("Workflow steps", days, (day) => day.steps, INCLUDED.steps),
    mean("tokens embedded", days, (day) => day.tokens),
  ];
}

type Row = BenchResult["rows"][number];
type Figure = (day: SoakDay) => number;

function callRows(days: readonly SoakDay[]): Row[] {
  const worst = Math.max(...days.map(({ fireflies }) => fireflies));
  return [
    mean("calls of Fireflies", days, (day) => day.fireflies),
    {
      what: "calls of Fireflies on the worst day, against a free key",
      value: worst,
      unit: "",
      target: `<= ${FREE_CALLS_MAX}`,
      ok: worst <= FREE_CALLS_MAX,
    },
    mean("calls of Notion", days, (day) => day.notion),
  ];
}

function mean(what: string, days: readonly SoakDay[], figure: Figure): Row {
  return { what: `${what} a day, mean`, value: Math.round(meanOf(days, figure)), unit: "" };
}

function ofIncluded(what: string, days: readonly SoakDay[], figure: Figure, included: number): Row {
  const share = (meanOf(days, figure) * DAYS_PER_MONTH) / included;
  return {
    what: `${what} a month, of what is included`,
    value: rounded(share * 100),
    unit: "%",
    target: "<= 100",
    ok: share <= 1,
  };
}

function growthRows({ growth }: Soaked, days: number): Row[] {
  const growing = growth
    .map(({ table, before, after }) => ({ table, after, weekly: ((after - before) / days) * 7 }))
    .filter(({ weekly }) => weekly > 0)
    .toSorted((a, b) => b.weekly - a.weekly)
    .slice(0, TABLES_SHOWN);
  return growing.map(({ table, weekly }) => ({
    what: `rows of ${table}, more each week`,
    value: rounded(weekly),
    unit: "rows",
  }));
}

/** What one meeting more adds to each store. */
function storedRows(small: Soaked, large: Soaked): Row[] {
  const more = large.meetings - small.meetings;
  const added = (what: string, figure: (soaked: Soaked) => number, unit: string): Row => ({
    what: `${what}, for each meeting more`,
    value: rounded((figure(large) - figure(small)) / more),
    unit,
  });
  return [
    added("D1", (one) => one.d1Bytes, "bytes"),
    added("R2", (one) => one.r2Bytes, "bytes"),
    added("vectors", (one) => one.vectors, ""),
  ];
}

/** A figure by the two sizes: what it is with nothing stored, and what each meeting adds. @param size what counts as one */
function lineOf(
  small: Soaked,
  large: Soaked,
  figure: (soaked: Soaked) => number,
  size: (soaked: Soaked) => number = ({ meetings }) => meetings,
): (meetings: number) => number {
  const [x1, x2, y1, y2] = [size(small), size(large), figure(small), figure(large)];
  const slope = Math.max(0, (y2 - y1) / (x2 - x1));
  return (meetings) => Math.max(0, y2 + slope * (meetings - x2));
}

/** What a day of one size used. */
const USED = ["rowsRead", "rowsWritten", "r2Writes", "r2Reads", "steps", "tokens"] as const;
type Used = (typeof USED)[number];
const STORED = ["d1Bytes", "r2Bytes", "vectors"] as const;

/** What a month at so many meetings uses and stores, by the two sizes that were soaked. */
function usageOf(small: Soaked, large: Soaked): (meetings: number) => Usage {
  const perMonth = (name: Used) =>
    lineOf(small, large, ({ days }) => meanOf(days, (day) => day[name]) * DAYS_PER_MONTH);
  const lines = [
    ...USED.map((name) => [name, perMonth(name)] as const),
    ...STORED.map((name) => [name, lineOf(small, large, (soaked) => soaked[name])] as const),
  ];
  return (meetings) => Object.fromEntries(lines.map(([name, line]) => [name, line(meetings)])) as Usage;
}

/** What the first sync of so many meetings uses, by a figure of it. */
function firstLine(small: Soaked, large: Soaked, figure: Figure): (meetings: number) => number {
  return lineOf(
    small,
    large,
    ({ first }) => figure(first),
    ({ begun }) => begun,
  );
}

/** What a month uses that has the first sync in it. */
function firstMonthOf(small: Soaked, large: Soaked): (meetings: number) => Usage {
  const usual = usageOf(small, large);
  const lines = USED.map((name) => [name, firstLine(small, large, (first) => first[name])] as const);
  return (meetings) => {
    const usage = usual(meetings);
    return {
      ...usage,
      ...Object.fromEntries(lines.map(([name, line]) => [name, usage[name] + line(meetings)])),
    };
  };
}

function firstSyncRows(small: Soaked, large: Soaked): Row[] {
  const per = (figure: Figure): number => {
    const line = firstLine(small, large, figure);
    return rounded(line(1_000_001) - line(1_000_000));
  };
  const row = (what: string, figure: Figure): Row => ({
    what: `first sync: ${what}, for each meeting`,
    value: per(figure),
    unit: "",
  });
  return [
    row("D1 rows read", (first) => first.rowsRead),
    row("D1 rows written", (first) => first.rowsWritten),
    row("R2 writes and lists", (first) => first.r2Writes),
    row("Workflow steps", (first) => first.steps),
    row("tokens embedded", (first) => first.tokens),
  ];
}

/** The bill, dearest first; what is below a cent is left out. */
function billOf(usage: Usage): { readonly total: number; readonly words: string } {
  const { total, parts } = monthlyCosts(usage);
  const dearest = parts.filter(({ dollars }) => dollars >= 0.01).toSorted((a, b) => b.dollars - a.dollars);
  return { total, words: dearest.map(({ name, dollars }) => `${name} ${dollars.toFixed(2)}`).join(", ") };
}

function costRows(small: Soaked, large: Soaked): Row[] {
  const usageAt = usageOf(small, large);
  const firstAt = firstMonthOf(small, large);
  return SIZES_SHOWN.flatMap((meetings) => {
    const usage = usageAt(meetings);
    const [month, first] = [billOf(usage), billOf(firstAt(meetings))];
    const share = (what: string, used: number, of: number): Row => ({
      what: `  ${what}`,
      value: rounded((used / of) * 100),
      unit: "%",
    });
    return [
      {
        what: `${meetings.toLocaleString("en")} meetings, a month: ${month.words}`,
        value: rounded(month.total),
        unit: "$",
      },
      {
        what: `  the first month, with the first sync: ${first.words}`,
        value: rounded(first.total),
        unit: "$",
      },
      share("D1, of the 10 GB that one may have", usage.d1Bytes, 10e9),
      share("vectors, of the 20 million of an index", usage.vectors, 20e6),
      share("D1 rows read a month, of what is included", usage.rowsRead, INCLUDED.rowsRead),
      share("D1 rows written a month, of what is included", usage.rowsWritten, INCLUDED.rowsWritten),
      share("Workflow steps a month, of what is included", usage.steps, INCLUDED.steps),
    ];
  });
}
