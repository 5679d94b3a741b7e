import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { cleanUp, RUN_MS, sync, temporaryFolder } from "./program.ts";
import { lateInTheDay, shortMeetings, writeMeetings } from "./worlds.ts";

const EXIT_FINDINGS = 1;

afterEach(cleanUp);

test(
  "a parked run excuses what it did not reach, and nothing that is lost",
  async () => {
    const folder = temporaryFolder();
    const file = writeMeetings(join(folder, "meetings.jsonl"), shortMeetings(300));
    const dataDir = join(folder, "data");
    const args = ["--data-dir", dataDir, "--meetings", file, "--quota-per-day", "7"];
    const first = await sync([...args, ...lateInTheDay()]);
    expect(first, first.story).toMatchObject({
      code: 0,
      outcome: {
        ok: true,
        proof: { ok: false },
        runs: [{ state: "parked" }, {}, {}, { state: "succeeded" }, {}],
      },
    });
    expect(first.outcome.proof.meetings.unexplained_count).toBeGreaterThanOrEqual(50);

    loseRawObjects(dataDir);
    const second = await sync(args);
    expect(second, second.story).toMatchObject({
      code: EXIT_FINDINGS,
      outcome: {
        ok: false,
        proof: { ok: false, meetings: { raw: 0 } },
      },
    });
    expect(second.outcome.runs[0]?.state).toBe("parked");
  },
  2 * RUN_MS,
);

test(
  "a budget stays with the data directory until none lifts it",
  async () => {
    const folder = temporaryFolder();
    const file = writeMeetings(join(folder, "meetings.jsonl"), shortMeetings(200));
    const args = ["--data-dir", join(folder, "data"), "--meetings", file];
    const first = await sync([...args, "--quota-per-day", "3", ...lateInTheDay()]);
    expect(first.outcome.runs[0]?.state, first.story).toBe("parked");
    const nextDay = await sync([...args, "--advance", "24h"]);
    expect(nextDay.outcome.runs[0]?.state, nextDay.story).toBe("parked");
    const lifted = await sync([...args, "--advance", "24h", "--quota-per-day", "none"]);
    expect(lifted, lifted.story).toMatchObject({
      code: 0,
      outcome: { ok: true, proof: { ok: true, meetings: { source: 200 } } },
    });
  },
  2 * RUN_MS,
);

function loseRawObjects(dataDir: string): void {
  for (const file of globSync(join(dataDir, "state/r2/miniflare-R2BucketObject/*.sqlite"))) {
    if (file.endsWith("/metadata.sqlite")) continue;
    const database = new DatabaseSync(file);
    database.exec("delete from _mf_objects where key like 'fireflies-transcripts/%'");
    database.close();
  }
}
