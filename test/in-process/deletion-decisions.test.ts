import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { readLineage } from "../../src/queries/lineage.ts";
import type { Api } from "../../src/surfaces/http/api-environment.ts";
import { deletionRoutes } from "../../src/surfaces/http/deletion-routes.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";

const COUNT = 40;
const HIDDEN = 12;
const idOf = (n: number): string => `m${String(n).padStart(3, "0")}`;

/** A workspace where more went missing than may go without a person, absent twice; and the routes over it. */
async function waiting() {
  const space = await aFirefliesWorkspace(
    Array.from({ length: COUNT }, (_, n) => aSourceMeeting(idOf(n), n + 1)),
  );
  await space.sync();
  await space.vectors();
  for (let n = 1; n <= HIDDEN; n += 1) space.fireflies.control({ op: "hide", id: idOf(n) });
  await space.after(1);
  await space.after(25);
  const app = new Hono<Api>();
  app.use("*", async (c, next) => {
    c.set("ports", space.ports);
    await next();
  });
  app.route("/api", deletionRoutes());
  const env = { RUNS: { createBatch: async () => [] } } as never;
  const ask = async (method: string, path: string, body?: object) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await app.request(`/api/deletions${path}`, { method, ...sent }, env);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { ...space, ask };
}

/** Carry out the run that an approval queued. */
async function carriedOut({ ports, sync }: Awaited<ReturnType<typeof waiting>>) {
  const run = await sync();
  expect((await ports.runs.unfinished()).items).toEqual([]);
  return run;
}

describe("deletions that wait for a person", () => {
  it("are listed with their evidence, carried out once it is approved, and counted", async () => {
    const space = await waiting();
    const { body } = await space.ask("GET", "");
    const life = await readLineage(space.ports, "meeting", idOf(3));
    expect("refused" in life ? [] : life.events.filter(({ what }) => what === "deletion")).toMatchObject([
      { says: expect.stringMatching(/^absent from a page/) },
      { says: expect.stringMatching(/^absent again/) },
    ]);
    expect(body).toMatchObject({ waiting: HIDDEN, missingCount: HIDDEN, deletions: [] });
    const { evidence } = body as { evidence: string };
    expect(await space.ask("POST", "/approve", { evidence })).toMatchObject({
      status: 202,
      body: { approved: HIDDEN, run_id: expect.any(String) },
    });
    const run = await carriedOut(space);
    expect(run).toMatchObject({ sourceCount: COUNT - HIDDEN, destinationCount: COUNT - HIDDEN });
    expect(run.result?.counts).toMatchObject({ seen: COUNT, deleted: HIDDEN });
    expect(await space.records()).toHaveLength(COUNT - HIDDEN);
    expect((await space.ports.runs.openAlerts()).items).toEqual([]);
    expect((await space.ask("GET", "")).body).toMatchObject({ evidence: null, missingCount: 0 });
    expect((await space.ask("POST", "/approve", { evidence })).status, "twice is once").toBe(404);
  });

  it("are refused for another evidence, in a sentence, and nothing is approved", async () => {
    const space = await waiting();
    const { evidence } = (await space.ask("GET", "")).body as { evidence: string };
    space.fireflies.control({ op: "show", id: idOf(3) });
    await space.after(1);
    const refused = await space.ask("POST", "/approve", { evidence });
    expect(refused.status).toBe(409);
    expect(refused.body["error"]).toMatch(/does not stand so any more: look at syncctl deletions again/);
    expect(await space.rows("select * from absences where approved_ms is not null")).toEqual([]);
    expect((await space.ask("POST", "/approve", {})).status).toBe(400);
    expect((await space.ask("POST", "/approve", { evidence: "all" })).status).toBe(400);
  });

  it("spare what is seen again after the approval", async () => {
    const space = await waiting();
    const { evidence } = (await space.ask("GET", "")).body as { evidence: string };
    await space.ask("POST", "/approve", { evidence });
    space.fireflies.control({ op: "show", id: idOf(3) });
    expect((await carriedOut(space)).result?.counts.deleted).toBe(HIDDEN - 1);
    expect(await space.records()).toContain(idOf(3));
  });
});

describe("a meeting that a person restores", () => {
  async function deleted() {
    const space = await waiting();
    const { evidence } = (await space.ask("GET", "")).body as { evidence: string };
    await space.ask("POST", "/approve", { evidence });
    await carriedOut(space);
    await space.vectors();
    return space;
  }

  it("is back at once, becomes searchable, and is not taken for deleted again while the source hides it", async () => {
    const space = await deleted();
    expect(await space.ask("POST", `/${idOf(3)}/restore`)).toEqual({ status: 200, body: { id: idOf(3) } });
    expect(await space.records()).toContain(idOf(3));
    expect((await space.vectors()).result?.counts).toMatchObject({ seen: 1 });
    expect(await space.rows(`select state from chunks where document_id = '${idOf(3)}' order by 1`)).toEqual([
      { state: "gone" },
      { state: "live" },
    ]);
    const life = await readLineage(space.ports, "meeting", idOf(3));
    expect("refused" in life ? [] : life.events.filter(({ what }) => what === "deletion")).toMatchObject([
      { says: expect.stringMatching(/^taken for deleted with a person's word: absent 2026/) },
      { says: "restored by a person", runId: null },
    ]);
    for (let day = 0; day < 4; day += 1) expect((await space.after(24)).result?.counts.deleted).toBe(0);
    expect(await space.records()).toContain(idOf(3));
    space.fireflies.control({ op: "show", id: idOf(3) });
    await space.after(1);
    space.fireflies.control({ op: "delete", id: idOf(3) });
    await space.after(1);
    expect((await space.after(25)).result?.counts.deleted, "seen since, and gone again").toBe(1);
  });

  it("has to be one that was taken for deleted", async () => {
    const space = await deleted();
    for (const id of [idOf(20), "nobody"])
      expect(await space.ask("POST", `/${id}/restore`)).toEqual({
        status: 404,
        body: { error: `${id} is not taken for deleted: look at syncctl deletions` },
      });
    await space.ask("POST", `/${idOf(3)}/restore`);
    expect((await space.ask("POST", `/${idOf(3)}/restore`)).status, "twice is once").toBe(404);
  });
});
