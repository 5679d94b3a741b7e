import type { RunResult } from "../core/report.ts";
import type { RawStore } from "../ports/raw-store.ts";
import type { RecordStore } from "../ports/record-store.ts";
import type { Fence, Run, RunStore } from "../ports/run-store.ts";
import type { MeetingSource } from "../ports/sources.ts";
import type { Steps } from "../ports/steps.ts";
import type { Embedder, VectorIndex } from "../ports/vectors.ts";
import type { World } from "../ports/world.ts";

/** Everything outside that a run may touch. */
export type Ports = {
  readonly world: World;
  readonly runs: RunStore;
  readonly records: RecordStore;
  readonly raw: RawStore;
  /** Null while no key is configured. */
  readonly source: MeetingSource | null;
  readonly embedder: Embedder;
  readonly index: VectorIndex;
  /** Name of the index binding in use. */
  readonly indexName: string;
  /** Free bytes where the stores live, if that is a disk of ours; null if it is not. */
  readonly freeBytes: () => Promise<number | null>;
  /** Name of the newest migration that this code was written for. */
  readonly schemaVersion: string;
};

export type Operations = RunResult["operations"];

/** One run in progress: what it may touch, its lease, and what its steps spent so far. */
export type RunContext = {
  readonly ports: Ports;
  readonly steps: Steps;
  readonly run: Run;
  readonly fence: Fence;
  /** Time spent by finished steps, by operation; rebuilt from remembered results after a crash. */
  readonly spent: Operations[];
  /** Real ms at which the lease ends, as far as this process knows. */
  lease: { expiresRealMs: number };
};

/** What a pipeline hands back to the engine. */
export type PipelineOutcome = {
  /** True if more is waiting than one run may take. */
  readonly continues: boolean;
  readonly sourceCount: number | null;
  readonly destinationCount: number | null;
  readonly findings: readonly string[];
};

export type Pipeline = (context: RunContext) => Promise<PipelineOutcome>;
