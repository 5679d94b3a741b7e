import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createD1, type D1Emulator } from "../../emulators/d1/d1-database.ts";
import { createR2 } from "../../emulators/r2/r2-bucket.ts";
import { createVectorizeInMemory } from "../../emulators/vectorize/in-memory.ts";
import { createWorkersAiInProcess } from "../../emulators/workers-ai/ai-core.ts";
import { createStores } from "../../src/adapters/d1/stores.ts";
import { createRawStore } from "../../src/adapters/r2/raw-store.ts";
import { createVectorIndex } from "../../src/adapters/vectorize/vector-index.ts";
import { createEmbedder } from "../../src/adapters/workers-ai/embedder.ts";
import { USUAL_SETTINGS } from "../../src/core/config.ts";
import { METADATA_INDEXES } from "../../src/core/chunk-plan.ts";
import { EMBEDDING_MODEL, SCHEDULE_MS, SCHEMA_VERSION } from "../../src/core/policy.ts";
import { executeRun } from "../../src/engine/run.ts";
import { startRun } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { Run, SyncName } from "../../src/ports/run-store.ts";
import type { RunEngine } from "../../src/ports/run-engine.ts";
import type { ListedMeeting, ListedRow, MeetingSource } from "../../src/ports/sources.ts";
import type { Steps } from "../../src/ports/steps.ts";
import type { World } from "../../src/ports/world.ts";

const MIGRATIONS = join(import.meta.dirname, "../../migrations");
const START_MS = Date.UTC(2026, 5, 1, 12);
/** Length of the vectors that the second index takes. */
const OTHER_DIMENSIONS = 64;
const NO_READING = { limit: null, remaining: null, windowEndsMs: null };

/** A meeting as the source lists it, valid unless changed. */
export function aListedMeeting(id: string, change: Record<string, unknown> = {}): ListedMeeting {
  const dateString = (change["dateString"] as string | undefined) ?? "2026-05-06T10:02:41.000Z";
  const text =
    "We agreed to move the crane to the north side before the pour on Friday morning, weather permitting, as discussed.";
  const revision = {
    dateString,
    id,
    sentences: [{ speaker_name: "Maya", text }],
    title: `Meeting ${id}`,
    ...change,
  };
  return {
    id,
    dateString,
    revision: JSON.stringify(revision),
    audioUrl: null,
    unreadable: [],
    wireHash: null,
  };
}

/** The row of a list that holds a meeting; it must be read. */
export function aRow(item: ListedMeeting): ListedRow {
  return { wireHash: item.wireHash, audioUrl: item.audioUrl, read: () => item };
}

/** A world whose clock only moves when it is told to, or when something sleeps. */
export type TestWorld = World & { advance(ms: number): void };

function testWorld(startMs: number): TestWorld {
  let nowMs = startMs;
  let ids = 0;
  return {
    nowMs: () => nowMs,
    realNowMs: () => nowMs,
    realAtMs: (worldMs) => worldMs,
    newId: () => `01TEST${String((ids += 1)).padStart(20, "0")}`,
    timer: () => ({ signal: new AbortController().signal, stop: () => undefined }),
    timeout: () => new AbortController().signal,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

/** A source that lists what it is given, newest first, and counts its calls. */
export type TestSource = MeetingSource & {
  calls: string[];
  failWith: (() => never) | null;
  meetings: ListedMeeting[];
};

function testSource(): TestSource {
  const source: TestSource = {
    keyName: "fireflies:test",
    calls: [],
    failWith: null,
    meetings: [],
    account: async () => {
      source.calls.push("account");
      return { accountId: "account-1", meetings: null, quota: NO_READING };
    },
    listMeetings: async ({ skip, rows, untilMs }) => {
      source.calls.push("list");
      source.failWith?.();
      const sorted = source.meetings
        .filter(({ dateString }) => untilMs === null || Date.parse(dateString) < untilMs)
        .toSorted((a, b) => (a.dateString < b.dateString ? 1 : -1));
      const items = sorted.slice(skip, skip + rows).map(aRow);
      return { items, cursor: null, replyBytes: 1_000, quota: NO_READING };
    },
    getMeeting: async ({ id }) => {
      source.calls.push("fetch");
      return { item: source.meetings.find((meeting) => meeting.id === id) ?? null, quota: NO_READING };
    },
    lookFor: async ({ ids, liveId }) => {
      source.calls.push("look");
      const isThere = (id: string): boolean => source.meetings.some((meeting) => meeting.id === id);
      const [shown, notFound] = [ids.filter(isThere), ids.filter((id) => !isThere(id))];
      return { isLiveShown: isThere(liveId), shown, notFound, quota: NO_READING };
    },
    latencyMs: async () => 1,
  };
  return source;
}

async function migratedD1(): Promise<D1Emulator> {
  const d1 = createD1();
  for (const file of readdirSync(MIGRATIONS).toSorted())
    await d1.prepare(readFileSync(join(MIGRATIONS, file), "utf8")).run();
  await d1.exec("CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT)");
  await d1.prepare("insert into d1_migrations (name) values (?1)").bind(SCHEMA_VERSION).run();
  return d1;
}

/**
 * Everything of the product in this process: real adapters over emulated stores, a source of our own, a still clock.
 *
 * @param migrated a database in place of a new one
 */
export async function aWorkspace(
  change: Partial<Ports> = {},
  startMs = START_MS,
  migrated: D1Emulator | null = null,
) {
  const world = testWorld(startMs);
  const d1 = migrated ?? (await migratedD1());
  const calls = { d1: 0, r2: 0, vectorize: 0, ai: 0, wakes: 0 };
  d1.setHooks({ beforeCall: async () => void (calls.d1 += 1) });
  const r2 = createR2({ hooks: { beforeCall: async () => void (calls.r2 += 1) } });
  const source = testSource();
  const anIndex = (dimensions: number) =>
    createVectorizeInMemory({
      dimensions,
      metric: "cosine",
      delayMs: 0,
      metadataIndexes: METADATA_INDEXES,
      nowMs: world.nowMs,
      newMutationId: world.newId,
    });
  const boundAs = (vectorize: ReturnType<typeof anIndex>) =>
    createVectorIndex(counted(vectorize, () => (calls.vectorize += 1)) as never, world);
  const stores = {
    VECTORS_A: anIndex(EMBEDDING_MODEL.dimensions),
    VECTORS_B: anIndex(OTHER_DIMENSIONS),
  };
  const indexes = { VECTORS_A: boundAs(stores.VECTORS_A), VECTORS_B: boundAs(stores.VECTORS_B) };
  const ai = counted(createWorkersAiInProcess({}), () => (calls.ai += 1));
  const ports: Ports = {
    world,
    source,
    ...createStores(d1, world),
    raw: createRawStore(r2, world),
    notion: null,
    scheduleMs: SCHEDULE_MS,
    wake: async () => void (calls.wakes += 1),
    rates: USUAL_SETTINGS.rates,
    channels: { usable: [], unusable: [] },
    configProblem: null,
    embedder: createEmbedder(ai, EMBEDDING_MODEL, world),
    index: indexes.VECTORS_A,
    indexName: "VECTORS_A",
    indexes,
    wanted: null,
    freeBytes: async () => null,
    schemaVersion: SCHEMA_VERSION,
    ...change,
  };
  return { ports, world, source, d1, r2, ai, stores, calls, steps: freshSteps(world), engine: testEngine() };
}

/** A binding whose every call is counted, as the platform counts subrequests. */
function counted<T extends object>(binding: T, count: () => void): T {
  return new Proxy(binding, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...values: unknown[]): unknown => {
        count();
        return member.apply(target, values) as unknown;
      };
    },
  });
}

/** Run one sync from queue to close over the ports of a workspace. */
export async function runSync(
  space: Workspace,
  sync: SyncName,
  ports: Ports = space.ports,
  preview: Run["preview"] = null,
): Promise<Run> {
  const trigger = { sync, trigger: "manual", priority: "normal", preview } as const;
  const { run } = await startRun(ports, space.engine, trigger);
  await executeRun(ports, freshSteps(space.world), run.id, PIPELINES);
  const ended = await ports.runs.run(run.id);
  if (ended === null) throw new Error("the run is gone");
  return ended;
}

export type Workspace = Awaited<ReturnType<typeof aWorkspace>>;

/** `copy` remembers what was done so far, for another worker who takes the run over. */
export type TestSteps = Steps & { names: string[]; copy(): TestSteps };

/** Steps remembered in a map, and how often each was tried; sleeping moves the clock. */
export function freshSteps(world: TestWorld, before?: ReadonlyMap<string, unknown>): TestSteps {
  const done = new Map<string, unknown>(before);
  const tries = new Map<string, number>();
  const names: string[] = [];
  return {
    names,
    copy: () => freshSteps(world, done),
    do: async <T>(name: string, work: (tries: number) => Promise<T>): Promise<T> => {
      if (!done.has(name)) {
        names.push(name);
        tries.set(name, (tries.get(name) ?? 0) + 1);
        done.set(name, structuredClone(await work(tries.get(name) ?? 1)));
      }
      return done.get(name) as T;
    },
    sleepUntil: async (_name, worldMs) => world.advance(Math.max(0, worldMs - world.nowMs())),
  };
}

/** An engine that only notes what it is asked. */
export type TestEngine = RunEngine & {
  started: string[];
  revived: string[];
  forgotten: string[];
  knows: "revived" | "ended" | "lost";
};

function testEngine(): TestEngine {
  const engine: TestEngine = {
    started: [],
    revived: [],
    forgotten: [],
    knows: "revived",
    start: async (runId) => void engine.started.push(runId),
    revive: async (runId) => {
      engine.revived.push(runId);
      return engine.knows;
    },
    forget: async (runIds) => void engine.forgotten.push(...runIds),
  };
  return engine;
}
