import type { Random } from "../../emulators/world/random.ts";
import { executeRun } from "../../src/engine/run.ts";
import { startRun } from "../../src/engine/tick.ts";
import { createNotionTables } from "../../src/adapters/notion/tables.ts";
import { NOTION_DEMO_TOKEN } from "../../emulators/notion/keys.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { aNotionWorkspace } from "../in-process/notion-workspace.ts";
import { freshSteps } from "../in-process/workspace.ts";
import { fightContent } from "./content.ts";

/** The process ended here. */
class Killed extends Error {}

const PROJECTS = 3;
/** Notion's own limit of a request: what takes longer was not carried out. */
const REQUEST_MS_MAX = 60_000;
const LIVES_MAX = 40;

/** What happens while a run goes on. */
export type Trouble = {
  /** Kill the process at the so-many-th call of a run; null: let it live. */
  readonly killAtCall: number | null;
  /** At this call of a run another worker takes the lane over, and this one goes on believing that it holds it. */
  readonly takeoverAtCall: number | null;
  /** After each call to Notion or the database: people who type while we look. */
  readonly meanwhile: () => Promise<void>;
};

export const NO_TROUBLE: Trouble = { killAtCall: null, takeoverAtCall: null, meanwhile: async () => {} };

export type FightEstate = Awaited<ReturnType<typeof openEstate>>;

/** The product over an emulated Notion and D1 in this process, whose runs may be killed and overtaken at any call. */
export async function openEstate(random: Random, plant: (ports: Ports) => Ports) {
  const space = await aNotionWorkspace({
    seed: random.int(1, 1_000_000),
    content: () => fightContent(Date.UTC(2026, 5, 1, 11), PROJECTS),
    requestsPerMinute: null,
  });
  const { world, d1, notion } = space;

  /** One life of a process: its own ports, dead after it was killed. */
  const live = async (trouble: Trouble, onTakeover: () => Promise<void>): Promise<Ports> => {
    let calls = 0;
    let isDead = false;
    let isTaken = false;
    const passage = async <T>(isWrite: boolean, work: () => Promise<T>): Promise<T> => {
      if (isDead) throw new Killed();
      calls += 1;
      const isLast = trouble.killAtCall === calls;
      const isAfter = isLast && random.chance(0.5);
      if (isLast && !isAfter) {
        isDead = true;
        throw new Killed();
      }
      if (!isTaken && trouble.takeoverAtCall !== null && calls >= trouble.takeoverAtCall && isWrite) {
        isTaken = true;
        const begunMs = world.nowMs();
        await onTakeover();
        if (world.nowMs() - begunMs >= REQUEST_MS_MAX) throw new TypeError("fetch failed");
      }
      const result = await work();
      await trouble.meanwhile();
      if (isAfter) {
        isDead = true;
        throw new Killed();
      }
      return result;
    };
    const tables = await createNotionTables({
      url: "https://api.notion.com",
      token: NOTION_DEMO_TOKEN,
      fetch: (request) => passage(request.method === "PATCH", () => notion.fetch(request)),
      world,
    });
    const guarded = <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== "function") return member;
          return (...values: unknown[]): unknown =>
            passage(false, async () => member.apply(target, values) as unknown);
        },
      });
    const { ports } = space;
    return plant({
      ...ports,
      runs: guarded(ports.runs),
      tables: guarded(ports.tables),
      notion: { ...ports.notion, tables },
    });
  };

  /** Run the sync to its end, however often it is killed. */
  const sync = async (trouble: Trouble): Promise<void> => {
    const request = { sync: "projects", trigger: "manual", priority: "normal" } as const;
    const { run } = await startRun(space.ports, space.engine, request);
    const steps = freshSteps(world);
    const overtake = async (): Promise<void> => {
      await space.ports.runs.raiseEpoch(run.id);
      const ports = await live({ ...NO_TROUBLE, meanwhile: trouble.meanwhile }, async () => {});
      await executeRun(ports, steps.copy(), run.id, PIPELINES);
    };
    let next = trouble;
    for (let lives = 0; lives < LIVES_MAX; lives += 1) {
      const ports = await live(next, overtake);
      await executeRun(ports, steps, run.id, PIPELINES).catch(() => undefined);
      const ended = await space.ports.runs.run(run.id);
      if (ended?.endedMs != null) return;
      await space.ports.runs.raiseEpoch(run.id);
      // Killed once more now and then, so that a recovery is killed as well.
      const killAtCall = lives < 3 && random.chance(0.5) ? random.int(1, 60) : null;
      next = { ...NO_TROUBLE, killAtCall, meanwhile: trouble.meanwhile };
    }
    throw new Error(`a run did not end within ${LIVES_MAX} lives`);
  };

  await space.sync("clients");
  await space.sync("projects");
  return { world, d1, notion, sync, rows: space.rows, ports: space.ports };
}
