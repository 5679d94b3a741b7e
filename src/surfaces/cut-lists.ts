import { IDS_SHOWN_MAX } from "../core/policy.ts";
import { COUNTED } from "../core/report.ts";
import type { RunReport } from "../queries/status.ts";

/**
 * How many items and fields stand aside of a run, named in its report or not.
 *
 * @param quarantined meetings in quarantine now, of whatever run: a report of Fireflies names those of earlier runs too
 */
export function setAsideCount(
  { run, counts, setAside }: Pick<RunReport, "run" | "counts" | "setAside">,
  quarantined: number,
): number {
  const named = (verdict: string): number => setAside.filter((item) => item.verdict === verdict).length;
  const ofEarlierRuns = run.sync === "fireflies" ? quarantined : 0;
  return (
    Math.max(counts.pending, named("pending")) +
    Math.max(counts.failed, named("failed")) +
    Math.max(counts.quarantined, named("quarantined"), ofEarlierRuns) +
    Math.max(countedBy(run, COUNTED.fields), named("field"))
  );
}

/** A count that a run has among its checks. */
function countedBy({ result }: RunReport["run"], name: string): number {
  return Number(result?.checks.find((check) => check.name === name)?.actual ?? 0);
}

/** The line after a list that was cut; nothing after a whole one. */
export function moreLines(named: number, all: number): string[] {
  return all > named ? [`and ${all - named} more`] : [];
}

/** The line after a list whose whole length nobody knows, when it may have been cut. */
export function firstOnlyLines(named: number): string[] {
  return named >= IDS_SHOWN_MAX ? [`only the first ${named} are named`] : [];
}
