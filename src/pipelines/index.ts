import type { Pipelines } from "../engine/run.ts";
import { cleanUp } from "./cleanup.ts";
import { syncClients } from "./clients.ts";
import { syncMeetings } from "./fireflies.ts";
import { syncProjects } from "./projects.ts";
import { rebuildChunks } from "./rebuild-chunks.ts";
import { rebuildRecords } from "./rebuild-records.ts";
import { rebuildVectors } from "./rebuild-vectors.ts";
import { syncVectors } from "./vectors.ts";
import { proveEverything } from "./verify.ts";

/** The table of syncs, and of what makes things anew. */
export const PIPELINES: Pipelines = {
  fireflies: syncMeetings,
  // Before projects, which name them.
  clients: syncClients,
  projects: syncProjects,
  vectors: syncVectors,
  // Of all the others.
  verify: proveEverything,
  cleanup: cleanUp,
  "rebuild records": rebuildRecords,
  "rebuild chunks": rebuildChunks,
  "rebuild vectors": rebuildVectors,
};
