import { equalityBreaches, lostValues, trashedAgain, unrecordedPushes } from "../fight/laws.ts";
import { wasUnderWay } from "./ledger-laws.ts";
import { rowsOf } from "./stores.ts";
import type { Simulation } from "./simulation.ts";

/** Whether both sides of Notion are equal; there is nothing else that more time could change. */
export async function isSettled({ notion }: Simulation): Promise<boolean> {
  return notion === null || (await equalityBreaches(notion.sides)).length === 0;
}

/** Every law about Notion that is broken now that both sides have come to rest. */
export async function brokenNotion(sim: Simulation): Promise<string[]> {
  const { notion } = sim;
  if (notion === null) return [];
  const { sides, typed, people } = notion;
  const { lost } = await lostValues(sides, typed);
  return [
    ...(await equalityBreaches(sides)).map((breach) => `law 2: ${breach}`),
    ...lost.map((value) => `law 6: ${value} is lost`),
    ...(await unrecordedPushes(sides, typed)).map((breach) => `law 6: ${breach}`),
    ...trashedAgain(sides, people.restored).map((breach) => `law 7: ${breach}`),
    ...(await brokenWaits(sim)),
    ...(await brokenTables(sim)),
  ];
}

/** Law 8 for Notion. Its own log is the witness. */
async function brokenWaits(sim: Simulation): Promise<string[]> {
  const { notion } = sim;
  const log = notion?.emulator.log() ?? [];
  const attempts = await rowsOf(
    sim,
    "select at_ms, duration_ms, outcome from attempts where is_call = 1 and party = 'notion' order by at_ms, id",
  );
  return log
    .filter((entry) => entry.early && notion?.lateCallsMs.has(entry.atMs) === false)
    .filter((early) => {
      const naming = log.findLast((entry) => entry.seq < early.seq && entry.retryAfterSeconds !== null);
      // Another lane had its call on the way when the reply came.
      if (naming !== undefined && wasUnderWay(attempts, naming.atMs, early.atMs)) return false;
      const attempt = attempts.findLast((row) => Number(row["at_ms"]) <= (naming?.atMs ?? 0));
      // The reply that named the time was lost with its process: the one window there is.
      return attempt?.["outcome"] !== "started";
    })
    .map(
      (entry) => `law 8: request ${entry.seq} (${entry.endpoint}) came before the time that Notion had named`,
    );
}

/** What the last runs say now that nothing is wrong any more. */
async function brokenTables(sim: Simulation): Promise<string[]> {
  const broken: string[] = [];
  for (const sync of ["clients", "projects"]) {
    const [last] = await rowsOf(
      sim,
      `select state, detail, not_before_ms from runs where sync = '${sync}' and mode is null order by rowid desc limit 1`,
    );
    if (last === undefined) broken.push(`ends: there was never a run of ${sync}`);
    else if (!String(last["state"]).startsWith("succeeded"))
      broken.push(`ends: the last run of ${sync} is ${last["state"]}: ${last["detail"]}`);
  }
  return broken;
}
