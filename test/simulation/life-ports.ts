import { createIndexRegistry } from "../../src/adapters/d1/index-registry.ts";
import { createAlertStore } from "../../src/adapters/d1/telling-table.ts";
import { createBacklogStore } from "../../src/adapters/d1/backlog-table.ts";
import { createProofStore } from "../../src/adapters/d1/proof-store.ts";
import { createCleanupStore } from "../../src/adapters/d1/cleanup-store.ts";
import { createStorageStore } from "../../src/adapters/d1/storage-table.ts";
import { createRebuildStore } from "../../src/adapters/d1/rebuild-table.ts";
import { createRecordStore } from "../../src/adapters/d1/record-store.ts";
import { createArrivalStore } from "../../src/adapters/d1/arrival-table.ts";
import { createReportStore } from "../../src/adapters/d1/report-table.ts";
import { createLineageStore } from "../../src/adapters/d1/lineage-table.ts";
import { createSearchStore } from "../../src/adapters/d1/search-store.ts";
import { createTableStore } from "../../src/adapters/d1/table-store.ts";
import { createPlanStore } from "../../src/adapters/d1/plan-table.ts";
import { createDecisionStore } from "../../src/adapters/d1/decision-table.ts";
import { createRequestStore } from "../../src/adapters/d1/request-table.ts";
import { createDeletionStore } from "../../src/adapters/d1/deletion-table.ts";
import { createRunStore } from "../../src/adapters/d1/run-store.ts";
import { createFirefliesSource } from "../../src/adapters/fireflies/source.ts";
import { createRawStore } from "../../src/adapters/r2/raw-store.ts";
import { createWebhookInbox } from "../../src/adapters/d1/webhook-inbox.ts";
import { createVectorIndex } from "../../src/adapters/vectorize/vector-index.ts";
import { createEmbedder } from "../../src/adapters/workers-ai/embedder.ts";
import { USUAL_SETTINGS } from "../../src/core/config.ts";
import { SCHEDULE_MS, SCHEMA_VERSION } from "../../src/core/policy.ts";
import type { executeRun } from "../../src/engine/run.ts";
import { bindAi, bindD1, bindR2, bindVectorize, type D1Watcher } from "./bindings.ts";
import { MODEL, type Estate } from "./estate.ts";
import type { Life } from "./life.ts";
import type { Mutant } from "./mutant.ts";
import type { NotionSide } from "./notion-side.ts";
import type { Scenario } from "./scenario.ts";
import { createSimulatedWorld } from "./simulated-world.ts";
import type { SourceDoor } from "./source-door.ts";
import type { VectorWatch } from "./vector-watch.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Everything outside that a run may touch. */
export type Ports = Parameters<typeof executeRun>[0];

type Surroundings = {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly estate: Estate;
  readonly door: SourceDoor;
  readonly mutant: Mutant;
  readonly watch: D1Watcher;
  readonly vectorWatch: VectorWatch;
  /** Null: there is no Notion, or it is left alone. */
  readonly notion: NotionSide | null;
  /** The key in the settings of the program. */
  readonly firefliesKey: string;
  /** What the machine's clock shows more than the vendors'. */
  readonly aheadMs: () => number;
  readonly wake: () => Promise<void>;
};

/** What surfaces/compose.ts does for a Worker: the product's own adapters, over the bindings of one life. */
export async function portsOf(life: Life, around: Surroundings): Promise<Ports> {
  const { scenario, clock, estate, door, mutant, watch } = around;
  const world = createSimulatedWorld(clock, `${scenario.seed} ${life.name}`, around.aheadMs);
  const watched = { life, rates: scenario.rates };
  const d1 = bindD1(watched, estate.d1, mutant, watch);
  const source = await createFirefliesSource({
    url: "https://api.fireflies.ai",
    key: around.firefliesKey,
    fetch: (request) => door.fetch(life, request),
    world,
  });
  const index = createVectorIndex(bindVectorize(watched, estate.index as never, around.vectorWatch), world);
  return mutant.ports({
    world,
    source,
    runs: createRunStore(d1, world),
    requests: createRequestStore(d1),
    records: createRecordStore(d1),
    search: createSearchStore(d1),
    lineage: createLineageStore(d1),
    arrivals: createArrivalStore(d1),
    reports: createReportStore(d1),
    raw: createRawStore(bindR2(watched, estate.r2), world),
    embedder: createEmbedder(bindAi(watched, estate.ai), MODEL, world),
    registry: createIndexRegistry(d1),
    rebuilds: createRebuildStore(d1),
    inbox: createWebhookInbox(d1),
    proofs: createProofStore(d1),
    storage: createStorageStore(d1),
    cleanup: createCleanupStore(d1),
    decisions: createDecisionStore(d1),
    plans: createPlanStore(d1),
    deletions: createDeletionStore(d1),
    tables: createTableStore(d1, world),
    notion: around.notion === null ? null : await around.notion.setupOf(life, world),
    scheduleMs: SCHEDULE_MS,
    wake: around.wake,
    rates: USUAL_SETTINGS.rates,
    backlog: createBacklogStore(d1),
    alerts: createAlertStore(d1),
    channels: { usable: [], unusable: [] },
    configProblem: null,
    index,
    indexName: "VECTORS_A",
    indexes: { VECTORS_A: index },
    wanted: null,
    freeBytes: () => Promise.resolve(null),
    schemaVersion: SCHEMA_VERSION,
  });
}
