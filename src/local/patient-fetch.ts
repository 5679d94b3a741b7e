import { setTimeout as delay } from "node:timers/promises";

/** How long a call waits for workerd to come back after a crash. It takes a second; a start may take 30. */
const RESTART_WAIT_MS = 30_000;
const RESTART_POLL_MS = 100;

/** What a patient call reads time from and waits with. */
type Clock = { readonly nowMs: () => number; readonly wait: (ms: number) => Promise<unknown> };

const REAL: Clock = { nowMs: () => performance.now(), wait: delay };

/**
 * Make a `fetch` that outlasts a crash of workerd, which Miniflare starts again on the same port.
 *
 * A call that found nobody, or whose answer was cut off, is made again until it is answered or the wait is over; then
 * its last error is thrown. Only for calls that may be made twice, and answers that fit in memory.
 *
 * @param ended aborted when workerd was stopped on purpose, so that nothing is to be waited for
 */
export function patientFetch(
  fetch: typeof globalThis.fetch,
  ended: AbortSignal,
  clock: Clock = REAL,
): typeof fetch {
  return async (input, init) => {
    const deadlineMs = clock.nowMs() + RESTART_WAIT_MS;
    for (;;) {
      try {
        const response = await fetch(input, init);
        // Read here, so that an answer that breaks off is a call that failed.
        const body = await response.arrayBuffer();
        return new Response(body.byteLength === 0 ? null : body, response);
      } catch (error) {
        if (ended.aborted || clock.nowMs() >= deadlineMs) throw error;
        await clock.wait(RESTART_POLL_MS);
      }
    }
  };
}
