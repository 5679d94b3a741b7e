/** Time as the page needs it; injected, so that tests need not wait. */
export type PageClock = {
  wait(ms: number): Promise<void>;
  /** Aborts after this long. */
  timeout(ms: number): AbortSignal;
};

/** The browser's own time: the only file of the page where time comes in. */
export const BROWSER_CLOCK: PageClock = {
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  timeout: (ms) => AbortSignal.timeout(ms),
};
