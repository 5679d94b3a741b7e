import type { Failure } from "../core/errors.ts";
import type { Check, RunResult } from "../core/report.ts";
import type { Ports } from "../ports/ports.ts";
import type { Fence, Run } from "../ports/run-store.ts";
import type { Steps } from "../ports/steps.ts";

export type Operations = RunResult["operations"];

/** One run in progress: what it may touch, its lease, and what its steps spent so far. */
export type RunContext = {
  readonly ports: Ports;
  readonly steps: Steps;
  readonly run: Run;
  readonly fence: Fence;
  /** Time spent by finished steps, by operation; rebuilt from remembered results after a crash. */
  readonly spent: Operations[];
  /**
   * Items taken on and not yet committed, each with the line of its page that may count it without naming it; what is left
   * when the run is broken off was not reached.
   */
  readonly unreached: Map<string, string | null>;
  /** The last try of each step that threw in this process: the tries that are missing here were cut off. */
  readonly thrown: Map<string, number>;
  /** Real ms at which the lease ends, as far as this process knows. */
  lease: { expiresRealMs: number };
  /** Why there is no room for anything new, where the run may do the rest all the same; null as a rule. */
  lacksRoom: Failure | null;
  /** The more urgent run that was found waiting for the lane; null as a rule. */
  yieldsTo: Pick<Run, "id" | "priority"> | null;
};

/** What a pipeline hands back to the engine. */
export type PipelineOutcome = {
  /** True if more is waiting than one run may take. */
  readonly continues: boolean;
  /** True if it did only what somebody waits for, and looked at nothing else. */
  readonly isPressing?: boolean;
  /** True if it left to an ordinary run what it might have gone on with. */
  readonly leavesRest?: boolean;
  readonly sourceCount: number | null;
  readonly destinationCount: number | null;
  /** Ids of the source that failed and have no record: missing at the destination, and known to be. */
  readonly failedCount: number;
  readonly findings: readonly string[];
  /** What was held against each other, both sides shown. */
  readonly checks?: readonly Check[];
  /** Why deletions wait for a person, in a sentence; null if none does; left out if that was not looked at. */
  readonly held?: string | null;
};

export type Pipeline = (context: RunContext) => Promise<PipelineOutcome>;
