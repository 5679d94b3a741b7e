import type { Pipeline } from "../engine/run-context.ts";
import type { SyncName } from "../ports/run-store.ts";
import { syncMeetings } from "./fireflies.ts";
import { syncVectors } from "./vectors.ts";

/** The table of syncs, in the order in which a one-shot run makes them. */
export const PIPELINES: Readonly<Record<SyncName, Pipeline>> = {
  fireflies: syncMeetings,
  vectors: syncVectors,
};
