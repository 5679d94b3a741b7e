import { describe, expect, it } from "vitest";
import { composed } from "../../test/in-process/embeddings.ts";
import {
  aListedMeeting,
  aWorkspace,
  freshSteps,
  runSync,
  type Workspace,
} from "../../test/in-process/workspace.ts";
import { SUBREQUESTS_MAX } from "../core/limits.ts";
import { RUN_ITEMS_MAX } from "../core/policy.ts";
import { EVERYTHING, type RebuildName } from "../core/rebuild.ts";
import { askForRebuild } from "../engine/rebuilding.ts";
import { executeRun } from "../engine/run.ts";
import { startRun } from "../engine/tick.ts";
import type { SyncName } from "../ports/run-store.ts";
import { PIPELINES } from "./index.ts";

const SAID =
  "The crane moves to the north side before the pour, and the permit for the scaffold is renewed by Friday noon. ";

/** An instance may make 10,000 subrequests; a run stays below four fifths of that even when it takes all it may. */
describe("subrequests of a run", () => {
  it(
    "of both syncs stay below 80 % of the cap with as many long meetings as a run takes",
    { timeout: 120_000 },
    async () => {
      const space = await aWorkspace();
      space.source.meetings = Array.from({ length: RUN_ITEMS_MAX + 50 }, (_, n) =>
        aListedMeeting(`m${n}`, {
          dateString: new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString(),
          sentences: Array.from({ length: 60 }, (_unused, line) => ({
            speaker_name: "Maya",
            text: `${n}-${line} ${SAID}`,
          })),
        }),
      );
      for (const sync of ["fireflies", "vectors"] as const satisfies SyncName[]) {
        const before = total(space.calls, space.source.calls);
        const { run } = await startRun(space.ports, space.engine, {
          sync,
          trigger: "manual",
          priority: "normal",
        });
        const { steps } = await aWorkspace();
        await executeRun(
          space.ports,
          { do: steps.do, sleepUntil: space.steps.sleepUntil },
          run.id,
          PIPELINES,
        );
        const ended = await space.ports.runs.run(run.id);
        expect(ended?.result?.counts.seen).toBeGreaterThanOrEqual(RUN_ITEMS_MAX);
        expect(ended?.continues).toBe(true);
        expect(total(space.calls, space.source.calls) - before).toBeLessThan(SUBREQUESTS_MAX * 0.8);
      }
      await runSync(space, "fireflies");
      await runSync(space, "vectors");
      // Another model last: its runs build, go live and empty the old index.
      for (const [what, embeddings, runsMin] of [
        ["records", null, 2],
        ["chunks", null, 2],
        ["vectors", null, 2],
        ["vectors", "lexical#64", 2],
      ] as const) {
        const costs = await costsOfRebuild(space, what, embeddings);
        expect(costs.length).toBeGreaterThanOrEqual(runsMin);
        expect(Math.max(...costs), `rebuild ${what}`).toBeLessThan(SUBREQUESTS_MAX * 0.8);
      }
    },
  );
});

/** Subrequests of each run that a rebuild takes. */
async function costsOfRebuild(
  space: Workspace,
  what: RebuildName,
  embeddings: string | null,
): Promise<number[]> {
  const costs: number[] = [];
  const wish = { what, scope: EVERYTHING, priority: "normal" } as const;
  do {
    const answer = await askForRebuild(await composed(space, embeddings), space.engine, wish);
    if ("refused" in answer) throw new Error(answer.refused);
    const before = total(space.calls, space.source.calls);
    await executeRun(await composed(space, embeddings), freshSteps(space.world), answer.run.id, PIPELINES);
    costs.push(total(space.calls, space.source.calls) - before);
  } while ((await space.ports.rebuilds.open()) !== null);
  return costs;
}

function total(calls: Readonly<Record<string, number>>, sourceCalls: readonly string[]): number {
  return Object.values(calls).reduce((sum, count) => sum + count, sourceCalls.length);
}
