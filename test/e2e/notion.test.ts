import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createNotionEmulator, type NotionEmulator } from "../../emulators/notion/emulator.ts";
import { NOTION_ODDITIES } from "../../emulators/notion/sample/oddities.ts";
import type { HistoryRow, Review } from "../../src/ports/decision-store.ts";
import { readD1, writeD1 } from "./end-state.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  runEmulators,
  runOf,
  runProgram,
  runSyncctl,
  startEmulator,
  startProgram,
  sync,
  temporaryFolder,
  waitFor,
} from "./program.ts";

const FEW = ["--meetings-count", "2"];
const EXIT = { findings: 1, usage: 2, failed: 3 } as const;

/** The Notion world of a data directory whose program has ended. */
async function withWorld<T>(dataDir: string, look: (world: NotionEmulator) => T): Promise<T> {
  const world = await createNotionEmulator({
    stateDir: join(dataDir, "notion-emulator"),
    nowMs: () => Date.now(),
    content: () => {
      throw new Error("there is no Notion world yet");
    },
  });
  try {
    return look(world);
  } finally {
    await world.close();
  }
}

const writesTo = (dataDir: string): Promise<number> =>
  withWorld(dataDir, (world) => world.log().filter(({ isWrite }) => isWrite).length);

const tablesOf = (dataDir: string): unknown[] =>
  ["select * from projects order by id", "select * from clients order by id", "select * from history"].map(
    (sql) => readD1(dataDir, sql),
  );

afterEach(cleanUp);

describe("projects and clients of the sample workspace", () => {
  // Of its own: the others' folders go after each test.
  let dataDir = "";
  let first: Awaited<ReturnType<typeof sync>>;
  beforeAll(async () => {
    dataDir = join(temporaryFolder(), "data");
    first = await sync(["--data-dir", dataDir, ...FEW]);
  }, RUN_MS);
  afterAll(cleanUp);

  test(
    "come in, say what was set aside and why, and a second run changes nothing on either side",
    async () => {
      expect(first, first.story).toMatchObject({ code: 0, outcome: { ok: true, alerts: [], off: [] } });
      const [projects, clients] = [runOf(first, "projects"), runOf(first, "clients")];
      const { counts } = projects;
      expect(counts.created + counts.quarantined + counts.pending).toBe(counts.seen);
      expect({ projects: counts.created, clients: clients.counts.created }).toEqual({
        projects: readD1(dataDir, "select id from projects").length,
        clients: readD1(dataDir, "select id from clients").length,
      });
      expect(counts.created).toBeGreaterThan(40);
      expect([projects.source_count, projects.destination_count]).toEqual([44, 44]);
      expect(projects.set_aside).toEqual(
        expect.arrayContaining([
          { item_id: expect.any(String), verdict: "quarantined", reason: "title is missing" },
          { item_id: expect.any(String), verdict: "field", reason: "status is no status that is known" },
        ]),
      );
      expect(projects.set_aside_count).toBe(projects.set_aside.length);
      expect(
        clients.set_aside.some(({ verdict, reason }) => verdict === "pending" && /may be/.test(reason ?? "")),
      ).toBe(true);
      // What a person typed stays where it is.
      const typed = NOTION_ODDITIES.flatMap(({ values }) => [values?.["Email"], values?.["Phone"]]).filter(
        (value) => typeof value === "string" && value.length > 5,
      );
      expect(typed.length).toBeGreaterThan(3);
      expect(
        typed.filter((value) => `${JSON.stringify(first.outcome)}${first.stderr}`.includes(String(value))),
      ).toEqual([]);

      const before = tablesOf(dataDir);
      const { code, stdout, stderr } = await runProgram(["sync", "--data-dir", dataDir, ...FEW]);
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toContain("Projects with Notion: succeeded, 0 seen (nothing to do)");
      expect(stdout).toMatch(/quarantined project \S+ {2}title is missing/);
      expect(stdout).toMatch(/field {7}client \S+ {2}email is no proper e-mail address/);
      expect(stdout).toMatch(/Waits for a person.*\n {2}clients: \d+ may be somebody known already/);
      expect(tablesOf(dataDir)).toEqual(before);
      expect(await writesTo(dataDir)).toBe(0);
    },
    2 * RUN_MS,
  );
});

test(
  "an edit by plain SQL arrives in Notion, a new row becomes a page, and what Notion held is kept",
  async () => {
    const dataDir = join(temporaryFolder(), "data");
    await sync(["--data-dir", dataDir, ...FEW]);
    const [project] = readD1(
      dataDir,
      "select record_id as id, page_id as page, title from notion_pages join projects on projects.id = record_id where sync = 'projects' limit 1",
    );
    writeD1(dataDir, "update projects set title = 'By an application' where id = ?", String(project?.["id"]));
    writeD1(dataDir, "insert into projects (id, title, status) values ('made-here', 'Made here', 'active')");
    const second = await sync(["--data-dir", dataDir, "--advance", "1d"]);
    expect(second, second.story).toMatchObject({ code: 0, outcome: { ok: true } });
    const pages = await withWorld(dataDir, (world) => world.pages("projects"));
    const titles = (id: unknown) => pages.find((page) => page.id === id)?.values["Project name"];
    expect(titles(project?.["page"])).toBe("By an application");
    expect(pages.filter(({ values }) => values["Project name"] === "Made here")).toHaveLength(1);
    expect(readD1(dataDir, "select side, value from history where column_name = 'title'")).toEqual([
      { side: "notion", value: JSON.stringify(project?.["title"]) },
    ]);
    const writes = await writesTo(dataDir);
    const third = await sync(["--data-dir", dataDir]);
    expect(third, third.story).toMatchObject({ code: 0, outcome: { ok: true } });
    expect(await writesTo(dataDir), "nothing is written twice").toBe(writes);
  },
  3 * RUN_MS,
);

test(
  "a person decides through syncctl and the API; what cannot be is a sentence",
  async () => {
    const dataDir = join(temporaryFolder(), "data");
    const program = startProgram(["start", "--data-dir", dataDir, "--port", "0", "--json", ...FEW]);
    await waitFor("the first syncs", () => program.stdout().includes("\n") || undefined, { forMs: RUN_MS });
    const ctl = (...args: string[]) => runSyncctl([...args, "--data-dir", dataDir]);

    const { items } = (await askApi<{ items: Review[] }>(dataDir, "/api/reviews")) ?? { items: [] };
    const [review] = items;
    const listed = await ctl("reviews");
    expect(listed).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(review?.candidates[0]?.name ?? "?"),
    });
    expect(await ctl("reviews", "decide", review?.id ?? "", "new")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Decided: it is a record of its own\. The next run of clients/),
    });
    const ran = await ctl("run", "clients", "--watch", "--json");
    expect(JSON.parse(ran.stdout)).toMatchObject({
      off: [],
      runs: [{ sync: "clients", state: "succeeded", result: { counts: { created: 1 } } }],
    });

    expect(await ctl("conflicts")).toMatchObject({ code: 0, stdout: "No conflict is open.\n" });
    const wrong: [args: string[], code: number, stderr: RegExp][] = [
      [["conflicts", "resolve", "nothing", "d1"], EXIT.failed, /^there is no conflict of that id\n$/],
      [["conflicts", "resolve", "x", "both"], EXIT.usage, /notion or d1, not "both"/],
      [["reviews", "decide", "x"], EXIT.usage, /decide needs <id> and <record id or new>/],
      [["reviews", "settle"], EXIT.usage, /there is no "settle" here; there is decide/],
      [["history", "projects", "nobody"], EXIT.failed, /^there is no record of that id among projects\n$/],
      [["history", "meetings", "x"], EXIT.usage, /^sync: projects or clients\n$/],
      [["history", "projects", "nobody", "restore", "x"], EXIT.failed, /^there is no record of that id/],
      [["reviews", "decide", "nothing", "new"], EXIT.failed, /^there is no review of that id\n$/],
      [["alerts", "ack", "nothing"], EXIT.failed, /^there is no alert of that id\n$/],
      [["report", "nothing"], EXIT.failed, /^there is no run "?nothing/],
      [["restore", "nothing"], EXIT.failed, /nothing/],
      [["why", "client", "nobody"], EXIT.failed, /^no client is known as nobody: /],
      [["why", "cleint", "nobody"], EXIT.usage, /'cleint' is invalid.*meeting, project, client/],
      [["run", "everything"], EXIT.usage, /there is no sync "everything"; there are fireflies, clients/],
    ];
    for (const [args, code, stderr] of wrong)
      expect(await ctl(...args), args.join(" ")).toMatchObject({
        code,
        stderr: expect.stringMatching(stderr),
      });

    for (const list of [["runs"], ["conflicts"], ["reviews"], ["webhooks"], ["alerts", "test"]])
      expect(JSON.parse((await ctl(...list, "--json")).stdout), list.join(" ")).toHaveProperty("items");

    const post = async (path: string, body: unknown): Promise<[number, unknown]> => {
      const { url } = JSON.parse(readFileSync(join(dataDir, "runtime.json"), "utf8")) as { url: string };
      const token = readFileSync(join(dataDir, "token"), "utf8").trim();
      const headers = { authorization: `Bearer ${token}` };
      const reply = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return [reply.status, await reply.json()];
    };
    const sentence = { error: expect.stringMatching(/\w+ \w+/) };
    expect(await post("/api/conflicts/x/resolve", { take: "both" })).toEqual([400, sentence]);
    expect(await post("/api/conflicts/x/resolve", { take: "d1" })).toEqual([404, sentence]);
    expect(await post(`/api/reviews/${review?.id}/decide`, {})).toEqual([400, sentence]);
    expect(await post(`/api/reviews/${review?.id}/decide`, { record: "new" })).toEqual([409, sentence]);
    expect(await post("/api/history/x/restore", {})).toEqual([404, sentence]);
  },
  2 * RUN_MS,
);

test(
  "a value that Notion replaced is put back with syncctl",
  async () => {
    const emulator = await startEmulator(FEW);
    const dataDir = join(temporaryFolder(), "data");
    const args = [
      "--data-dir",
      dataDir,
      "--fireflies-url",
      emulator.url,
      "--notion-url",
      emulator.notion.url,
    ];
    const first = await sync(args, { env: { NOTION_MAY_WRITE: "yes" } });
    expect(first, first.story).toMatchObject({ code: 0, outcome: { ok: true } });
    expect(runOf(first, "projects").counts.created).toBeGreaterThan(40);
    const [project] = readD1(
      dataDir,
      "select record_id as id, page_id as page, title from notion_pages join projects on projects.id = record_id where sync = 'projects' limit 1",
    );
    await emulator.notion.control({
      op: "edit",
      page: project?.["page"],
      set: { "Project name": "Renamed" },
    });
    await emulator.control({ op: "advance", by: "1d" });
    const program = startProgram(["start", ...args, "--port", "0", "--json"], {
      env: { NOTION_MAY_WRITE: "yes" },
    });
    await waitFor("the edit", () => program.stdout().includes("\n") || undefined, { forMs: RUN_MS });
    const ctl = (...words: string[]) => runSyncctl([...words, "--data-dir", dataDir, "--json"]);
    const id = String(project?.["id"]);
    const { items } = JSON.parse((await ctl("history", "projects", id)).stdout) as { items: HistoryRow[] };
    const [entry] = items;
    expect(entry).toMatchObject({ column: "title", value: project?.["title"], replacedBy: "Renamed" });
    expect(JSON.parse((await ctl("history", "projects", id, "restore", entry?.id ?? "")).stdout)).toEqual({
      sync: "projects",
      recordId: id,
      changed: true,
    });
    expect(await ctl("run", "projects", "--watch")).toMatchObject({ code: 0 });
    expect(readD1(dataDir, `select title from projects where id = '${id}'`)).toEqual([
      { title: project?.["title"] },
    ]);
    const edits = await emulator.notion.edits();
    expect(edits.at(-1)).toMatchObject({ value: project?.["title"], previous: "Renamed", by: "bot" });
  },
  3 * RUN_MS,
);

test(
  "an emulator run elsewhere is only read until a person approves, and the report says what waits",
  async () => {
    const emulator = await startEmulator(FEW);
    const dataDir = join(temporaryFolder(), "data");
    const args = [
      "--data-dir",
      dataDir,
      "--fireflies-url",
      emulator.url,
      "--notion-url",
      emulator.notion.url,
    ];
    await sync(args);
    writeD1(
      dataDir,
      "update projects set title = 'By an application' where id = (select min(id) from projects)",
    );
    const { code, stdout, stderr } = await runProgram(["sync", ...args]);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(
      /projects: 1 page with something owed waits until a person approves the first plan .*run projects --dry-run/,
    );
    expect((await emulator.notion.log()).filter(({ isWrite }) => isWrite)).toEqual([]);
  },
  2 * RUN_MS,
);

describe("which vendors are on", () => {
  test(
    "a data directory without a Notion world gets one, and its own rows of files",
    async () => {
      const folder = temporaryFolder();
      const dataDir = join(folder, "data");
      const file = join(folder, "projects.jsonl");
      writeFileSync(file, '{"key":"a","Project name":"Alone"}\nbroken\n');
      const { code, outcome, stderr, story } = await sync([
        "--data-dir",
        dataDir,
        ...FEW,
        "--projects",
        file,
      ]);
      expect(code, story).toBe(EXIT.findings);
      expect(outcome.problems).toEqual([expect.stringMatching(/^projects line 2: /)]);
      expect(stderr).toContain(`${file} line 2: `);
      expect(readD1(dataDir, "select title from projects")).toEqual([{ title: "Alone" }]);
      const other = await runProgram(["sync", "--data-dir", dataDir, "--projects-count", "3"]);
      expect(other).toMatchObject({
        code: EXIT.failed,
        stderr: expect.stringContaining("filled from other rows"),
      });
    },
    2 * RUN_MS,
  );

  test("options of emulators are refused beside a real key, and Notion files beside an address", async () => {
    const refused = await runProgram(["sync", "--projects-count", "3"], { env: { NOTION_TOKEN: "ntn_x" } });
    expect(refused).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringMatching(/^error: NOTION_TOKEN is set, .* nothing of --projects-count: /),
    });
    const both = await runProgram(["sync", "--notion-url", "http://127.0.0.1:1", "--clients", "x.jsonl"]);
    expect(both).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("cannot be used with") });
    const nobody = await runProgram(["sync", "--notion-url", "http://127.0.0.1:1"], {
      cwd: temporaryFolder(),
    });
    expect(nobody).toMatchObject({
      code: EXIT.failed,
      stderr: expect.stringMatching(/^Nothing answers at http:\/\/127\.0\.0\.1:1: .* correct --notion-url/),
    });
    expect(await runEmulators(["--projects", "absent.jsonl"])).toMatchObject({ code: EXIT.failed });
  });
});
