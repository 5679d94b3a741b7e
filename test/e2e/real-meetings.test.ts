import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp, RUN_MS, sync, temporaryFolder } from "./program.ts";

/** Folder of real meetings that are no part of this repository; without it these tests have nothing to say. */
const DATA = process.env["MEETINGS_DATA"];
if (DATA === undefined) console.log("SKIPPED real meetings: MEETINGS_DATA is not set");

const MEETINGS = 167;
/** Five pages and one call for the account. */
const CALLS_MAX = 6;

afterEach(cleanUp);

test(
  "real meetings all arrive, within six calls",
  async () => {
    if (DATA === undefined) return;
    const file = join(DATA, "meetings/meetings.jsonl.gz");
    expect(existsSync(file), `${file} exists`).toBe(true);
    const { code, outcome, story } = await sync([
      "--data-dir",
      join(temporaryFolder(), "data"),
      "--meetings",
      file,
    ]);
    expect({ code, ok: outcome.ok }, story).toEqual({ code: 0, ok: true });
    const { proof, runs } = outcome;
    expect(proof.meetings).toMatchObject({
      source: MEETINGS,
      raw: MEETINGS,
      records: MEETINGS,
      unexplained: [],
    });
    expect(proof.meetings.vectors).toBe(proof.meetings.chunks);
    expect(runs[0]?.api_calls).toBeLessThanOrEqual(CALLS_MAX);
    console.log(`${MEETINGS} real meetings: ${runs[0]?.api_calls} calls, ${proof.meetings.chunks} chunks`);
  },
  RUN_MS,
);
