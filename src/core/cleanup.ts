/** What is deleted by age, what it is kept for beyond that, and how that is said. Pure. */
import { FIGURES_KEPT_MS, HISTORY_KEPT_MS, LOGS_KEPT_MS, STORAGE_SAMPLES_KEPT_MS } from "./policy.ts";
import { DAY_MS } from "./durations.ts";
import type { Check } from "./report.ts";

type CleanedRule = {
  /** How old a row gets. */
  readonly keptMs: number;
  /** What an older one is kept for, in words. */
  readonly neededFor: string;
};

/** Tables with rows that go by age, in the order in which they are cleaned: what hangs on a run before the run. */
export const CLEANED = {
  attempts: { keptMs: LOGS_KEPT_MS, neededFor: "their runs are kept" },
  run_items: { keptMs: LOGS_KEPT_MS, neededFor: "their runs are kept" },
  runs: {
    keptMs: LOGS_KEPT_MS,
    neededFor: "the newest of their sync, first to see a meeting, or named by what is open",
  },
  discoveries: {
    keptMs: LOGS_KEPT_MS,
    neededFor: "the newest of their kind, first to show a meeting, or evidence for one",
  },
  findings: { keptMs: LOGS_KEPT_MS, neededFor: "open" },
  alert_deliveries: { keptMs: LOGS_KEPT_MS, neededFor: "their alerts are open" },
  alerts: { keptMs: LOGS_KEPT_MS, neededFor: "open" },
  pushes: { keptMs: LOGS_KEPT_MS, neededFor: "their outcome is unknown, or they made a page" },
  conflicts: { keptMs: HISTORY_KEPT_MS, neededFor: "open" },
  history: { keptMs: HISTORY_KEPT_MS, neededFor: "" },
  storage_samples: { keptMs: STORAGE_SAMPLES_KEPT_MS, neededFor: "" },
  daily_figures: { keptMs: FIGURES_KEPT_MS, neededFor: "" },
  rolled_days: { keptMs: FIGURES_KEPT_MS, neededFor: "" },
} as const satisfies Record<string, CleanedRule>;
export type CleanedTable = keyof typeof CLEANED;

/** In their order. */
export const CLEANED_TABLES = Object.keys(CLEANED) as CleanedTable[];

/** Items of a run of cleanup beside rows of tables. */
export const ROLLED = "days";
export const OBJECTS = "objects";

/** What became of each thing, both sides shown: what a run of cleanup reports. */
export function cleanedChecks(
  tallies: readonly { readonly what: string; readonly verdict: string; readonly items: number }[],
): Check[] {
  const count = (what: string, verdict: string): number =>
    tallies.find((tally) => tally.what === what && tally.verdict === verdict)?.items ?? 0;
  const rows = CLEANED_TABLES.flatMap((table): Check[] => {
    const [deleted, kept] = [count(table, "deleted"), count(table, "unchanged")];
    if (deleted + kept === 0) return [];
    const { keptMs, neededFor } = CLEANED[table];
    const why = kept === 0 || neededFor === "" ? "" : ` (${neededFor})`;
    const expected = `rows older than ${keptMs / DAY_MS} days`;
    return [{ name: table, ok: true, expected, actual: `${deleted} deleted, ${kept} kept${why}` }];
  });
  const days = count(ROLLED, "created");
  const objects = count(OBJECTS, "deleted");
  return [
    ...(days === 0
      ? []
      : [{ name: "daily figures", ok: true, expected: "each day once", actual: `${days} days counted` }]),
    ...rows,
    ...(objects === 0
      ? []
      : [
          {
            name: "raw store",
            ok: true,
            expected: "what a complete proof named and nothing refers to",
            actual: `${objects} objects deleted`,
          },
        ]),
  ];
}
