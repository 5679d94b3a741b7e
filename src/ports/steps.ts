/**
 * Durable steps. A step's result is remembered: after a crash the run starts again from its first line, and every step
 * that had finished answers from memory without running. Code between steps must therefore depend on nothing but the
 * run's parameters and step results.
 */
export type Steps = {
  /**
   * Run once, remember the result. Names are unique within a run. The result must survive JSON and stay under 1 MiB.
   * A throw is retried by the step engine a bounded number of times and is then final; classified failures should be
   * returned as values instead (`engine/durably`), because errors lose their class here.
   *
   * `work` is told which try of the step this is, 1-based; tries that threw or were cut off count.
   */
  do<T>(name: string, work: (tries: number) => Promise<T>): Promise<T>;
  /** Sleep durably until a world time in ms; a time that has passed returns at once. */
  sleepUntil(name: string, worldMs: number): Promise<void>;
};
