import { sizeWords, storeTitle, STORES, type StorageSample, type StoreName } from "../../core/headroom.ts";
import type { Week } from "../../core/report-figures.ts";
import { dayIn, daysOf } from "../../core/report-week.ts";
import { tableOf, text, type Block, type Chart, type Section } from "./document.ts";
import { count, moment } from "./words.ts";

const QUERY = "week_storage";

/** How full the stores were, over the days of a week: first, last, and each day. */
export function storageSection(samples: readonly StorageSample[], week: Week): Section {
  const title = "Storage over these days";
  if (samples.length === 0) return { title, blocks: [text("Nothing was measured in these days.")] };
  const rows = STORES.flatMap((store) => {
    const own = samples.filter((sample) => sample.store === store);
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined) return [];
    const change = amountOf(last) - amountOf(first);
    return [
      [
        nameOf(store),
        amountWords(first),
        moment(first.atMs),
        amountWords(last),
        moment(last.atMs),
        `${change > 0 ? "+" : change < 0 ? "−" : ""}${words(store, Math.abs(change))}`,
        last.room === null ? "no bound" : words(store, last.room),
      ],
    ];
  });
  const table = tableOf(["store", "#first", "at", "#last", "at", "#change", "#room left"], rows, QUERY);
  const charts = [sizeChart(samples, week), vectorChart(samples, week)].filter((chart) => chart !== null);
  const drawn = charts.map((chart): Block => ({ kind: "chart", chart }));
  const note = text(
    "Measured once an hour, of each calendar day the last is kept; the raw store and the largest row once a week, by cleanup.",
  );
  return { title, blocks: [...drawn, { kind: "table", table }, note] };
}

/** Of a disk only what is left is known. */
function nameOf(store: StoreName): string {
  return store === "disk" ? `${storeTitle(store)}, left` : storeTitle(store);
}

function amountOf({ used, room }: StorageSample): number {
  return used ?? room ?? 0;
}

function amountWords(sample: StorageSample): string {
  return words(sample.store, amountOf(sample));
}

function words(store: StoreName, amount: number): string {
  return store === "vectors" ? count(amount) : sizeWords(amount);
}

/** The last sample of each day of the week; null where nothing was measured. */
function course(samples: readonly StorageSample[], store: StoreName, week: Week): (StorageSample | null)[] {
  const byDay = new Map(
    samples
      .filter((sample) => sample.store === store)
      .map((sample) => [dayIn(week, sample.atMs), sample] as const),
  );
  return daysOf(week).map((day) => byDay.get(day) ?? null);
}

const SIZE_UNITS = [
  { unit: "GB", bytes: 1_000_000_000 },
  { unit: "MB", bytes: 1_000_000 },
  { unit: "kB", bytes: 1_000 },
] as const;
const BYTES = { unit: "bytes", bytes: 1 } as const;

/** Database and raw store as lines; the table has every size. Null if neither was measured. */
function sizeChart(samples: readonly StorageSample[], week: Week): Chart | null {
  const drawn = (["d1", "r2"] as const).filter((name) => samples.some(({ store }) => store === name));
  if (drawn.length === 0) return null;
  const sizes = samples.filter(({ store }) => drawn.some((name) => name === store)).map(amountOf);
  const { unit, bytes } = SIZE_UNITS.find((one) => Math.max(...sizes) >= one.bytes) ?? BYTES;
  const said = drawn.map((store) => {
    const own = course(samples, store, week).filter((sample) => sample !== null);
    const [first, last] = [own[0], own.at(-1)];
    return first === undefined || last === undefined
      ? ""
      : `${storeTitle(store)} ${amountWords(first)}, then ${amountWords(last)}`;
  });
  const shown = STORES.filter((store) => store !== "vectors" && samples.some((one) => one.store === store));
  const courses = shown.map((store) => course(samples, store, week));
  return {
    name: "storage",
    title: "How much is stored",
    summary: `First and last: ${said.join("; ")}.`,
    form: "lines",
    unit,
    categories: daysOf(week),
    series: drawn.map((store) => ({
      name: storeTitle(store),
      values: course(samples, store, week).map((sample) =>
        sample === null ? null : amountOf(sample) / bytes,
      ),
    })),
    table: tableOf(
      ["day", ...shown.map((store) => `#${nameOf(store)}`)],
      daysOf(week).map((day, n) => [day, ...courses.map((days) => wordsOrNone(days[n] ?? null))]),
      QUERY,
    ),
  };
}

function vectorChart(samples: readonly StorageSample[], week: Week): Chart | null {
  if (samples.every(({ store }) => store !== "vectors")) return null;
  const days = course(samples, "vectors", week);
  const last = days.findLast((sample) => sample !== null);
  return {
    name: "vectors",
    title: "Vectors in the live index",
    summary: `${last == null ? "None" : amountWords(last)} at last.`,
    form: "lines",
    unit: "vectors",
    categories: daysOf(week),
    series: [{ name: "vectors", values: days.map((sample) => (sample === null ? null : amountOf(sample))) }],
    table: tableOf(
      ["day", "#vectors"],
      daysOf(week).map((day, n) => [day, wordsOrNone(days[n] ?? null)]),
      QUERY,
    ),
  };
}

function wordsOrNone(sample: StorageSample | null): string {
  return sample === null ? "–" : amountWords(sample);
}
