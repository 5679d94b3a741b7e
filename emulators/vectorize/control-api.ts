import type { Inspection, PlannedFailure } from "./index-controls.ts";
import type { IdPage } from "./index-core.ts";
import type { IndexCommands } from "./types.ts";

/** What drivers may do beside the bindings, by the name of the index: production's commands, and faults for tests. */
export interface VectorizeControlApi extends IndexCommands {
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  dropNext(name: string, count: number): Promise<void>;
  failNext(name: string, failure: PlannedFailure): Promise<void>;
  advance(name: string, ms: number): Promise<void>;
  loseVectors(name: string, ids: string[]): Promise<void>;
  inspect(name: string): Promise<Inspection>;
  listIds(name: string, cursor?: string | null): Promise<IdPage>;
}
