/** Real time that is left for one call. Stopped once it is not needed: what runs on is one of few timers of a request. */
export type Timer = { readonly signal: AbortSignal; stop(): void };

/**
 * Wait for work, but no longer than a timer lets, and stop the timer. Work cannot be called back: its effect may still land
 * later, so the caller must know that to be harmless. Its late result, good or bad, is dropped.
 *
 * @param late what is thrown if the timer is first
 */
export async function inTime<T>(work: Promise<T>, timer: Timer, late: () => Error): Promise<T> {
  const { promise: never, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(late());
  if (timer.signal.aborted) giveUp();
  timer.signal.addEventListener("abort", giveUp);
  try {
    return await Promise.race([work, never]);
  } finally {
    timer.signal.removeEventListener("abort", giveUp);
    timer.stop();
  }
}
