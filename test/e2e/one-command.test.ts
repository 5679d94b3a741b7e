import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OutcomeJson } from "../../src/local/outcome.ts";
import { readEmulatorLog, readEndState, type EndState } from "./end-state.ts";
import { cleanUp, RUN_MS, runProgram, sync, temporaryFolder, type LogEntry, runOf } from "./program.ts";

/** The interface of `--json`: these names are promised to scripts; more may come. */
const RUN_FIELDS = [
  "run_id sync trigger state counts source_count destination_count api_calls retries duration_ms embedded_chunks set_aside set_aside_count checks",
].flatMap((names) => names.split(" "));
const COUNT_FIELDS = "seen created updated unchanged deleted pending quarantined failed".split(" ");
const PROOF_FIELDS =
  "source source_as_of raw records documents chunks vectors pending quarantined unexplained unexplained_count".split(
    " ",
  );

describe("one command on the sample workspace", () => {
  const dataDir = join(temporaryFolder(), "data");
  let first: Awaited<ReturnType<typeof sync>>;
  let stateAfterFirst: EndState;
  let callsOfFirst: number;

  beforeAll(async () => {
    first = await sync(["--data-dir", dataDir]);
    stateAfterFirst = readEndState(dataDir);
    callsOfFirst = listCalls(dataDir);
  }, RUN_MS);
  afterAll(cleanUp);

  test("ends with 0, prints one object in the promised shape, and proves itself", () => {
    expect(first).toMatchObject({ code: 0, outcome: { ok: true, data_dir: dataDir, proof: { ok: true } } });
    const { runs, proof } = first.outcome;
    expect(runs.map((run) => [run.sync, run.trigger, run.state])).toEqual([
      ["fireflies", "manual", "succeeded"],
      ["clients", "manual", "succeeded"],
      ["projects", "manual", "succeeded"],
      ["vectors", "manual", "succeeded"],
      ["verify", "manual", "succeeded"],
    ]);
    for (const run of runs) {
      expect(Object.keys(run)).toEqual(expect.arrayContaining(RUN_FIELDS));
      expect(Object.keys(run.counts)).toEqual(expect.arrayContaining(COUNT_FIELDS));
      expect(run.counts.seen, "law 1").toBe(sumOfVerdicts(run));
      for (const check of run.checks) {
        expect(check).toEqual({
          name: expect.any(String),
          ok: true,
          expected: expect.anything(),
          actual: expect.anything(),
        });
      }
    }
    expect(Object.keys(proof.meetings)).toEqual(expect.arrayContaining(PROOF_FIELDS));
    const { source, raw, records, chunks, vectors, pending, quarantined, unexplained } = proof.meetings;
    expect(unexplained).toEqual([]);
    expect(source).toBe(60);
    expect(raw).toBe(source);
    expect(records + pending + quarantined).toBe(source);
    expect(vectors).toBe(chunks);
    expect(new Date(proof.meetings.source_as_of ?? "").toISOString()).toBe(proof.meetings.source_as_of);
  });

  test("holds in its stores what it proved", () => {
    const { meetings, chunks, revisionKeys, vectorIds, unfinishedRuns, openAlerts } = stateAfterFirst;
    const { proof } = first.outcome;
    expect({ meetings: meetings.length, raw: revisionKeys.length, vectors: vectorIds.length }).toEqual({
      meetings: proof.meetings.records,
      raw: proof.meetings.raw,
      vectors: proof.meetings.vectors,
    });
    expect(chunks.every((chunk) => chunk["state"] === "live")).toBe(true);
    expect({ unfinishedRuns, openAlerts }).toEqual({ unfinishedRuns: 0, openAlerts: [] });
  });

  test(
    "run again at once, makes one list call and changes nothing",
    async () => {
      const filesBefore = stateFiles(dataDir);
      expect(filesBefore.filter((name) => name.startsWith("r2/")).length).toBeGreaterThan(60);
      const again = await sync(["--data-dir", dataDir]);
      expect(again).toMatchObject({ code: 0, outcome: { ok: true } });
      const [fireflies, vectors] = [runOf(again, "fireflies"), runOf(again, "vectors")];
      const before = first.outcome.runs[0]?.counts;
      expect(fireflies.counts).toMatchObject({ created: 0, updated: 0, deleted: 0, failed: 0 });
      expect(fireflies.counts).toMatchObject({ pending: before?.pending, quarantined: before?.quarantined });
      expect(vectors).toMatchObject({ embedded_chunks: 0, counts: { seen: 0 } });
      expect(again.outcome.proof.meetings).toEqual({
        ...first.outcome.proof.meetings,
        source_as_of: expect.any(String),
      });
      expect(listCalls(dataDir) - callsOfFirst).toBe(1);
      expect(readEndState(dataDir)).toEqual(stateAfterFirst);
      expect(stateFiles(dataDir), "a run leaves no file behind").toEqual(filesBefore);
    },
    RUN_MS,
  );

  test(
    "tells people the same without --json, and writes nothing but the report to stdout",
    async () => {
      const { code, stdout, stderr } = await runProgram(["sync", "--data-dir", dataDir]);
      expect(code).toBe(0);
      expect(stdout).toContain("Meetings from Fireflies: succeeded");
      expect(stdout).toMatch(/source 60 = records \d+ \+ pending \d+ \+ quarantined \d+; raw revisions 60/);
      expect(stderr).not.toMatch(/error|warn/i);
    },
    RUN_MS,
  );
});

function sumOfVerdicts({ counts }: OutcomeJson["runs"][number]): number {
  const { seen: _, ...verdicts } = counts;
  return Object.values(verdicts).reduce((sum, items) => sum + items, 0);
}

/** Files of the stores; SQLite's own beside a database come and go. */
function stateFiles(dataDir: string): string[] {
  const names = readdirSync(join(dataDir, "state"), { recursive: true, encoding: "utf8" });
  return names.filter((name) => !/-(?:wal|shm)$/.test(name)).toSorted();
}

function listCalls(dataDir: string): number {
  const log = readEmulatorLog<LogEntry>(join(dataDir, "fireflies-emulator"));
  return log.filter((entry) => entry.fields.includes("transcripts")).length;
}
