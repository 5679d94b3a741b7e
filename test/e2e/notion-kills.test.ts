import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createNotionEmulator } from "../../emulators/notion/emulator.ts";
import type { NotionLogEntry } from "../../emulators/notion/log-entry.ts";
import type { NotionPageState } from "../../emulators/notion/oracle.ts";
import { readD1, writeD1 } from "./end-state.ts";
import {
  cleanUp,
  RUN_MS,
  startEmulator,
  startProgram,
  sync,
  temporaryFolder,
  waitFor,
  type Emulator,
} from "./program.ts";

const MADE = 12;
/** From the first write of its kind to the kill: in the middle of the others. */
const KILL_AFTER_MS = 500;
const NOTION_MAY_WRITE = "yes";

/** The pages of the projects, once the emulator has ended. */
async function pagesIn(stateDir: string): Promise<NotionPageState[]> {
  const world = await createNotionEmulator({
    stateDir,
    nowMs: () => Date.now(),
    content: () => {
      throw new Error("there is no Notion world yet");
    },
  });
  const pages = world.pages("projects");
  await world.close();
  return pages;
}

const writesOf = async (emulator: Emulator): Promise<NotionLogEntry[]> =>
  (await emulator.notion.log()).filter(({ isWrite, status }) => isWrite && status === 200);

afterEach(cleanUp);

test(
  "a program that is killed in the middle of its pushes leaves every page as its row says, and none twice",
  async () => {
    const folder = temporaryFolder();
    const [dataDir, world] = [join(folder, "data"), join(folder, "world")];
    const emulator = await startEmulator(["--meetings-count", "2", "--speed", "60", "--state-dir", world]);
    const places = ["--fireflies-url", emulator.url, "--notion-url", emulator.notion.url];
    const args = ["--data-dir", dataDir, ...places];
    const env = { NOTION_MAY_WRITE };
    const first = await sync(args, { env });
    expect(first, first.story).toMatchObject({ code: 0, outcome: { ok: true } });
    const made = Array.from({ length: MADE }, (_, n) => `('made-${n}', 'Made ${n}', 'active')`);
    for (const statement of [
      "delete from projects where id in (select id from projects order by id limit 2)",
      "update projects set title = title || ', by an application'",
      `insert into projects (id, title, status) values ${made.join(", ")}`,
    ])
      writeD1(dataDir, statement);
    await emulator.control({ op: "advance", by: "1d" });

    const killed = [];
    for (const endpoint of ["update_page", "create_page"]) {
      const before = (await emulator.notion.log()).length;
      const life = startProgram(["sync", ...args], { env });
      const isBegun = async (): Promise<true | undefined> =>
        (await emulator.notion.log()).slice(before).some((one) => one.endpoint === endpoint) || undefined;
      await waitFor(`a write by ${endpoint}`, isBegun, { forMs: RUN_MS });
      await delay(endpoint === "update_page" ? KILL_AFTER_MS : KILL_AFTER_MS / 5);
      killed.push({ endpoint, isEnded: life.isEnded(), writes: (await writesOf(emulator)).length });
      life.kill("group");
      await life.exit;
    }
    const last = await sync(args, { env });
    expect(last, last.story).toMatchObject({ code: 0, outcome: { ok: true } });
    // What was under way when the process died waits until Notion must have carried it out.
    await emulator.control({ op: "advance", by: "1d" });
    const again = await sync(args, { env });
    expect(again, again.story).toMatchObject({ code: 0, outcome: { ok: true } });
    const writes = (await writesOf(emulator)).length;
    expect(
      killed.map(({ isEnded }) => isEnded),
      JSON.stringify(killed),
    ).toEqual([false, false]);
    expect(
      killed.every((moment) => moment.writes > 0 && moment.writes < writes),
      JSON.stringify(killed),
    ).toBe(true);

    await emulator.stop();
    const pages = await pagesIn(world);
    const live = new Map(pages.filter(({ isTrashed }) => !isTrashed).map((page) => [page.id, page.values]));
    const rows = readD1(
      dataDir,
      "select notion_pages.page_id as page, projects.id, title from projects left join notion_pages on record_id = projects.id where deleted_ms is null",
    );
    for (const row of rows)
      expect(live.get(String(row["page"]))?.["Project name"], `page of ${String(row["id"])}`).toBe(
        row["title"],
      );
    const marks = [...live.values()].map((values) => values["Sync ID"]).filter(Boolean);
    expect(marks.toSorted()).toEqual(Array.from({ length: MADE }, (_, n) => `made-${n}`).toSorted());
    const deleted = readD1(
      dataDir,
      "select page_id from notion_pages where state = 'trashed' and sync = 'projects'",
    );
    expect(deleted.filter(({ page_id: id }) => live.has(String(id)))).toEqual([]);
    expect(deleted.length).toBeGreaterThanOrEqual(2);
  },
  5 * RUN_MS,
);
