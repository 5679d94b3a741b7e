/** Fights over each seed that it is sent, one after another, and answers with the verdict. */
import { parentPort, workerData } from "node:worker_threads";
import { fight, type FightVerdict } from "../../test/fight/fight.ts";

/** What the thread is started with. */
const { rounds } = workerData as { readonly rounds: number };

parentPort?.on("message", (seed: number) => {
  void verdictOf(seed).then((verdict) => parentPort?.postMessage(verdict, []));
});

/** A run that never ends, or a move that the emulator refuses, is a breach as well. */
async function verdictOf(seed: number): Promise<FightVerdict> {
  try {
    return await fight(seed, rounds);
  } catch (error) {
    const breach = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed, breaches: [breach], suspected: 0, typed: 0 };
  }
}
