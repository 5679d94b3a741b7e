import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { DeletionsNow } from "../../src/engine/deletion-decisions.ts";
import type { SearchReply } from "../../src/queries/search.ts";
import { readD1 } from "./end-state.ts";
import {
  askApi,
  cleanUp,
  type Ended,
  RUN_MS,
  runSyncctl,
  startEmulator,
  startProgram,
  temporaryFolder,
  untilServing,
  waitFor,
} from "./program.ts";

afterEach(cleanUp);

const MEETINGS = 40;
/** More than go without a person's word. */
const GONE = 12;

test(
  "meetings that vanish in numbers wait for a person, go with her word, and one of them comes back with another",
  async () => {
    const emulator = await startEmulator(["--meetings-count", String(MEETINGS)]);
    const dataDir = join(temporaryFolder(), "data");
    const vendors = ["--fireflies-url", emulator.url, "--notion-url", emulator.notion.url];
    const program = startProgram(["start", "--data-dir", dataDir, "--port", "0", ...vendors]);
    await untilServing(program);
    const ctl = (...words: string[]): Promise<Ended> => runSyncctl([...words, "--data-dir", dataDir]);
    const listing = async (by: string): Promise<void> => {
      await emulator.control({ op: "advance", by });
      expect(await ctl("run", "fireflies", "--watch")).toMatchObject({ stderr: expect.any(String) });
    };
    const now = async (): Promise<DeletionsNow> => JSON.parse((await ctl("deletions", "--json")).stdout);
    const known = readD1(dataDir, `select id, title from meetings order by date desc limit ${GONE} offset 3`);
    /** How many of them search and lists have lost. */
    const gone = (): number => {
      const ids = known.map(({ id }) => `'${String(id)}'`).join(", ");
      const sql = `select count(*) as n from meetings where deleted_ms is not null and id in (${ids})`;
      return Number(readD1(dataDir, sql)[0]?.["n"]);
    };
    for (const { id } of known) await emulator.control({ op: "delete", id: String(id) });
    await listing("1h");
    expect(await now()).toMatchObject({ missingCount: GONE, evidence: null, deletions: [] });
    await listing("25h");

    const held = await now();
    expect(held).toMatchObject({ missingCount: GONE, waiting: GONE, evidence: expect.any(String) });
    expect(gone()).toBe(0);
    const evidence = held.evidence ?? "";
    expect((await ctl("deletions")).stdout).toContain(`approve-deletions ${evidence}`);
    expect((await ctl("status")).stdout).toContain("deletions_held");
    expect(await ctl("approve-deletions", "of-another-day")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^evidence: it has 16 hexadecimal digits/),
    });
    expect(await ctl("approve-deletions", "0123456789abcdef")).toMatchObject({ code: 3, stdout: "" });
    const approved = await ctl("approve-deletions", evidence);
    expect(approved, approved.stderr).toMatchObject({ code: 0 });
    await waitFor("the approved meetings to go", () => gone() === GONE || undefined);
    expect(await now()).toMatchObject({ missingCount: 0, evidence: null });
    await ctl("run", "all", "--watch");
    expect((await ctl("status")).stdout).not.toContain("deletions_held");

    const id = String(known[0]?.["id"]);
    const found = async (): Promise<boolean> => {
      const reply = await askApi<SearchReply>(
        dataDir,
        `/api/search?q=${encodeURIComponent(String(known[0]?.["title"]))}`,
      );
      return reply?.items.some(({ meeting }) => meeting.id === id) ?? false;
    };
    expect(await found()).toBe(false);
    expect(await ctl("restore", id)).toMatchObject({ code: 0, stdout: expect.stringContaining("is back") });
    expect(gone()).toBe(GONE - 1);
    await waitFor("the restored meeting to be found", async () => (await found()) || undefined);
    expect(await ctl("restore", "no-such-meeting")).toMatchObject({ code: 3, stdout: "" });
    expect((await ctl("why", "meeting", id)).stdout).toMatch(/restored/);
  },
  2 * RUN_MS,
);
