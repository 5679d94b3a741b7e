import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "../surfaces/client.ts";
import { FREE_BYTES_MIN } from "./data-dir.ts";
import { requireSpace } from "./data-files.ts";
import type { Product } from "./product.ts";
import { StartRefused } from "./start-refused.ts";

/** The deployed Worker's cron fires every minute of world time. */
const TICK_WORLD_MS = 60_000;
const TICK_REAL_MS_MIN = 1_000;

/**
 * Where the page is.
 *
 * @param isTerminal true if a person reads it and nothing keeps it: only then the token stands in the fragment, which a
 *   browser sends to nobody, and whoever opens the address is signed in
 */
export function pageLine(
  { url, token, dataDir }: { readonly url: string; readonly token: string; readonly dataDir: string },
  isTerminal: boolean,
): string {
  return isTerminal
    ? `\nPage: ${url}/#token=${token}`
    : `\nPage: ${url}/ (sign in with the token in ${dataDir}/token)`;
}

/** Call the clock of the Worker for ever. A tick that fails is told and tried again at the next. */
export async function serve(product: Product, log: (line: string) => void): Promise<never> {
  const { clock } = product.vendors;
  const speed = clock === null ? 1 : Number((JSON.parse(clock) as { speed: number }).speed);
  const pauseMs = Math.max(TICK_REAL_MS_MIN, TICK_WORLD_MS / speed);
  log(
    `Serving ${product.runtime.url} (token: ${product.dataDir}/token). Ctrl-C ends; syncs run on their schedule.`,
  );
  product.startClock();
  const beat = beatOf(product.client, () => lackOfRoom(product.dataDir), log);
  for (;;) {
    await delay(pauseMs);
    await beat();
  }
}

/** So many beats in a row there must be room before what a full disk has stopped is taken up. */
const ROOMY_BEATS = 3;

/**
 * One beat of the clock, to be called again and again; it fails never. On a full disk the step engine may have lost runs in
 * the middle, whose leases would hold their lanes for minutes: once there is room, they are taken up at once, as after a
 * restart. What goes on after all does not notice.
 *
 * @param lack why nothing can be kept at the moment, in a sentence; null: there is room
 */
export function beatOf(
  client: Pick<ApiClient, "tick" | "resume">,
  lack: () => Promise<string | null>,
  log: (line: string) => void,
): () => Promise<void> {
  // Each is said once: a line a second for as long as a disk is full would fill the next one.
  let lacked = false;
  let roomyBeats = 0;
  const failed = new Map<string, string>();
  const unlessFailing = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      failed.delete(what);
    } catch (error) {
      // That there is no room is said already, and is the reason.
      if (lacked && roomyBeats === 0) return;
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== failed.get(what)) log(`${what} failed: ${reason}`);
      failed.set(what, reason);
    }
  };
  const watchRoom = async (): Promise<void> => {
    const problem = await lack();
    if (problem !== null && !lacked) log(`${problem} What needs room waits, and goes on by itself then.`);
    roomyBeats = problem === null ? roomyBeats + 1 : 0;
    if (problem !== null) lacked = true;
    // At the bound there is room and none by turns: it has to last.
    if (!lacked || roomyBeats < ROOMY_BEATS) return;
    await client.resume();
    lacked = false;
  };
  return async () => {
    await unlessFailing("a look at the disk", watchRoom);
    await unlessFailing("tick", () => client.tick());
  };
}

async function lackOfRoom(dataDir: string): Promise<string | null> {
  try {
    await requireSpace(dataDir, dataDir, FREE_BYTES_MIN);
    return null;
  } catch (error) {
    if (error instanceof StartRefused) return error.message;
    throw error;
  }
}
