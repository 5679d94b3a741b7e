import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SearchReply } from "../../src/queries/search.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  runSyncctl,
  startProgram,
  temporaryFolder,
  untilServing,
  type Ended,
} from "./program.ts";

const QUESTION = "who should pay for the permit";

describe("search over what npm start serves", () => {
  const dataDir = join(temporaryFolder(), "data");
  const search = (...args: string[]): Promise<Ended> =>
    runSyncctl(["search", ...args, "--data-dir", dataDir]);

  beforeAll(async () => {
    const program = startProgram(["start", "--data-dir", dataDir, "--port", "0"]);
    await untilServing(program);
  }, RUN_MS);
  afterAll(cleanUp);

  test("prints passages with meeting, day, speaker, time and link", async () => {
    const { code, stdout, stderr } = await search(QUESTION);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [heading, ...lines] = stdout.split("\n\n")[0]?.split("\n") ?? [];
    expect(heading).toMatch(/^.+ \(\d{4}-\d{2}-\d{2}\), .+ at (\d+:)?\d{1,2}:\d{2}$/);
    expect(lines.at(-1)).toMatch(/^ {4}https:\/\/app\.fireflies\.ai\/view\/.+\?t=\d+$/);
    expect(lines.slice(0, -1).join(" ")).toMatch(/permit|pay/i);
  });

  test("prints with --json what the API answers, and goes on from page to page", async () => {
    const { code, stdout } = await search(QUESTION, "--json", "--limit", "3");
    expect(code).toBe(0);
    const page = JSON.parse(stdout) as SearchReply;
    const api = await askApi<SearchReply>(dataDir, `/api/search?q=${encodeURIComponent(QUESTION)}&limit=3`);
    expect(page).toEqual(api);
    expect(page.items).toHaveLength(3);
    const next = JSON.parse(
      (await search(QUESTION, "--json", "--limit", "3", "--cursor", page.cursor ?? "")).stdout,
    ) as SearchReply;
    const shown = [...page.items, ...next.items].map(({ chunk }) => chunk);
    expect(new Set(shown).size).toBe(6);
  });

  test("narrows by speaker and days, and shows what was said around a passage", async () => {
    const all = JSON.parse((await search("permit", "--json", "--limit", "50")).stdout) as SearchReply;
    const day = all.items[0]?.meeting.dateTime.slice(0, 10) ?? "";
    const narrowed = JSON.parse(
      (await search("permit", "--json", "--from", day, "--to", day)).stdout,
    ) as SearchReply;
    expect(narrowed.items.length).toBeGreaterThan(0);
    expect(new Set(narrowed.items.map(({ meeting }) => meeting.dateTime.slice(0, 10)))).toEqual(
      new Set([day]),
    );
    const around = JSON.parse(
      (await search("crane", "--json", "--limit", "50", "--context")).stdout,
    ) as SearchReply;
    expect(around.items.some(({ before, after }) => before !== null || after !== null)).toBe(true);
    const { stdout } = await search("permit", "--speaker", "Maya", "--limit", "1");
    expect(stdout).toContain("Maya");
  });

  test.each([
    [[" "], "q is empty: write what to look for"],
    [["permit", "--limit", "0"], "limit must be a whole number from 1 to 50"],
    [["permit", "--limit", "1000000000"], "limit must be a whole number from 1 to 50"],
    [["permit", "--from", "May"], "from must be a day such as 2026-05-31"],
    [["permit", "--cursor", "0123456789abcdef-10"], "the cursor does not belong to this search"],
    [["x".repeat(10_000)], "q has 10000 characters; write at most 1000"],
    [["permit", "--speakr", "Maya"], "unknown option '--speakr'"],
    [[], "missing required argument 'text'"],
  ])("says in one sentence what is wrong with %j, and exits with 2", async (args, sentence) => {
    const { code, stdout, stderr } = await search(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
  });

  test("takes operators, quotes and other scripts for what they are: text", async () => {
    for (const text of [
      'permit" OR NEAR(',
      "a AND *",
      "{text}: x",
      "עברית",
      "日本語",
      "'; drop table chunks; --",
      "😀",
    ]) {
      const { code, stdout } = await search(text, "--json");
      expect({ text, code }).toEqual({ text, code: 0 });
      expect(Array.isArray((JSON.parse(stdout) as SearchReply).items)).toBe(true);
    }
  });

  test("needs a running program, and the token", async () => {
    const nowhere = await runSyncctl(["search", "permit", "--data-dir", join(temporaryFolder(), "none")]);
    expect(nowhere).toMatchObject({ code: 3, stdout: "" });
    expect(nowhere.stderr).toContain("npm start");
    const status = await askApi<{ nowMs: number }>(dataDir, "/api/status");
    expect(status?.nowMs).toBeGreaterThan(0);
  });
});
