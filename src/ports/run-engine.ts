/** The engine that carries runs: it starts them, takes them up again after a crash, and forgets them. */
export type RunEngine = {
  /** Start a run; starting it twice starts it once. */
  start(runId: string): Promise<void>;
  /**
   * Make the engine go on with a run after a restart; harmless for one that is going on.
   *
   * @returns "lost" if the engine does not know the run or gave it up; "ended" if it finished there
   */
  revive(runId: string): Promise<"revived" | "ended" | "lost">;
  /** Drop everything the engine keeps of ended runs, at most 100; unknown ones are ignored. */
  forget(runIds: readonly string[]): Promise<void>;
};
