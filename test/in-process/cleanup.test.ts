import { describe, expect, it } from "vitest";
import { dayOf } from "../../src/core/headroom.ts";
import { readLineage } from "../../src/queries/lineage.ts";
import { aPast, cleanUp, DAY_MS, figuresByHand, figuresKept, logSizes } from "./cleanup.ts";
import { expectProof, expectSums } from "./laws.ts";
import { verified } from "./proof.ts";

describe("cleanup of thirteen months of logs", { timeout: 120_000 }, () => {
  it("counts every day once, deletes in bounded batches, keeps what is needed, and a second one changes nothing", async () => {
    const space = await aPast(395, 10);
    const nowMs = space.world.nowMs();
    const before = { sizes: await logSizes(space), proof: await verified(space) };
    const firstRuns = await space.rows<{ id: string }>(
      "select id from runs where id not like '01OLD%' order by id",
    );
    const byHand = await figuresByHand(space, dayOf(nowMs - DAY_MS));
    const lineage = await readLineage(space.ports, "meeting", "m1");
    let statements = 0;
    space.d1.setHooks({ beforeCall: (_kind, sql) => void (statements = Math.max(statements, sql.length)) });
    const runs = await cleanUp(space);
    space.d1.setHooks({});
    expect(statements).toBeLessThan(30);
    expect(runs.map(({ state }) => state)).toEqual(runs.map(() => "succeeded"));
    expect(runs.length).toBeGreaterThan(1);
    await expectSums({ runs: { ...space.ports.runs, runs: async () => ({ items: runs, cursor: null }) } });
    // Each figure is what the rows said, and there is no other.
    expect(await figuresKept(space)).toEqual(byHand);
    expect(byHand.length).toBeGreaterThan(3_000);

    const sizes = await logSizes(space);
    const old = nowMs - 30 * DAY_MS;
    expect(
      await space.rows(`select state, sync from runs where ended_ms < ${old} and id not in (
        select run_id from findings where verified_ms is null) and id not in (select run_id from pushes where settled_ms is null)
        and id not in (select run_id from conflicts where resolved_ms is null)`),
    ).toHaveLength(
      // The run that an open alert names.
      1,
    );
    expect(sizes["runs"]).toBeLessThan(700);
    expect(await space.rows("select 1 from run_items where run_id not in (select id from runs)")).toEqual([]);
    expect(await space.rows("select 1 from attempts where run_id not in (select id from runs)")).toEqual([]);
    const open = await space.rows<{ n: number }>(
      "select count(*) as n from findings where verified_ms is null union all select count(*) from conflicts where resolved_ms is null",
    );
    expect(open.map(({ n }) => n)).toEqual([99, 57]);
    expect(await space.rows(`select 1 from history where at_ms < ${nowMs - 365 * DAY_MS}`)).toEqual([]);
    expect(await space.rows(`select 1 from history where at_ms < ${nowMs - 360 * DAY_MS}`)).not.toEqual([]);
    expect((await space.rows("select id from runs order by id")).map((row) => row["id"])).toEqual(
      expect.arrayContaining(firstRuns.map(({ id }) => id)),
    );

    // The report says how many rows of which table went, and why the others stay.
    const checks = runs.at(-1)?.result?.checks ?? [];
    expect(checks.map(({ name, actual }) => `${name}: ${actual}`)).toContainEqual(
      expect.stringMatching(/^runs: \d+ deleted, \d+ kept \(the newest of their sync/),
    );
    const told = runs.flatMap(({ result }) =>
      (result?.checks ?? [])
        .filter(({ name }) => name === "runs")
        .map(({ actual }) => parseInt(String(actual), 10)),
    );
    expect(told.reduce((sum, n) => sum + n, 0)).toBe(
      (before.sizes["runs"] ?? 0) + runs.length + 2 - (sizes["runs"] ?? 0) - 1,
    );

    expect(await readLineage(space.ports, "meeting", "m1")).toEqual(lineage);
    await expectProof(space.ports);
    const again = await cleanUp(space);
    expect(again).toHaveLength(1);
    expect(again[0]?.result?.counts).toMatchObject({ deleted: 0, created: 0 });
    expect(await figuresKept(space)).toEqual(byHand);
    const after = await verified(space);
    expect(after.found).toEqual(before.proof.found);
    expect(after.states).toEqual(before.proof.states);
  });
});
