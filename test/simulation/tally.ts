import { FAULT_KINDS } from "../../emulators/faults/plan.ts";
import { NOTION_FAULT_KINDS } from "../../emulators/notion/faults.ts";
import { SYNC_NAMES } from "../../src/core/policy.ts";
import type { RunState } from "../../src/ports/run-store.ts";
import type { Judged } from "./campaign.ts";
import { PLACES } from "./scenario.ts";

/** What a report calls each kind of thing that is exercised. */
const TITLES: Readonly<Record<string, string>> = {
  fault: "faults by kind",
  crash: "crashes by place",
  run: "runs by end",
  event: "events",
};

/** Things that exist and that a simulation should meet, each by the beginning of the name it is counted under. */
const CORNERS: readonly string[] = [
  ...FAULT_KINDS.map((kind) => `fault: fireflies, ${kind}`),
  ...NOTION_FAULT_KINDS.map((kind) => `fault: notion, ${kind}`),
  ...["drop vectors", "hold vectors", "rot object", "the step engine forgot a run"].map(
    (one) => `fault: ${one}`,
  ),
  ...PLACES.map((place) => `crash: ${place}`),
  ...SYNC_NAMES.map((sync) => `run: ${sync}`),
];
/** Ends of a run, of whichever sync. */
const ENDS: readonly RunState[] = ["succeeded", "succeeded_with_findings", "parked", "failed"];

/** Histories of up to so many virtual hours are of the class that the speed is promised for: two days, and the calm. */
const SHORT_HOURS_MAX = 60;
const HOUR_MS = 3_600_000;

type Speed = { readonly seeds: number; readonly meanMs: number; readonly perSecond: number };

/** What many seeds came to. */
export class Tally {
  readonly exercised = new Map<string, number>();
  readonly broken: Judged[] = [];
  seeds = 0;
  readonly #spent = { short: { seeds: 0, ms: 0 }, longer: { seeds: 0, ms: 0 } };

  /** Add one seed. */
  add(judged: Judged): void {
    this.seeds += 1;
    for (const [what, times] of judged.exercised)
      this.exercised.set(what, (this.exercised.get(what) ?? 0) + times);
    if (judged.breaches.length > 0) this.broken.push(judged);
    const spent = this.#spent[judged.virtualMs <= SHORT_HOURS_MAX * HOUR_MS ? "short" : "longer"];
    spent.seeds += 1;
    spent.ms += judged.realMs;
  }

  /** By group, most often first. */
  groups(): { title: string; rows: (readonly [what: string, times: number])[] }[] {
    const groups = Map.groupBy(this.exercised, ([what]) => what.split(": ")[0] ?? "");
    return [...groups]
      .map(([name, rows]) => ({
        title: TITLES[name] ?? name,
        rows: rows
          .map(([what, times]) => [what.slice(name.length + 2), times] as const)
          .toSorted(([a, most], [b, times]) => times - most || (a < b ? -1 : 1)),
      }))
      .toSorted((a, b) => (a.title < b.title ? -1 : 1));
  }

  /** What exists and was not met once. */
  untouched(): string[] {
    const met = [...this.exercised.keys()];
    return [
      ...CORNERS.filter((corner) => !met.some((what) => what === corner || what.startsWith(`${corner},`))),
      ...ENDS.filter((end) => !met.some((what) => what.startsWith("run: ") && what.endsWith(`, ${end}`))).map(
        (end) => `run: any, ${end}`,
      ),
    ];
  }

  /** Seeds a second on all threads, by how long the histories were. */
  speeds(threads: number): { short: Speed; longer: Speed } {
    const speed = ({ seeds, ms }: { seeds: number; ms: number }): Speed => ({
      seeds,
      meanMs: seeds === 0 ? 0 : ms / seeds,
      perSecond: ms === 0 ? 0 : (seeds * threads * 1_000) / ms,
    });
    return { short: speed(this.#spent.short), longer: speed(this.#spent.longer) };
  }
}
