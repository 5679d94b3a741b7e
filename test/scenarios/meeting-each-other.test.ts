import { describe, expect, it } from "vitest";
import { firefliesEvent } from "../../src/core/webhooks/fireflies-event.ts";
import { executeRun } from "../../src/engine/run.ts";
import { startRun, tick } from "../../src/engine/tick.ts";
import { receiveMeeting } from "../../src/engine/webhook-intake.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Run } from "../../src/ports/run-store.ts";
import { expectProof, expectSums, found } from "../in-process/laws.ts";
import { freshSteps } from "../in-process/workspace.ts";
import { aFirefliesWorkspace, aSourceMeeting, type FirefliesWorkspace } from "./meetings-workspace.ts";

const HOUR_MS = 3_600_000;
const BEATS_MAX = 40;

/** One beat of the clock, and whatever it has started carried to its end. */
async function beat({ ports, engine, world }: FirefliesWorkspace): Promise<Run[]> {
  engine.knows = "lost";
  await tick(ports, engine);
  const { items } = await ports.runs.unfinished();
  for (const { id } of items) await executeRun(ports, freshSteps(world), id, PIPELINES);
  return items;
}

/** Beats until nothing is due any more. */
async function settle(space: FirefliesWorkspace): Promise<void> {
  for (let beats = 0; beats < BEATS_MAX; beats += 1) if ((await beat(space)).length === 0) return;
  throw new Error(`not settled after ${BEATS_MAX} beats`);
}

describe("acceptance: what meets at one time", () => {
  it("Two webhook deliveries and the cron meet on one meeting", async () => {
    const space = await aFirefliesWorkspace();
    const { world, fireflies, ports } = space;
    fireflies.control({ op: "arrive", meeting: aSourceMeeting("early", world.nowMs() - 5 * HOUR_MS) });
    await settle(space);
    world.advance(HOUR_MS);
    fireflies.control({ op: "arrive", meeting: aSourceMeeting("zephyr", world.nowMs() - 2 * HOUR_MS) });
    const before = fireflies.log().length;
    for (const event of ["meeting.transcribed", "meeting.summarized"]) {
      const timestamp = world.nowMs();
      const read = firefliesEvent({ event, timestamp, meeting_id: "zephyr" }, `zephyr ${event}`);
      if ("error" in read) throw new Error(read.error);
      for (let deliveries = 0; deliveries < 2; deliveries += 1) await receiveMeeting(ports, read);
    }
    await settle(space);
    expect(fireflies.log().length - before, "calls").toBeLessThanOrEqual(2);
    expect(await space.rows("select id from meetings order by id")).toEqual([
      { id: "early" },
      { id: "zephyr" },
    ]);
    const revisions = await space.r2.list({ prefix: "fireflies-transcripts/zephyr/" });
    expect(revisions.objects).toHaveLength(1);
    expect(await space.rows("select count(*) as n from webhook_inbox where done_ms is null")).toEqual([
      { n: 0 },
    ]);
    expect(await found(ports, "zephyr")).toEqual(["zephyr"]);
    await expectSums(ports);
    await expectProof(ports);
  });

  it("Manual high-priority sync while a backfill runs", async () => {
    const COUNT = 400;
    const space = await aFirefliesWorkspace();
    const { world, fireflies, ports, engine } = space;
    for (let n = 0; n < COUNT; n += 1) {
      const meeting = aSourceMeeting(`m${n}`, world.nowMs() - (n + 1) * 20 * HOUR_MS);
      fireflies.control({ op: "arrive", meeting });
    }
    const { run: backfill } = await startRun(ports, engine, {
      sync: "fireflies",
      trigger: "schedule",
      priority: "normal",
    });
    const { source } = ports;
    if (source === null) throw new Error("there is no source");
    const asked: number[] = [];
    let urgent: Run | null = null;
    const listMeetings: typeof source.listMeetings = async (request) => {
      asked.push(request.skip);
      if (asked.length === 3) {
        fireflies.control({ op: "arrive", meeting: aSourceMeeting("fresh", world.nowMs() - HOUR_MS) });
        const wish = { sync: "fireflies", trigger: "manual", priority: "high" } as const;
        urgent = (await startRun(ports, engine, wish)).run;
      }
      return source.listMeetings(request);
    };
    const watched = { ...ports, source: { ...source, listMeetings } };
    await executeRun(watched, freshSteps(world), backfill.id, PIPELINES);
    expect(asked, "the page under way was its last").toHaveLength(3);
    const wanted = urgent as Run | null;
    await executeRun(watched, freshSteps(world), wanted?.id ?? "", PIPELINES);
    expect((await ports.runs.run(wanted?.id ?? ""))?.state).toBe("succeeded");
    expect(await space.rows("select id from meetings where id = 'fresh'")).toHaveLength(1);
    const listed = asked.length;
    for (let beats = 0; beats < BEATS_MAX; beats += 1) {
      engine.knows = "lost";
      await tick(watched, engine);
      const { items } = await ports.runs.unfinished();
      if (items.length === 0) break;
      for (const { id } of items) await executeRun(watched, freshSteps(world), id, PIPELINES);
    }
    // Each run looks at the newest first; of the rest no page is asked for twice.
    const rest = asked.slice(listed).filter((skip) => skip > 0);
    expect(rest[0]).toBeGreaterThan(asked[2] ?? 0);
    expect(rest).toEqual([...new Set(rest)].toSorted((a, b) => a - b));
    expect(await space.rows("select count(*) as n from meetings")).toEqual([{ n: COUNT + 1 }]);
    await expectSums(ports);
    await expectProof(ports);
  });
});
