import { setTimeout as delay } from "node:timers/promises";
import type { Product } from "./product.ts";

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
  for (;;) {
    await delay(pauseMs);
    try {
      await product.client.tick();
    } catch (error) {
      log(`tick failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
