import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { HistoryRow } from "../../src/ports/decision-store.ts";
import type { Status } from "../../src/queries/status.ts";
import { readD1, readEndState } from "./end-state.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  runSyncctl,
  startEmulator,
  startProgram,
  sync,
  temporaryFolder,
  untilServing,
  waitFor,
  type Emulator,
} from "./program.ts";
import { fill, smallDisk } from "./small-disk.ts";

/** An hour in six seconds, so that what comes by the clock comes soon. */
const SPEED = "600";
const FULL_MS = 2_500;
/** Long enough for the step engine to give up the run that it was carrying. */
const LONG_FULL_MS = 15_000;
const TITLE = "Project name";

afterEach(cleanUp);

type Life = { readonly dataDir: string; readonly emulator: Emulator; readonly projectPage: string };

/** A kind of write: what leads to it, and when it is under way. */
type Write = {
  readonly what: string;
  readonly fullMs?: number;
  readonly begins: (life: Life) => Promise<unknown>;
};

const arrive = async ({ emulator }: Life): Promise<void> => {
  for (let n = 0; n < 3; n += 1) await emulator.control({ op: "arrive" });
};

/** Wait for a new request to Notion of an endpoint. */
async function asked({ emulator }: Life, endpoint: string, after: () => Promise<unknown>): Promise<void> {
  const before = (await emulator.notion.log()).length;
  await after();
  await waitFor(`${endpoint} to be asked for`, async () =>
    (await emulator.notion.log()).slice(before).find((entry) => entry.endpoint === endpoint),
  );
}

const makeProjects = ({ dataDir }: Life) => askApi(dataDir, "/api/syncs/projects/runs", {});

const WRITES: readonly Write[] = [
  {
    what: "revisions and rows of meetings",
    fullMs: LONG_FULL_MS,
    begins: async (life) => {
      const before = (await life.emulator.log()).length;
      await arrive(life);
      await life.emulator.control({
        op: "fault",
        next: [{ kind: "slow", slowMs: 1_000, field: "transcripts" }],
      });
      await waitFor("a page of meetings to be asked for", async () =>
        (await life.emulator.log()).slice(before).find((entry) => entry.fields.includes("transcripts")),
      );
    },
  },
  {
    what: "chunks and vectors",
    begins: async (life) => {
      await arrive(life);
      const isOwed = "select 1 from meetings where vectors_owed_since is not null limit 1";
      await waitFor("documents to be owed", () => readD1(life.dataDir, isOwed)[0], { everyMs: 5 });
    },
  },
  {
    what: "what a person edited in Notion",
    begins: (life) =>
      asked(life, "query", async () => {
        const set = { [TITLE]: "Renamed" };
        await life.emulator.notion.control({ op: "edit", page: life.projectPage, set });
        await makeProjects(life);
      }),
  },
  {
    what: "what goes to Notion",
    begins: (life) =>
      asked(life, "update_page", async () => {
        const [project] = readD1(life.dataDir, "select id from projects where title = 'Renamed'");
        const list = `/api/history?sync=projects&record=${String(project?.["id"])}`;
        const { items } = (await askApi<{ items: HistoryRow[] }>(life.dataDir, list)) ?? { items: [] };
        expect(await askApi(life.dataDir, `/api/history/${items[0]?.id}/restore`, {})).toMatchObject({
          changed: true,
        });
        await makeProjects(life);
      }),
  },
  { what: "a proof", begins: ({ dataDir }) => askApi(dataDir, "/api/proof", { complete: true }) },
];

/** Whether all that the source has is in step, and nobody waits for anything. A small disk is always filling. */
async function isInStep({ dataDir, emulator }: Life): Promise<true | undefined> {
  const [status, meetings] = await Promise.all([askApi<Status>(dataDir, "/api/status"), emulator.meetings()]);
  if (status === undefined) return undefined;
  const { source, totals, owedDocuments, unfinished, alerts } = status;
  const isOver = unfinished.length === 0 && alerts.every(({ kind }) => kind === "storage_filling");
  const isCounted = source.ids === meetings.length && totals.accounted === meetings.length;
  return (isOver && isCounted && owedDocuments === 0) || undefined;
}

describe.runIf(process.platform === "linux" && process.getuid?.() === 0)("a disk that fills up", () => {
  test.each([
    { left: "no room at all", leaveKb: 0 },
    { left: "little room", leaveKb: 30_000 },
  ])(
    "in the middle of each kind of write and leaves $left halts what needs room; with room it goes on by itself, and nothing is lost",
    async ({ leaveKb }) => {
      const disk = smallDisk(temporaryFolder(), 250);
      if (disk === null) return;
      const dataDir = join(disk, "data");
      const emulator = await startEmulator([
        "--meetings-count",
        "12",
        "--projects-count",
        "6",
        "--speed",
        SPEED,
      ]);
      const vendors = ["--fireflies-url", emulator.url, "--notion-url", emulator.notion.url];
      const args = ["--data-dir", dataDir, ...vendors];
      const env = { NOTION_MAY_WRITE: "yes" };
      const program = startProgram(["start", "--port", "0", ...args], { env });
      await untilServing(program);
      const [page] = readD1(
        dataDir,
        "select page_id as id, title from notion_pages join projects on id = record_id where sync = 'projects'",
      );
      const life = { dataDir, emulator, projectPage: String(page?.["id"]) };
      const titles = () => readD1(dataDir, "select id, title from projects order by id");
      const before = titles();
      const filler = join(disk, "filler");
      for (const { what, begins, fullMs = FULL_MS } of WRITES) {
        await begins(life);
        fill(filler, disk, leaveKb);
        await delay(fullMs);
        const { stdout, stderr } = await runSyncctl(["status", "--data-dir", dataDir]);
        // With no byte left not even reading is sure; what is wrong is said by the program itself then.
        expect(stdout + stderr, what).toMatch(/^Storage: disk: 0 B left, FULL|^the request failed;/m);
        rmSync(filler);
        await waitFor(`all to be in step after ${what}`, () => isInStep(life), {
          everyMs: 500,
          forMs: RUN_MS,
        });
      }
      expect(program.stderr()).toMatch(/^The disk of .* 64 MB are needed: make room, .* goes on by itself/m);
      const alerts = readD1(dataDir, "select kind, closed_ms from alerts where kind = 'storage_full'");
      if (leaveKb > 0) expect(alerts.length).toBeGreaterThan(0);
      process.kill(program.pid, "SIGTERM");
      await program.exit;
      const again = await sync(args, { env });
      expect(again, again.story).toMatchObject({ code: 0, outcome: { ok: true } });
      expect(titles()).toEqual(before);
      expect((await emulator.notion.edits()).at(-1)).toMatchObject({ previous: "Renamed", by: "bot" });
      expect(readD1(dataDir, "select fireflies_id as id from meetings order by 1")).toEqual(
        (await emulator.meetings()).map(({ id }) => ({ id })).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      );
      expect(readEndState(dataDir)).toMatchObject({
        unfinishedRuns: 0,
        embeddings: { missing: [], orphaned: [] },
      });
      await emulator.stop();
    },
    4 * RUN_MS,
  );
});
