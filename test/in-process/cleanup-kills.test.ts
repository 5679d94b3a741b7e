import { expect, it, vi } from "vitest";
import { aPast, cleanUp, DAY_MS, figuresKept, type Space } from "./cleanup.ts";
import { runDying } from "./dying-run.ts";
import { expectSums } from "./laws.ts";

vi.mock(import("../../src/core/policy.ts"), async (original) => ({
  ...(await original()),
  // Small parts, so that there are many places to die at.
  CLEANUP_ROWS_PER_BATCH: 9 as never,
  CLEANUP_OBJECTS_PER_STEP: 2 as never,
}));

const STRAYS = 5;

/** A past of logs, and objects of the raw store that a complete proof named long ago and that are to be deleted. */
async function aMess(): Promise<Space> {
  const space = await aPast(33, 2);
  const longAgo = space.world.nowMs() - 300 * DAY_MS;
  for (let n = 0; n < STRAYS; n += 1) {
    const key = `fireflies-transcripts/gone/${n}.json.gz`;
    await space.r2.put(key, "bytes");
    await space.d1
      .prepare(
        `insert into earlier_objects (key, folder, size_bytes, uploaded_ms, proof_id, named_ms, doomed_ms)
         values (?1, 'fireflies-transcripts/gone/', 5, 1, 'p', ?2, ?2)`,
      )
      .bind(key, longAgo)
      .run();
  }
  return space;
}

async function endOf(space: Space) {
  const ids = async (table: string): Promise<unknown[]> =>
    (await space.rows(`select id from ${table} where id like '01OLD%' order by id`)).map(({ id }) => id);
  const done = await space.rows<{ what: string; n: number }>(
    `select item_id || ' ' || verdict as what, sum(items) as n from run_items join runs on runs.id = run_id
     where sync = 'cleanup' and verdict <> 'unchanged' group by 1 order by 1`,
  );
  return {
    figures: await figuresKept(space),
    days: (await space.rows("select day from rolled_days order by day")).length,
    runs: await ids("runs"),
    attempts: await ids("attempts"),
    discoveries: await ids("discoveries"),
    alerts: await ids("alerts"),
    pushes: await ids("pushes"),
    left: await space.rows("select * from earlier_objects"),
    objects: space.r2.keys().length,
    done: done.map(({ what, n }) => `${what} ${n}`),
  };
}

it.each(["before", "after"] as const)(
  "comes to the same figures and the same rows wherever the program dies %s a call, and counts each of them once",
  { timeout: 240_000 },
  async (when) => {
    const peaceful = await aMess();
    await runDying(peaceful, "cleanup", null);
    const expected = await endOf(peaceful);
    expect(expected.days).toBeGreaterThan(30);
    expect(expected.left).toEqual([]);
    expect(expected.done).toContainEqual(`objects deleted ${STRAYS}`);
    expect(expected.done.find((line) => line.startsWith("attempts deleted"))).toBeDefined();
    let deaths = 0;
    for (let atCall = 1; ; atCall += 1) {
      const space = await aMess();
      const died = await runDying(space, "cleanup", { atCall, when });
      await cleanUp(space);
      expect(await endOf(space), `killed ${when} call ${atCall}`).toEqual(expected);
      await expectSums({
        runs: {
          ...space.ports.runs,
          runs: async (limit) => ({
            items: (await space.ports.runs.runs(limit)).items.filter(({ sync }) => sync === "cleanup"),
            cursor: null,
          }),
        },
      });
      if (!died) break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(30);
  },
);
