/** Turns of the event loop without any sign of life after which nothing more can happen by itself. */
const QUIET_TURNS = 2;

type Timer = { readonly atMs: number; readonly fire: () => void };

/**
 * Time that stands still until told to jump. Nothing in a simulation ever waits for the real clock: whoever sleeps is a
 * timer here, and the driver jumps from one to the next once everything that can run has run.
 */
export class VirtualClock {
  #nowMs: number;
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
    const timer: Timer = { atMs, fire };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Due time of the next timer, or null. */
  nextMs(): number | null {
    const first = this.#first();
    return first === null ? null : Math.max(first.atMs, this.#nowMs);
  }

  /** The timer that is due first; of several at one time the oldest, which a set gives first. */
  #first(): Timer | null {
    let first: Timer | null = null;
    for (const timer of this.#timers) if (first === null || timer.atMs < first.atMs) first = timer;
    return first;
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
      const due = this.#first();
      if (due === null || due.atMs > atMs) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.fire();
      this.stir();
      await this.settle();
    }
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }
}
