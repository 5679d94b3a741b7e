import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NotionLogEntry } from "../../emulators/notion/log-entry.ts";
import { readD1, readEmulatorLog, readEndState, type EndState } from "./end-state.ts";
import { cleanUp, RUN_MS, sync, temporaryFolder, type LogEntry, type Synced } from "./program.ts";
import { lateInTheDay, shortMeetings, writeMeetings } from "./worlds.ts";

const MEETINGS = 300;
/** More worlds of faults, for whoever wants to be surer: E2E_FAULT_SEEDS=7,11,13. */
const SEEDS = (process.env["E2E_FAULT_SEEDS"] ?? "11").split(",").map(Number);
/** Every fault of the emulator; `slow` adds nothing but time. */
const FAULTS = "seed=7,rate=0.2,kinds=429+500+504+html+cut+partial+errors200+reset";

describe("a world in which much goes wrong", () => {
  const folder = temporaryFolder();
  const file = writeMeetings(join(folder, "meetings.jsonl"), shortMeetings(MEETINGS));
  let calm: EndState;

  beforeAll(async () => {
    const undisturbed = await sync(["--data-dir", join(folder, "calm"), "--meetings", file]);
    expect(undisturbed, undisturbed.story).toMatchObject({ code: 0, outcome: { ok: true } });
    calm = readEndState(join(folder, "calm"));
  }, RUN_MS);
  afterAll(cleanUp);

  test.each(SEEDS)(
    "ends in the same state with a fifth of the calls failing, and every attempt stands in the ledger (seed %i)",
    async (seed) => {
      const dataDir = join(folder, `faults ${seed}`);
      const faults = FAULTS.replace("seed=7", `seed=${seed}`);
      const faulty = await sync([
        "--data-dir",
        dataDir,
        "--meetings",
        file,
        "--speed",
        "600",
        "--faults",
        faults,
      ]);
      expect(faulty, faulty.story).toMatchObject({ code: 0, outcome: { ok: true, proof: { ok: true } } });
      const log = emulatorLog(dataDir);
      expect(log.filter((entry) => entry.fault !== null).length, "faults that struck").toBeGreaterThan(0);
      expect(log.filter((entry) => entry.early)).toEqual([]);
      const notionLog = readEmulatorLog<NotionLogEntry>(join(dataDir, "notion-emulator"));
      expect(notionLog.filter((entry) => entry.fault !== null).length, "at Notion too").toBeGreaterThan(0);
      expect(notionLog.filter((entry) => entry.early)).toEqual([]);
      const attempts = readD1(
        dataDir,
        "select outcome, operation from attempts where is_call = 1 and party = 'fireflies' order by id",
      );
      expect(attempts.map((row) => row["operation"])).toEqual(
        log.map((entry) => (entry.fields.includes("user") ? "account" : "list")),
      );
      expect(attempts.map((row) => row["outcome"] === "ok")).toEqual(log.map(isFine));
      expect(faulty.outcome.runs[0]?.api_calls).toBe(log.length);
      // A retried call is no alarm, more than three errors in five minutes are.
      const { openAlerts, ...state } = readEndState(dataDir);
      expect(openAlerts.filter((kind) => kind !== "api_errors")).toEqual([]);
      expect({ ...state, openAlerts: [] }).toEqual(calm);
    },
    RUN_MS,
  );

  test(
    "with three calls a day parks until the day is over, makes no call before, and goes on where it stopped",
    async () => {
      const dataDir = join(folder, "quota");
      const first = await sync([
        "--data-dir",
        dataDir,
        "--meetings",
        file,
        "--quota-per-day",
        "3",
        ...lateInTheDay(),
      ]);
      expectParked(first);
      const callsBefore = emulatorLog(dataDir).length;
      // The third is kept for a look by the clock.
      expect(callsBefore).toBe(2);

      const early = await sync(["--data-dir", dataDir]);
      expectParked(early);
      expect(early.outcome.runs[0]?.api_calls, "the look that was kept").toBe(1);
      const none = await sync(["--data-dir", dataDir]);
      expectParked(none);
      expect(none.outcome.runs[0]?.api_calls).toBe(0);
      expect(emulatorLog(dataDir).length).toBe(callsBefore + 1);

      let days = 0;
      let last = early;
      while (last.outcome.runs[0]?.state === "parked" && days < 12) {
        last = await sync(["--data-dir", dataDir, "--advance", "24h"]);
        days += 1;
      }
      expect(last, last.story).toMatchObject({ code: 0, outcome: { ok: true, proof: { ok: true } } });
      const log = emulatorLog(dataDir);
      const skips = log
        .filter((entry) => entry.fields.includes("transcripts"))
        .map((entry) => entry.variables.skip ?? 0);
      expect(skips.length).toBeGreaterThan(3);
      // Each run looks at the newest first.
      const pages = skips.filter((skip, n) => n === 0 || skip > 0);
      expect(pages, "each page once, in order").toEqual([...new Set(pages)].toSorted((a, b) => a - b));
      expect(log.filter((entry) => entry.early || entry.status !== 200)).toEqual([]);
      expect(readEndState(dataDir)).toEqual(calm);
    },
    2 * RUN_MS,
  );
});

function expectParked({ code, outcome, story }: Synced): void {
  expect({ code, ok: outcome.ok, state: outcome.runs[0]?.state }, story).toEqual({
    code: 0,
    ok: true,
    state: "parked",
  });
  expect(outcome.runs[0]?.not_before).toMatch(/^\d{4}-\d{2}-\d{2}T00:00:/);
}

function isFine(entry: LogEntry): boolean {
  return entry.status === 200 && (entry.fault === null || entry.fault === "slow");
}

function emulatorLog(dataDir: string): LogEntry[] {
  return readEmulatorLog<LogEntry>(join(dataDir, "fireflies-emulator"));
}
