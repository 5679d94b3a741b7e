import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import type { Run } from "../../src/ports/run-store.ts";
import type { RunReport } from "../../src/queries/status.ts";
import { readD1, readEndState, readR2 } from "./end-state.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  startEmulator,
  startProgram,
  sync,
  temporaryFolder,
  waitFor,
  type Emulator,
  type LogEntry,
} from "./program.ts";

const MEETINGS = 120;
const RETRY_AFTER_SECONDS = 8;
/** A reply that takes this long is still on its way when the kill comes. */
const SLOW_MS = 3_000;

/** What a moment may look at. */
type Scene = {
  readonly dataDir: string;
  readonly emulator: Emulator;
  /** Log lines of this life. */ newCalls(): Promise<LogEntry[]>;
};

type Moment = {
  readonly when: string;
  /** True if the program may end before the moment comes. */
  readonly mayBeMissed?: boolean;
  /** Options of this life alone. */
  readonly options?: readonly string[];
  /** Ops for the emulator before the program starts. */
  readonly faults?: readonly Readonly<Record<string, unknown>>[];
  /** Something but undefined when the moment has come. */
  look(scene: Scene): Promise<unknown>;
};

const slowList = { kind: "slow", slowMs: SLOW_MS, counted: true, field: "transcripts" };
const lists = async (scene: Scene): Promise<LogEntry[]> => (await scene.newCalls()).filter(isList);
const isList = (entry: LogEntry): boolean => entry.fields.includes("transcripts");
const isAnswered = (entry: LogEntry): boolean => isList(entry) && entry.status === 200;
const newestReport = async (dataDir: string): Promise<RunReport | undefined> => {
  const runs = await askApi<{ items: Run[] }>(dataDir, "/api/runs");
  return runs?.items[0] && askApi<RunReport>(dataDir, `/api/runs/${runs.items[0].id}`);
};
const isRunning = async (dataDir: string, sync: string): Promise<true | undefined> => {
  const run = (await newestReport(dataDir))?.run;
  return (run?.sync === sync && run.state === "running") || undefined;
};

/** Ten moments, in the order in which they come; kills alternate between the whole group and node alone. */
const MOMENTS: readonly Moment[] = [
  { when: "while the program loads", look: async () => delay(300, true) },
  { when: "as soon as workerd answers", look: ({ dataDir }) => askApi(dataDir, "/healthz") },
  {
    when: "while the account is asked for",
    faults: [{ kind: "slow", slowMs: SLOW_MS, counted: true, field: "user" }],
    look: async (scene) => (await scene.newCalls())[0],
  },
  {
    when: "while the first page is on its way",
    faults: [slowList],
    look: async (scene) => (await lists(scene))[0],
  },
  {
    when: "while the second page is on its way",
    faults: [{ ...slowList, slowMs: 0 }, slowList],
    look: async (scene) => (await lists(scene))[1],
  },
  {
    when: "while a Retry-After is pending",
    faults: [{ kind: "rate_limited", retryAfterSeconds: RETRY_AFTER_SECONDS, field: "transcripts" }],
    // Before the ledger knows of it no program can: the kill has to come after.
    look: async ({ dataDir }) =>
      (await newestReport(dataDir))?.troubles.find(
        (row) => row.outcome === "rate_limited" && row.next === "wait",
      ),
  },
  { when: "after the revival, still before its time", look: ({ dataDir }) => askApi(dataDir, "/healthz") },
  {
    when: "when the next page has just been answered",
    look: async (scene) => (await lists(scene)).find(isAnswered),
  },
  {
    when: "while vectors are made",
    // The run cannot end before its vectors are seen, so the moment lasts longer than anybody looks away.
    options: ["--vector-delay", "5s"],
    look: ({ dataDir }) => isRunning(dataDir, "vectors"),
  },
  {
    when: "while the vectors of a killed run wait and the next listing begins",
    faults: [slowList],
    look: async (scene) => (await lists(scene))[0],
  },
];

/** More kills at moments of chance, for whoever wants to be surer: E2E_KILLS=40. */
const KILLS_OF_CHANCE = Number(process.env["E2E_KILLS"] ?? 0);

/** Between the loading of the program and its usual end. */
const CHANCE_MS = { from: 200, to: 6_000 };

afterEach(cleanUp);

test(
  "killed at ten moments and started again, ends in the state of a run that was never killed",
  () => compareWithCalm(MOMENTS),
  2 * RUN_MS,
);

test.runIf(KILLS_OF_CHANCE > 0)(
  `killed at ${KILLS_OF_CHANCE} moments of chance, ends in the state of a run that was never killed`,
  async () => {
    const moments = Array.from({ length: KILLS_OF_CHANCE }, (): Moment => {
      const afterMs = Math.round(CHANCE_MS.from + Math.random() * (CHANCE_MS.to - CHANCE_MS.from));
      const born = { ms: 0 };
      const isDue = async (): Promise<true | undefined> => {
        born.ms ||= performance.now();
        return performance.now() - born.ms >= afterMs || undefined;
      };
      return { when: `${afterMs} ms after the start`, mayBeMissed: true, look: isDue };
    });
    try {
      await compareWithCalm(moments);
    } catch (error) {
      throw new Error(`kills came ${moments.map(({ when }) => when).join(", ")}`, { cause: error });
    }
  },
  KILLS_OF_CHANCE * 10_000 + 2 * RUN_MS,
);

async function compareWithCalm(moments: readonly Moment[]): Promise<void> {
  const folder = temporaryFolder();
  const [undisturbed, disturbed] = await equalWorlds(folder);
  const [calm, killed] = [join(folder, "calm"), join(folder, "killed")];
  const emulator = await startEmulator(["--state-dir", disturbed]);

  const { repeats, rewritten } = await liveThroughKills(moments, killed, emulator);
  const last = await sync(["--data-dir", killed, "--fireflies-url", emulator.url]);
  const proven = { source: MEETINGS, raw: MEETINGS, unexplained: [] };
  expect(last, last.story).toMatchObject({
    code: 0,
    outcome: { ok: true, proof: { ok: true, meetings: proven } },
  });

  expect(
    (await emulator.log()).filter((entry) => entry.early),
    "calls before their time",
  ).toEqual([]);
  expect(Math.max(...repeats), "list pages asked for again after one kill").toBeLessThanOrEqual(1);
  expect(rewritten, "objects written twice").toEqual([]);
  expect(brokenSums(killed), "runs whose verdicts do not add up").toEqual([]);

  const other = await startEmulator(["--state-dir", undisturbed]);
  const reference = await sync(["--data-dir", calm, "--fireflies-url", other.url]);
  expect(reference, reference.story).toMatchObject({ code: 0, outcome: { ok: true } });
  const state = readEndState(killed);
  expect(state).toEqual(readEndState(calm));
  expect(new Set(state.vectorIds).size).toBe(state.vectorIds.length);
}

/** Law 1, from the rows themselves and not from what the run said of them. */
function brokenSums(dataDir: string): unknown[] {
  return readD1(
    dataDir,
    `select id, result from runs where result ->> '$.counts.seen' is not
       (select coalesce(sum(items), 0) from run_items where run_id = runs.id)`,
  );
}
/** Two folders with one and the same world: the sample depends on the moment of its making. */
async function equalWorlds(folder: string): Promise<[string, string]> {
  const made = join(folder, "world");
  const emulator = await startEmulator(["--state-dir", made, "--meetings-count", String(MEETINGS)]);
  await emulator.stop();
  const copy = join(folder, "world copy");
  cpSync(made, copy, { recursive: true });
  return [made, copy];
}

async function liveThroughKills(
  moments: readonly Moment[],
  dataDir: string,
  emulator: Emulator,
): Promise<{ repeats: number[]; rewritten: string[] }> {
  const repeats: number[] = [];
  const rewritten: string[] = [];
  let written = new Map<string, string>();
  for (const [place, moment] of moments.entries()) {
    const before = await emulator.log();
    const scene: Scene = {
      dataDir,
      emulator,
      newCalls: async () => (await emulator.log()).slice(before.length),
    };
    await emulator.control({ op: "fault", clear: true, next: moment.faults ?? [] });
    await lifeUntil(moment, scene, place % 2 === 0 ? "group" : "node");
    const answered = new Set(before.filter(isAnswered).map((entry) => entry.variables.skip));
    repeats.push(
      (await scene.newCalls()).filter((entry) => isAnswered(entry) && answered.has(entry.variables.skip))
        .length,
    );
    const now = readR2(dataDir);
    rewritten.push(...[...written].filter(([key, version]) => now.get(key) !== version).map(([key]) => key));
    written = now;
  }
  await emulator.control({ op: "fault", clear: true });
  return { repeats, rewritten };
}

async function lifeUntil(moment: Moment, scene: Scene, whom: "group" | "node"): Promise<void> {
  const life = startProgram([
    "sync",
    "--json",
    "--data-dir",
    scene.dataDir,
    "--fireflies-url",
    scene.emulator.url,
    ...(moment.options ?? []),
  ]);
  await waitFor(moment.when, async () => {
    if (life.isEnded() && moment.mayBeMissed === true) return true;
    if (life.isEnded())
      throw new Error(
        `the program ended before the moment came: ${moment.when}\n${life.stdout()}${life.stderr()}`,
      );
    return moment.look(scene);
  });
  life.kill(whom);
  await life.exit;
}
