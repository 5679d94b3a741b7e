import { afterEach, describe, expect, it, vi } from "vitest";
import { createRandom, type Random } from "../../emulators/world/random.ts";
import { EVERYTHING, type RebuildName } from "../../src/core/rebuild.ts";
import { askForRebuild } from "../../src/engine/rebuilding.ts";
import { executeRun } from "../../src/engine/run.ts";
import { reviveUnfinished, tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { RunEngine } from "../../src/ports/run-engine.ts";
import type { Steps } from "../../src/ports/steps.ts";
import { askLive, composed } from "./embeddings.ts";
import { aListedMeeting, aWorkspace, runSync, type Workspace } from "./workspace.ts";

const sizes = vi.hoisted(() => ({ tokensMax: 1_000, tokensMin: 800, overlapTokens: 200 }));
vi.mock(import("../../src/core/policy.ts"), async (original) => ({
  ...(await original()),
  CHUNK_SIZES: sizes as never,
  // Small parts, so that there are many places to die at.
  SEND_CHUNKS_PER_STEP: 3 as never,
  RUN_ITEMS_MAX: 4 as never,
  VECTOR_BATCH_DOCUMENTS_MAX: 2 as never,
  REBUILD_RECORDS_PER_STEP: 2 as never,
  EMPTY_CHUNKS_PER_RUN: 9 as never,
}));

/** What is made anew, from the first state to the last. */
type Case = { readonly what: RebuildName; readonly embeddings: string | null; readonly cut: boolean };
const CASES: readonly Case[] = [
  { what: "vectors", embeddings: "lexical#64", cut: false },
  { what: "vectors", embeddings: "lexical#64", cut: true },
  { what: "vectors", embeddings: null, cut: false },
  { what: "chunks", embeddings: null, cut: true },
  { what: "records", embeddings: null, cut: false },
];

/** Seeds tried by the gate; more by hand: REBUILD_SEEDS=1000. */
const SEEDS = Number(process.env["REBUILD_SEEDS"] ?? 65);
const KILLS_MAX = 6;
const BEATS_MAX = 400;
const BEAT_MS = 16 * 60_000;
const WORDS = ["alabaster", "bergamot", "cinnabar", "damask", "ebony", "fuchsia"];
const SAID =
  "The crane moves to the north side before the pour, and the permit for the scaffold is renewed by Friday noon. ";

const aMeetingAbout = (word: string, lines = 24) =>
  aListedMeeting(`m-${word}`, {
    sentences: Array.from({ length: lines }, (_, line) => ({
      speaker_name: "Maya",
      text: `${word} ${word} ${word} ${line} ${SAID}`,
    })),
  });

class Killed extends Error {}

/** Calls at which a process died, over all seeds. */
const diedAt = new Map<string, number>();
const RARE = [
  "index.upsert",
  "rebuilds.ask",
  "rebuilds.end",
  "rebuilds.commitReindexed",
  "rebuilds.commitRecords",
  "registry.begin",
  "registry.commitBuilt",
  "registry.switchTo",
  "registry.remove",
  "records.markDead",
  "records.markGone",
  "index.upsert",
  "index.deleteByIds",
  "runs.closeRun",
];
/** Looks at what questions find while something is going on: one in so many calls. */
const LOOK_SHARE = 0.05;

type Fate = {
  readonly random: Random;
  readonly callsLeft: number;
  /** A call at which it dies in any case; calls that are rare would hardly ever be hit. */
  readonly killAt: string | null;
  /** Effects that left the process before it died, and arrive when nobody expects them. */
  readonly late: (() => Promise<unknown>)[];
  readonly look: () => Promise<void>;
};

/** One life of the process: it dies at its n-th call, before or after the call took effect; nothing goes out after that. */
class Life {
  readonly #fate: Fate;
  #callsLeft: number;

  constructor(fate: Fate) {
    this.#fate = fate;
    this.#callsLeft = fate.callsLeft;
  }

  async pass(place: string, call: () => Promise<unknown>): Promise<unknown> {
    const { random, late, look, killAt } = this.#fate;
    if (this.#callsLeft <= 0) throw new Killed();
    if (random.chance(LOOK_SHARE)) await look();
    this.#callsLeft = place === killAt ? 0 : this.#callsLeft - 1;
    if (this.#callsLeft > 0) return call();
    diedAt.set(place, (diedAt.get(place) ?? 0) + 1);
    const when = random.int(0, 2);
    if (when === 0) await call();
    else if (when === 1 && /upsert|deleteByIds/.test(place)) late.push(call);
    throw new Killed();
  }
}

const DOORS = ["runs", "records", "raw", "registry", "rebuilds", "embedder", "index"] as const;

/** Ports whose every call may be the last. */
function mortal(ports: Ports, life: Life): Ports {
  const wrap = <T extends object>(door: string, port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...given: unknown[]) =>
          life.pass(`${door}.${String(name)}`, async () => member.apply(target, given) as unknown);
      },
    });
  const wrapped = Object.fromEntries(DOORS.map((door) => [door, wrap(door, ports[door])]));
  const indexes = Object.fromEntries(
    Object.entries(ports.indexes).map(([name, index]) => [name, wrap("index", index)]),
  );
  const { wanted } = ports;
  return {
    ...ports,
    ...wrapped,
    indexes: { ...indexes, [ports.indexName]: wrapped["index"] as Ports["index"] },
    wanted:
      wanted === null || wanted.embedder === null
        ? wanted
        : { ...wanted, embedder: wrap("embedder", wanted.embedder) },
  };
}

/** A step engine that remembers until it is made to forget. */
class Memory implements RunEngine {
  readonly #steps = new Map<string, Map<string, unknown>>();
  readonly #tries = new Map<string, number>();
  readonly #space: Workspace;

  constructor(space: Workspace) {
    this.#space = space;
  }

  start = async (runId: string): Promise<void> => {
    if (!this.#steps.has(runId)) this.#steps.set(runId, new Map());
  };
  revive = async (runId: string): Promise<"revived" | "lost"> =>
    this.#steps.has(runId) ? "revived" : "lost";
  forget = async (runIds: readonly string[]): Promise<void> => {
    for (const id of runIds) this.#steps.delete(id);
  };
  loseAll(): void {
    this.#steps.clear();
  }
  knows(runId: string): boolean {
    return this.#steps.has(runId);
  }
  stepsOf(runId: string): Steps {
    const done = this.#steps.get(runId) ?? new Map<string, unknown>();
    const { world } = this.#space;
    return {
      do: async <T>(name: string, work: (tries: number) => Promise<T>): Promise<T> => {
        if (done.has(name)) return done.get(name) as T;
        const tries = (this.#tries.get(`${runId} ${name}`) ?? 0) + 1;
        this.#tries.set(`${runId} ${name}`, tries);
        done.set(name, structuredClone(await work(tries)));
        return done.get(name) as T;
      },
      sleepUntil: async (_name, worldMs) => world.advance(Math.max(0, worldMs - world.nowMs())),
    };
  }
}

type Course = { readonly state: unknown; readonly kills: number };

/** Live one history: sync, ask for the rebuild, be killed now and then, go on until nothing is left to do. */
async function course(seed: number, kills: number): Promise<Course> {
  const random = createRandom(seed, "rebuild");
  const { what, embeddings, cut } = CASES[seed % CASES.length] as Case;
  Object.assign(sizes, { tokensMax: 1_000, tokensMin: 800, overlapTokens: 200 });
  const space = await aWorkspace();
  space.source.meetings = WORDS.map((word) => aMeetingAbout(word));
  await runSync(space, "fireflies");
  while ((await runSync(space, "vectors", await composed(space, null))).continues);
  if (what === "records") {
    await space.d1.prepare("delete from meetings where id = 'm-ebony'").run();
    await space.d1
      .prepare("update meetings set title = 'altered', date = '1999-01-01' where id = 'm-damask'")
      .run();
  }
  if (cut) Object.assign(sizes, { tokensMax: 300, tokensMin: 200, overlapTokens: 50 });
  const memory = new Memory(space);
  const late: (() => Promise<unknown>)[] = [];
  const editAt = random.int(0, Math.max(1, kills));
  let lives = 0;
  const aLife = (callsLeft: number, killAt: string | null): Life =>
    new Life({ random, callsLeft, killAt, late, look: () => expectAnswers(space, embeddings) });
  const live = async (life: Life, isFirst: boolean): Promise<boolean> => {
    const bound = async (): Promise<Ports> => mortal(await composed(space, embeddings), life);
    const wish = { what, scope: EVERYTHING, priority: "normal" } as const;
    await reviveUnfinished(await bound(), memory, { afterRestart: true });
    if (isFirst) await askForRebuild(await bound(), memory, wish);
    for (let beats = 0; beats < BEATS_MAX; beats += 1) {
      await tick(await bound(), memory);
      for (const run of (await space.ports.runs.unfinished()).items) {
        if (!memory.knows(run.id)) continue;
        await executeRun(await bound(), memory.stepsOf(run.id), run.id, PIPELINES);
        await expectAnswers(space, embeddings);
      }
      if (late.length > 0 && random.chance(0.2)) await late.shift()?.();
      if (late.length === 0 && (await isAtRest(space))) return true;
      space.world.advance(BEAT_MS);
    }
    throw new Error(`it does not come to rest: ${await whatIsLeft(space)}`);
  };
  const edit = (): void => {
    space.source.meetings = [
      aMeetingAbout("alabaster", 30),
      ...WORDS.slice(1).map((word) => aMeetingAbout(word)),
    ];
  };
  let isAsked = false;
  for (;;) {
    if (lives >= editAt) edit();
    const { callsLeft, killAt } = lives < kills ? deathOf(random, seed, lives) : IMMORTAL;
    lives += 1;
    try {
      await live(aLife(callsLeft, killAt), !isAsked);
      break;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      await expectAnswers(space, embeddings);
      // A wish counts from the moment at which it stands in the ledger.
      isAsked = (await space.ports.rebuilds.open()) !== null || (await rebuildsCount(space)) > 0;
      if (random.chance(0.2)) memory.loseAll();
      space.world.advance(random.pick([0, 1_000, 60_000, 3_600_000]));
    }
  }
  edit();
  // A day, so that what came late of the dead is looked for and taken away.
  for (let hours = 0; hours < 26; hours += 1) {
    space.world.advance(3_600_000);
    await live(aLife(Number.POSITIVE_INFINITY, null), false);
  }
  return { state: await finalStateOf(space), kills: lives - 1 };
}

const IMMORTAL = { callsLeft: Number.POSITIVE_INFINITY, killAt: null };

/** When a life ends: the first at one of the rare calls, each of them with each case; the others by chance. */
function deathOf(random: Random, seed: number, lives: number): Pick<Fate, "callsLeft" | "killAt"> {
  if (lives === 0)
    return { ...IMMORTAL, killAt: RARE[Math.floor(seed / CASES.length) % RARE.length] ?? null };
  const callsLeft = random.int(1, random.pick([10, 60, 250, 1_000]));
  return { callsLeft, killAt: random.chance(0.3) ? random.pick(RARE) : null };
}

async function rebuildsCount(space: Workspace): Promise<number> {
  return (await space.d1.prepare("select count(*) as n from rebuilds").first<number>("n")) ?? 0;
}

/** What keeps it from its rest, and how the last runs ended. */
async function whatIsLeft(space: Workspace): Promise<string> {
  const rows = async (sql: string) => (await space.d1.prepare(sql).all<Record<string, unknown>>()).results;
  return JSON.stringify([
    await rows("select what, cursor, not_before_ms from rebuilds where ended_ms is null"),
    await rows("select id, vectors_owed_since from meetings where vectors_owed_since is not null"),
    await rows("select document_id, state, model from chunks where state not in ('live', 'gone')"),
    await rows(
      "select sync, rebuild, state, detail, continues, result ->> '$.findings' as f from runs order by queued_ms desc, id desc limit 4",
    ),
  ]);
}

async function isAtRest(space: Workspace): Promise<boolean> {
  const left = await space.d1
    .prepare(
      `select (select count(*) from rebuilds where ended_ms is null) + (select count(*) from runs where ended_ms is null) +
         (select count(*) from meetings where vectors_owed_since is not null) +
         (select count(*) from chunks where state not in ('live', 'gone')) as n`,
    )
    .first<number>("n");
  return left === 0;
}

/** Whatever is going on: one index is live, a question finds every meeting, by chunks of that index alone. */
async function expectAnswers(space: Workspace, embeddings: string | null): Promise<void> {
  const rows = (await space.ports.registry.rows()).items;
  expect(rows.filter((row) => row.state === "live").length).toBe(1);
  const ports = await composed(space, embeddings);
  const found = await askLive(space, ports, "crane");
  expect(found.toSorted()).toEqual(WORDS.map((word) => `m-${word}`));
}

/** What is left in the end, without times, runs and generations. */
async function finalStateOf(space: Workspace): Promise<unknown> {
  const rows = async (sql: string) => (await space.d1.prepare(sql).all<Record<string, unknown>>()).results;
  const live = await rows(
    `select id, document_id, position, text, text_hash, model, metadata from chunks where state = 'live' order by document_id, position`,
  );
  const ids = live.map((row) => String(row["id"])).toSorted();
  const held = Object.fromEntries(
    Object.entries(space.stores).map(([name, store]) => [name, store.listIds().items.toSorted()]),
  );
  const [only] = (await space.ports.registry.rows()).items;
  expect(held[only?.binding ?? ""]).toEqual(ids);
  return {
    indexes: await rows("select binding, model, dimensions, state from indexes"),
    live: live.map(({ id: _id, ...row }) => row),
    held: Object.fromEntries(Object.entries(held).map(([name, list]) => [name, list.length])),
    meetings: await rows(
      "select id, title, date, content_hash, indexed_hash, vectors_owed_since from meetings order by id",
    ),
    built: await rows("select * from built_documents"),
    rebuilds: await rows("select what, model, outcome from rebuilds"),
    sums: await rows(
      `select id, result from runs where result is not null and result ->> '$.counts.seen' is not
         (select coalesce(sum(items), 0) from run_items where run_id = runs.id)`,
    ),
    defects: await rows("select step, party, detail from attempts where outcome = 'defect'"),
  };
}

describe("a rebuild that is killed", () => {
  afterEach(() => void Object.assign(sizes, { tokensMax: 1_000, tokensMin: 800, overlapTokens: 200 }));

  it.each(Array.from({ length: SEEDS }, (_, n) => n + 1))(
    "at any moment (seed %i) answers all the while and ends as one that was never killed",
    async (seed) => {
      const calm = await course(seed, 0);
      const killed = await course(seed, 1 + (seed % KILLS_MAX));
      expect(killed.state).toEqual(calm.state);
    },
  );

  it("was killed at many places, the switch among them", () => {
    const deaths = [...diedAt.values()].reduce((sum, times) => sum + times, 0);
    expect(deaths).toBeGreaterThan(SEEDS / 2);
    expect(diedAt.size).toBeGreaterThan(20);
    expect([...diedAt.keys()]).toEqual(expect.arrayContaining(RARE));
  });
});
