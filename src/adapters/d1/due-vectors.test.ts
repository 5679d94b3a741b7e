import { describe, expect, it } from "vitest";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { startRun } from "../../engine/tick.ts";
import { deadDueAt } from "./due-vectors.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

describe("ids of vectors that were given up", () => {
  it("cost a beat of the clock nothing once they have been looked for the last time", async () => {
    const { d1 } = await aWorkspace();
    const { results } = await d1
      .prepare(`explain query plan select ${deadDueAt("?1")}`)
      .bind(0)
      .all<{ detail: string }>();
    expect(results.map(({ detail }) => detail)).toContainEqual(
      expect.stringMatching(/chunks USING INDEX chunks_dead/),
    );
  });

  it("are deleted at once and looked for anew, hours and a day later, when an index shows them again", async () => {
    const { d1, engine, ports, world } = await aWorkspace();
    const { run } = await startRun(ports, engine, {
      sync: "vectors",
      trigger: "schedule",
      priority: "normal",
    });
    const term = { startedMs: world.nowMs(), realNowMs: world.realNowMs(), termMs: 3 * DAY_MS };
    const lease = await ports.runs.acquireLease(run, term);
    if (lease === null) throw new Error("the lane is taken");
    const { fence } = lease;
    await d1
      .prepare(
        `insert into chunks (id, document_id, text, text_hash, repetition, generation, model, metadata, position, first_sentence,
           last_sentence, speakers, tokens, state, planned_ms, dead_ms, rechecks)
         values ('c', 'm', null, 'h', 0, 1, 'x', '{}', 0, 0, 0, '[]', 1, 'gone', 0, ?1, 2)`,
      )
      .bind(world.nowMs() - 10 * DAY_MS)
      .run();
    const { records } = ports;
    const risenMs = world.nowMs();
    const looks: number[] = [];
    await records.markRisen(fence, ["c"], risenMs);
    expect((await records.deadDue(world.nowMs(), 10)).items).toHaveLength(1);
    await records.markGone(fence, ["c"]);
    for (; world.nowMs() < risenMs + 2 * DAY_MS; world.advance(10 * MINUTE_MS)) {
      const { items } = await records.deadDue(world.nowMs(), 10);
      await records.markRechecked(fence, items);
      if (items.length > 0) looks.push((world.nowMs() - risenMs) / MINUTE_MS);
    }
    expect(looks).toEqual([50, 24 * 60 - 10]);
  });
});
