import { rowsOf } from "./stores.ts";
import type { Simulation } from "./simulation.ts";

/** Count, at the end, what the emulators and the ledger know of it: faults by kind, syncs by their end. */
export async function exerciseOf(sim: Simulation): Promise<void> {
  for (const { fault } of sim.estate.fireflies.log())
    if (fault !== null) sim.count(`fault: fireflies, ${fault}`);
  for (const { fault } of sim.notion?.emulator.log() ?? [])
    if (fault !== null) sim.count(`fault: notion, ${fault}`);
  const ends = await rowsOf(
    sim,
    "select sync, state, mode is not null as dry, count(*) as n from runs group by 1, 2, 3",
  );
  for (const { sync, state, dry, n } of ends)
    sim.count(`run: ${sync}${dry === 1 ? ", dry" : ""}, ${state}`, Number(n));
}
