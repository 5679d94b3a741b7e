import { rowsOf } from "./stores.ts";
import type { Simulation } from "./simulation.ts";

const HOUR_MS = 3_600_000;
/** Written anew, so that they can disagree with the program. Source: protocols 4. */
const APART_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * 24 * HOUR_MS;
const FREE_MAX = 5;
const FREE_SHARE = 0.01;

/**
 * Law 7 for verdicts: nothing is buried before it was away for a day, and no week buries more without a person than may be.
 *
 * @param slackMs times in the ledger may be so far off
 */
export async function brokenDeletions(sim: Simulation, slackMs: number): Promise<string[]> {
  const broken: string[] = [];
  const verdicts = (
    await rowsOf(
      sim,
      "select source_id as id, deleted_ms as ms, decided_by as decidedBy from deletions order by 2",
    )
  ).map(({ id, ms, decidedBy }) => ({ id: String(id), ms: Number(ms), isFree: decidedBy === "evidence" }));
  for (const { id, ms } of verdicts) {
    const gone = sim.source.histories
      .get(id)
      ?.versions.find(({ hash, fromMs }) => hash === null && fromMs <= ms - APART_MS + slackMs);
    if (gone === undefined)
      broken.push(`law 7: ${id} was buried before the source had not shown it for a day`);
  }
  const max = Math.max(FREE_MAX, Math.floor(sim.source.histories.size * FREE_SHARE));
  const free = verdicts.filter(({ isFree }) => isFree);
  for (const [place, { ms }] of free.entries()) {
    const within = free.filter((one, other) => other <= place && one.ms > ms - WEEK_MS).length;
    if (within > max) {
      broken.push(`law 7: ${within} meetings were buried within a week without a person, and ${max} may be`);
      break;
    }
  }
  return broken;
}
