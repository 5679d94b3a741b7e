/** Turns of the event loop without any sign of life after which nothing more can happen by itself. */
const QUIET_TURNS = 2;

type Timer = { readonly atMs: number; readonly order: number; readonly fire: () => void };

/**
 * Time that stands still until told to jump. Nothing in a simulation ever waits for the real clock: whoever sleeps is a
 * timer here, and the driver jumps from one to the next once everything that can run has run.
 */
export class VirtualClock {
  #nowMs: number;
  #order = 0;
  #signs = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** Virtual time, epoch ms. */
  nowMs(): number {
    return this.#nowMs;
  }

  /** A sign of life: something happened in this turn, so that more may follow. */
  stir(): void {
    this.#signs += 1;
  }

  /** Resolve when the clock shows `atMs`; stay pending for ever once the signal aborts. */
  sleepUntil(atMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.at(atMs, resolve);
      signal?.addEventListener("abort", cancel, { once: true });
    });
  }

  /** Call `fire` when the clock shows `atMs`. @returns a function that takes the call back */
  at(atMs: number, fire: () => void): () => void {
    const timer: Timer = { atMs, order: this.#order, fire };
    this.#order += 1;
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Due time of the next timer, or null. */
  nextMs(): number | null {
    let next: number | null = null;
    for (const { atMs } of this.#timers) if (next === null || atMs < next) next = atMs;
    return next === null ? null : Math.max(next, this.#nowMs);
  }

  /** Time passes in which nothing happens, as for a machine that sleeps: what was due meanwhile is fired afterwards. */
  skip(forMs: number): void {
    this.#nowMs += forMs;
  }

  /** Let everything run that can run without the clock. */
  async settle(): Promise<void> {
    let seen = -1;
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#signs !== seen) quiet = 0;
      seen = this.#signs;
    }
  }

  /** Jump forward and fire what is due, one at a time in order, each with all that follows from it. */
  async jumpTo(atMs: number): Promise<void> {
    for (;;) {
      const due = [...this.#timers]
        .filter((timer) => timer.atMs <= atMs)
        .toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.fire();
      this.stir();
      await this.settle();
    }
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }
}
