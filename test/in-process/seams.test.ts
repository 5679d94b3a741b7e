import { expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/core/durations.ts";
import { firefliesEvent } from "../../src/core/webhooks/fireflies-event.ts";
import { askForProof } from "../../src/engine/proving/asking.ts";
import { executeRun } from "../../src/engine/run.ts";
import { startRun, tick } from "../../src/engine/tick.ts";
import { receiveMeeting } from "../../src/engine/webhook-intake.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { Run } from "../../src/ports/run-store.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";
import { verified } from "./proof.ts";
import { aListedMeeting, aWorkspace, freshSteps, runSync, type Workspace } from "./workspace.ts";

/** A workspace whose key has 50 calls a day, with three meetings brought, and where its ports stand. */
async function withThree(startMs?: number): Promise<{ space: Workspace; ports: Ports }> {
  const space = await aWorkspace({}, startMs);
  const rates = { ...space.ports.rates, fireflies: { calls: 50, windowMs: DAY_MS } };
  const ports = { ...space.ports, rates };
  space.source.meetings = ["a", "b", "c"].map((id, n) =>
    aListedMeeting(id, { dateString: `2026-05-31T0${n}:00:00.000Z` }),
  );
  await runSync(space, "fireflies", ports);
  await runSync(space, "vectors", ports);
  space.world.advance(MINUTE_MS);
  space.source.calls = [];
  return { space, ports };
}

async function announce(space: Workspace, id: string): Promise<void> {
  const timestamp = space.world.nowMs();
  const said = { event: "meeting.transcribed", timestamp, meeting_id: id };
  const read = firefliesEvent(said, `${id} ${timestamp}`);
  if ("error" in read) throw new Error(read.error);
  await receiveMeeting(space.ports, read);
}

async function carryAll({ world }: Workspace, ports: Ports): Promise<Run[]> {
  const { items } = await ports.runs.unfinished();
  for (const { id } of items) await executeRun(ports, freshSteps(world), id, PIPELINES);
  return items;
}

const use = ({ d1 }: Workspace, calls: number) => d1.prepare("update quota set used = ?1").bind(calls).run();

async function loseRevisions({ r2 }: Workspace): Promise<void> {
  const { objects } = await r2.list({ prefix: "fireflies-transcripts/", limit: 1_000 });
  for (const { key } of objects) await r2.delete(key);
}

it("a proof does not run a sync again and again that has to wait for its share of the budget", async () => {
  const { space, ports } = await withThree(Date.UTC(2026, 5, 1, 1));
  await loseRevisions(space);
  await use(space, 25);
  const { reports, found } = await verified(space, { ports });
  expect(found).toEqual(["raw_damaged a", "raw_damaged b", "raw_damaged c"]);
  expect(reports.length).toBeLessThan(15);
  expect(space.source.calls.length).toBeLessThan(10);
});

it("what webhooks announce waits with a run that waits for its share of the budget, and wakes nobody meanwhile", async () => {
  const { space, ports } = await withThree();
  await use(space, 48);
  for (let n = 0; n < 12; n += 1) await announce(space, `new${n}`);
  const wakes = space.calls.wakes;
  let runs = 0;
  for (let beats = 0; beats < 8; beats += 1) {
    await tick(ports, space.engine);
    runs += (await carryAll(space, ports)).length;
  }
  expect(runs).toBe(1);
  expect(space.calls.wakes).toBe(wakes);
});

it("what a person asks for is not answered by a run that only reads what webhooks announced", async () => {
  const { space, ports } = await withThree();
  for (const id of ["named", "other"])
    space.source.meetings.push(aListedMeeting(id, { dateString: "2026-06-01T11:30:00.000Z" }));
  await announce(space, "named");
  await tick(ports, space.engine);
  const wish = { sync: "fireflies", trigger: "manual", priority: "high" } as const;
  expect(await startRun(ports, space.engine, wish)).toMatchObject({
    created: true,
    run: { trigger: "manual" },
  });
  await carryAll(space, ports);
  const rows = await space.d1.prepare("select id from meetings where id in ('named', 'other')").all();
  expect(rows.results).toHaveLength(2);
});

it("a meeting that is taken for deleted is not mended back to life", async () => {
  const meetings = Array.from({ length: 20 }, (_, n) => aSourceMeeting(`m${10 + n}`, n + 1));
  const space = await aFirefliesWorkspace(meetings);
  await space.sync();
  await space.vectors();
  space.fireflies.control({ op: "delete", id: "m15" });
  await space.after(1);
  // Found while it was only missing, and not mended before the verdict came.
  await space.d1
    .prepare(
      `insert into findings (id, domain, kind, subject, mender, cause, found_ms, run_id, proof_id, again_ms)
       values ('f1', 'records', 'record_missing', 'm15', 'fireflies', 'a test', ?1, 'r', 'p', ?2)`,
    )
    .bind(space.world.nowMs(), space.world.nowMs() + 26 * HOUR_MS)
    .run();
  expect((await space.after(25)).result?.counts.deleted).toBe(1);
  const later = await space.after(2);
  expect(later).toMatchObject({ state: "succeeded", sourceCount: 19, destinationCount: 19 });
  expect(await space.records()).not.toContain("m15");
});

it("no finding counts as mended that a proof has not looked at, however many there are", async () => {
  const COUNT = 600;
  const space = await aWorkspace();
  space.source.meetings = Array.from({ length: COUNT }, (_, n) =>
    aListedMeeting(`m${1_000 + n}`, {
      dateString: new Date(Date.UTC(2026, 0, 1) + n * HOUR_MS).toISOString(),
    }),
  );
  await runSync(space, "fireflies");
  space.world.advance(HOUR_MS);
  await loseRevisions(space);
  for (const isComplete of [true, false]) {
    const { run } = await askForProof(space.ports, space.engine, isComplete);
    await executeRun(space.ports, freshSteps(space.world), run.id, PIPELINES);
    space.world.advance(HOUR_MS);
  }
  const found = await space.d1
    .prepare("select count(*) as n, count(verified_ms) as verified from findings")
    .first();
  expect(found).toEqual({ n: COUNT, verified: 0 });
});

it("an urgent run over an open backfill closes no alert of it, counts nothing, and an ordinary run goes on at once", async () => {
  const space = await aWorkspace();
  const { ports, source, world, engine } = space;
  source.meetings = Array.from({ length: 1_300 }, (_, n) =>
    aListedMeeting(`m${10_000 + n}`, {
      dateString: new Date(Date.UTC(2026, 0, 1) + n * HOUR_MS).toISOString(),
    }),
  );
  const wish = { sync: "fireflies", trigger: "manual", priority: "high" } as const;
  const ended: (Run | null)[] = [];
  await startRun(ports, engine, wish);
  for (let runs = 0; runs < 4; runs += 1) {
    for (const { id } of (await ports.runs.unfinished()).items) {
      await executeRun(ports, freshSteps(world), id, PIPELINES);
      ended.push(await ports.runs.run(id));
    }
    engine.knows = "lost";
    await tick(ports, engine);
  }
  const ofMeetings = ended.filter((run) => run?.sync === "fireflies");
  expect(ofMeetings.map((run) => [run?.priority, run?.sourceCount])).toEqual([
    ["high", null],
    ["high", null],
    ["normal", 1_300],
  ]);
});
