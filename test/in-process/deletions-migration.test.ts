import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createD1 } from "../../emulators/d1/d1-database.ts";
import { createRecordStore } from "../../src/adapters/d1/record-store.ts";
import { LIST_START } from "../../src/core/reconcile.ts";

const MIGRATIONS = join(import.meta.dirname, "../../migrations");
const OWN = "0012_deletions.sql";
const ASKED = {
  keyName: "k",
  overlapMs: 1,
  failedBeforeMs: 0,
  retriesMax: 1,
  largeMax: 1,
  absentBeforeMs: 0,
};

describe("a database from before deletions", () => {
  it("keeps its sightings, its enumerations, and the place of a listing that is under way", async () => {
    const d1 = createD1();
    const files = readdirSync(MIGRATIONS).toSorted();
    for (const file of files.filter((name) => name < OWN))
      await d1.prepare(readFileSync(join(MIGRATIONS, file), "utf8")).run();
    const cursor = { ...LIST_START, skip: 94 };
    const discovery = {
      id: "d1",
      kind: "backfill",
      floorMs: null,
      ceilingMs: 5,
      startedMs: 4,
      completedMs: null,
    };
    await d1.batch([
      d1.prepare(
        "insert into discoveries (id, sync, kind, ceiling_ms, started_ms) values ('d1', 'fireflies', 'backfill', 5, 4)",
      ),
      d1.prepare(
        `insert into sightings (source_id, date_string, discovery_id, state, content_hash, revision_key, stored_bytes, first_seen_ms,
           last_seen_ms, observed_ms, wire_hash, large_bytes) values ('m', '2026-05-06T10:02:41.000Z', 'd1', 'live', 'h', 'k', 1, 2, 3, 4, 'w', 5)`,
      ),
      d1
        .prepare("insert into checkpoints (lane, run_id, state, at_ms) values ('fireflies', 'r', ?1, 77)")
        .bind(JSON.stringify({ discovery, cursor, rows: 12 })),
      d1.prepare(
        "insert into checkpoints (lane, run_id, state, at_ms) values ('vectors', 'r', '{\"last\":null}', 1)",
      ),
    ]);
    await d1.prepare(readFileSync(join(MIGRATIONS, OWN), "utf8")).run();
    const records = createRecordStore(d1);
    const { standing } = await records.listingState(ASKED);
    expect(standing).toEqual({
      listings: {
        backfill: { discovery, cursor, rows: 12, atMs: 77, sinceMs: null, above: 0, cycleMs: null },
      },
      cycle: null,
    });
    expect((await records.known(["m"])).get("m")).toMatchObject({
      state: "live",
      wireHash: "w",
      largeBytes: 5,
    });
    expect((await d1.prepare("select state from checkpoints where lane = 'vectors'").all()).results).toEqual([
      { state: '{"last":null}' },
    ]);
  });
});
