import { createHash } from "node:crypto";
import { openRequestLog } from "../world/request-log.ts";
import { openStateRow } from "../world/state-row.ts";
import { giveUpWorldFile, inTransaction, openWorldFile } from "../world/world-file.ts";
import { openCatalog } from "./catalog.ts";
import { openEditLog } from "./edit-log.ts";
import type { NotionOptions } from "./emulator.ts";
import { notionPlan } from "./faults.ts";
import { uuidOf } from "./ids.ts";
import { NOTION_DEMO_TOKEN } from "./keys.ts";
import type { NotionLogEntry } from "./log-entry.ts";
import { openPageStore } from "./page-store.ts";
import { createQueryCache } from "./query-cache.ts";
import type { NotionSeed } from "./seed.ts";
import { plantSeed } from "./seed-rows.ts";
import { NO_WEBHOOK } from "./webhook-state.ts";
import { commit, type World } from "./world.ts";
import { DEFAULT_BEHAVIOUR, type NotionState } from "./world-state.ts";

const WORLD_FILE = "notion.sqlite";

/** Requests per minute of a connection outside the larger plans. Source: reference 5.1. */
const REQUESTS_PER_MINUTE = 180;

/** Make a world or go on with the one in `stateDir`. @throws Error with one sentence for a person */
export function openWorld(options: NotionOptions & { sleep: (ms: number) => Promise<void> }): World {
  const database = openWorldFile(options.stateDir, WORLD_FILE, elsewhereOf(options));
  let isNew = false;
  try {
    const row = openStateRow<NotionState>(database);
    const stored = row.load();
    isNew = stored === null;
    const content = stored ? null : options.content();
    const world: World = {
      state: withGiven(stored ? reopened(stored, options) : made(options, content as NotionSeed), options),
      row,
      database,
      pages: openPageStore(database),
      catalog: openCatalog(database),
      edits: openEditLog(database),
      log: openRequestLog<NotionLogEntry>(database),
      queries: createQueryCache(),
      nowMs: options.nowMs,
      sleep: options.sleep,
      clockHeader: options.clockHeader ?? (() => null),
      deliver: options.deliver ?? null,
    };
    if (content) inTransaction(database, () => plant(world, content));
    else commit(world, () => undefined);
    return world;
  } catch (error) {
    giveUpWorldFile(database, isNew);
    throw error;
  }
}

function plant(world: World, content: NotionSeed): void {
  plantSeed(world, content, world.nowMs());
  world.row.save(world.state);
}

function elsewhereOf(options: NotionOptions): string {
  return options.elsewhere ?? "another folder";
}

/** Settings given replace those stored; absent ones stay. */
function withGiven(state: NotionState, options: NotionOptions): NotionState {
  const { behaviour } = state;
  return {
    ...state,
    requestsPerMinute:
      options.requestsPerMinute === undefined ? state.requestsPerMinute : options.requestsPerMinute,
    faults: options.faults ? notionPlan(options.faults) : state.faults,
    behaviour: {
      ...behaviour,
      indexLagMs: options.indexLagMs ?? behaviour.indexLagMs,
      resultCap: options.resultCap ?? behaviour.resultCap,
    },
  };
}

function reopened(stored: NotionState, options: NotionOptions): NotionState {
  const folder = options.stateDir ?? "memory";
  if (options.seed !== undefined && options.seed !== stored.seed) {
    throw new Error(
      `The Notion world in ${folder} was made with seed ${stored.seed}; choose ${elsewhereOf(options)} for seed ${options.seed}.`,
    );
  }
  const isOther = Object.entries(options.sources ?? {}).some(([key, name]) => stored.sources[key] !== name);
  if (isOther || (options.contentHash !== undefined && options.contentHash !== stored.contentHash)) {
    throw new Error(
      `The Notion world in ${folder} was filled from other rows, and refilling would drop its edits; choose ${elsewhereOf(options)}, or the same rows.`,
    );
  }
  return stored;
}

function made(options: NotionOptions, content: NotionSeed): NotionState {
  const seed = options.seed ?? 1;
  const contentHash =
    options.contentHash ?? createHash("sha256").update(JSON.stringify(content)).digest("hex");
  return {
    seed,
    contentHash,
    sources: content.sources ?? {},
    // Two worlds of one seed that hold different rows are two workspaces.
    workspaceId: uuidOf(seed, `workspace of ${contentHash}`),
    botId: uuidOf(seed, `bot of ${contentHash}`),
    tokens: [NOTION_DEMO_TOKEN],
    users: [],
    capabilities: { read: true, update: true, insert: true, users: true },
    requestsPerMinute: REQUESTS_PER_MINUTE,
    budgets: {},
    isBlocked: false,
    faults: null,
    nextFaults: [],
    behaviour: DEFAULT_BEHAVIOUR,
    requestCount: 0,
    madeCount: 0,
    lateWrites: [],
    webhooks: NO_WEBHOOK,
  };
}
