import type { RawStore } from "./raw-store.ts";
import type { RecordStore } from "./record-store.ts";
import type { RunStore } from "./run-store.ts";
import type { SearchStore } from "./search-store.ts";
import type { MeetingSource } from "./sources.ts";
import type { Embedder, VectorIndex } from "./vectors.ts";
import type { World } from "./world.ts";

/** Everything outside that a run may touch. */
export type Ports = {
  readonly world: World;
  readonly runs: RunStore;
  readonly records: RecordStore;
  readonly search: SearchStore;
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
