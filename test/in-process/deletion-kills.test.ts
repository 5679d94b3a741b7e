import { describe, expect, it } from "vitest";
import { runDying } from "./dying-run.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";

const COUNT = 6;

type Space = Awaited<ReturnType<typeof aFirefliesWorkspace>>;

/** A workspace in which one meeting was absent once, a day ago. */
async function absentOnce(): Promise<Space> {
  const meetings = Array.from({ length: COUNT }, (_, n) => aSourceMeeting(`m${n}`, n + 1));
  const space = await aFirefliesWorkspace(meetings);
  await space.sync();
  await space.vectors();
  space.fireflies.control({ op: "delete", id: "m3" });
  await space.after(1);
  space.world.advance(25 * 3_600_000);
  return space;
}

async function endOf(space: Space) {
  const [last] = await space.rows(
    "select state, source_count, destination_count from runs where sync = 'fireflies' order by queued_ms desc, id desc limit 1",
  );
  return {
    last,
    records: await space.records(),
    sighting: await space.rows("select state from sightings where source_id = 'm3'"),
    deletions: await space.rows(
      "select source_id, decided_by, json_array_length(pages) as pages from deletions",
    ),
    absences: await space.rows("select * from absences"),
    chunks: await space.rows("select state, doomed from chunks where document_id = 'm3'"),
    verdicts: await space.rows("select item_id from run_items where verdict = 'deleted'"),
    vectors: (await space.ports.index.describe()).vectorCount,
  };
}

describe("a verdict", () => {
  it.each(["before", "after"] as const)(
    "is the same wherever the program dies %s a call of the database, and is made once",
    { timeout: 120_000 },
    async (when) => {
      const peaceful = await absentOnce();
      await runDying(peaceful, "fireflies", null);
      await runDying(peaceful, "vectors", null);
      const expected = await endOf(peaceful);
      expect(expected).toMatchObject({
        last: { state: "succeeded", source_count: COUNT - 1, destination_count: COUNT - 1 },
        deletions: [{ source_id: "m3", decided_by: "evidence", pages: 2 }],
        chunks: [{ state: "gone", doomed: 0 }],
        verdicts: [{ item_id: "m3" }],
      });
      for (let atCall = 1; ; atCall += 1) {
        const space = await absentOnce();
        const died = [
          await runDying(space, "fireflies", { atCall, when }),
          await runDying(space, "vectors", { atCall, when }),
        ];
        expect(await endOf(space), `killed ${when} call ${atCall}`).toEqual(expected);
        if (!died.includes(true)) break;
      }
    },
  );
});
