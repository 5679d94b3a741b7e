import { createStores } from "../../src/adapters/d1/stores.ts";
import { createFirefliesSource } from "../../src/adapters/fireflies/source.ts";
import { createRawStore } from "../../src/adapters/r2/raw-store.ts";
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
    ...createStores(d1, world),
    world,
    source,
    raw: createRawStore(bindR2(watched, estate.r2), world),
    embedder: createEmbedder(bindAi(watched, estate.ai), MODEL, world),
    notion: around.notion === null ? null : await around.notion.setupOf(life, world),
    scheduleMs: SCHEDULE_MS,
    wake: around.wake,
    rates: USUAL_SETTINGS.rates,
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
