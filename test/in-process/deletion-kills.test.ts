import { describe, expect, it } from "vitest";
import { executeRun } from "../../src/engine/run.ts";
import { startRun } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { SyncName } from "../../src/ports/run-store.ts";
import type { Steps } from "../../src/ports/steps.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";
import { freshSteps } from "./workspace.ts";

const COUNT = 6;
const REVIVALS_MAX = 3;

type Space = Awaited<ReturnType<typeof aFirefliesWorkspace>>;
type Death = { readonly atCall: number; readonly when: "before" | "after" };

/** The program ended. */
class Killed extends Error {}

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

/**
 * A run whose process dies at a call of the database, before it takes effect or with its reply; it comes back to life with
 * what its steps remembered. @returns whether it died
 */
async function runDying(space: Space, sync: SyncName, death: Death | null): Promise<boolean> {
  let calls = 0;
  let isDead = false;
  const hook = (when: Death["when"]) => (): void => {
    if (when === "before") calls += 1;
    if (death !== null && death.when === when && calls === death.atCall) isDead = true;
    if (isDead) throw new Killed();
  };
  const asked = { sync, trigger: "manual", priority: "normal" } as const;
  const { run } = await startRun(space.ports, space.engine, asked);
  let steps = freshSteps(space.world);
  // Whoever is dead remembers nothing.
  const dying = (): Steps => ({
    ...steps,
    do: (name, work) =>
      steps.do(name, async (tries) => {
        const value = await work(tries);
        if (isDead) throw new Killed();
        return value;
      }),
  });
  space.d1.setHooks({ beforeCall: hook("before"), afterCall: hook("after") });
  let died = false;
  for (let lives = 0; lives < REVIVALS_MAX; lives += 1) {
    try {
      await executeRun(space.ports, dying(), run.id, PIPELINES);
      break;
    } catch (error) {
      if (!isDead) throw error;
      died = true;
      isDead = false;
      space.d1.setHooks({});
      await space.ports.runs.raiseEpoch(run.id);
      steps = steps.copy();
    }
  }
  space.d1.setHooks({});
  return died;
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
