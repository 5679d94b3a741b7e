import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { aNotionWorkspace } from "../../../test/in-process/notion-workspace.ts";
import { SYNC_NAMES } from "../../core/policy.ts";
import { readStatus } from "../../queries/status.ts";
import { statusLines } from "../cli/lines.ts";
import type { Api } from "./api-environment.ts";
import { runRoutes } from "./run-routes.ts";

/** The routes over a workspace in this process; runs are queued and nobody carries them. */
async function theRoutes() {
  const space = await aNotionWorkspace();
  const app = new Hono<Api>();
  app.use("*", async (c, next) => {
    c.set("ports", space.ports);
    await next();
  });
  app.route("/api", runRoutes());
  const env = { RUNS: { createBatch: async () => [] } } as never;
  const answer = async (response: Response | Promise<Response>) => {
    const { status } = await response;
    return { status, body: (await (await response).json()) as Record<string, unknown> };
  };
  return {
    space,
    post: (sync: string, body: object = {}) =>
      answer(app.request(`/api/syncs/${sync}/runs`, { method: "POST", body: JSON.stringify(body) }, env)),
    get: (path: string) => answer(app.request(path, {}, env)),
  };
}

describe("runs that make or carry out a plan", () => {
  it("are queued as what they were asked to be, and the same wish again is the same run", async () => {
    const { space, post } = await theRoutes();
    const { status, body } = await post("projects", { dry_run: true });
    expect(status).toBe(202);
    const run = await space.ports.runs.run(String(body["run_id"]));
    expect(run?.preview).toEqual({ mode: "dry_run", planHash: null });
    expect((await post("projects", { dry_run: true })).body).toMatchObject({
      run_id: run?.id,
      created: false,
    });
  });

  it("do not join a run of another kind that is under way", async () => {
    const { post } = await theRoutes();
    await post("projects");
    expect(await post("projects", { dry_run: true })).toEqual({
      status: 409,
      body: { error: "another run of projects is under way; ask again when it is over" },
    });
  });

  it.each([
    ["a sync that has no plans", "vectors", { dry_run: true }, 400],
    ["a hash that has not the form of one", "projects", { plan: "0f" }, 400],
    ["a plan that was never made", "projects", { plan: "0f".repeat(32) }, 404],
  ])("are refused for %s", async (_, sync, body, status) => {
    const { space, post } = await theRoutes();
    expect((await post(sync, body)).status).toBe(status);
    expect((await space.ports.runs.runs(10)).items).toEqual([]);
  });

  it("are refused with the plan of another sync", async () => {
    const { space, post } = await theRoutes();
    const run = await space.sync("clients", { mode: "dry_run", planHash: null });
    const reply = await post("projects", { plan: run.preview?.planHash });
    expect(reply).toEqual({
      status: 404,
      body: { error: "projects has no plan of that hash: make one with a dry run" },
    });
  });
});

describe("a plan", () => {
  it("is given with all that it says, some at a time", async () => {
    const { space, get } = await theRoutes();
    const run = await space.sync("projects", { mode: "dry_run", planHash: null });
    const hash = run.preview?.planHash;
    const { status, body } = await get(`/api/plans/${hash}`);
    expect(status).toBe(200);
    expect(body["plan"]).toMatchObject({ hash, sync: "projects", approvedMs: null });
    const items = body["items"] as unknown[];
    const rest = (await get(`/api/plans/${hash}?cursor=${items.length - 2}`)).body;
    expect(rest).toMatchObject({ items: [items.at(-1)], cursor: null });
  });

  it.each([
    ["/api/plans/0f", 400],
    [`/api/plans/${"0f".repeat(32)}`, 404],
    [`/api/plans/${"0f".repeat(32)}?cursor=x`, 400],
  ])("that is none, %s, is answered with %i", async (path, status) => {
    const { get } = await theRoutes();
    expect((await get(path)).status).toBe(status);
  });
});

describe("an ordinary run", () => {
  it("asked for twice at once is one run and one request", async () => {
    const { space, post } = await theRoutes();
    const answers = await Promise.all([post("projects"), post("projects"), post("projects")]);
    expect(new Set(answers.map(({ body }) => body["run_id"])).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body["request_id"])).size).toBe(1);
    expect(answers.filter(({ body }) => body["created"] === true)).toHaveLength(1);
    expect((await space.ports.requests.open()).items).toMatchObject([
      { sync: "projects", priority: "normal", trigger: "manual", runId: answers[0]?.body["run_id"] },
    ]);
  });

  it("of a sync that is none or off is refused with a sentence, and nothing is noted", async () => {
    const { space, post } = await theRoutes();
    expect(await post("project")).toEqual({
      status: 404,
      body: { error: `there is no sync "project"; there are ${SYNC_NAMES.join(", ")}` },
    });
    Object.assign(space.ports, { source: null });
    expect(await post("fireflies")).toEqual({
      status: 409,
      body: { error: "fireflies is off: no FIREFLIES_API_KEY is set" },
    });
    expect((await post("projects", { priority: "at once" })).status).toBe(400);
    expect((await space.ports.requests.open()).items).toEqual([]);
  });

  it("of a lane that waits is taken, with the sentence until when", async () => {
    const { space, post } = await theRoutes();
    const untilMs = space.world.nowMs() + 3_600_000;
    await space.d1
      .prepare("insert into lanes (lane, not_before_ms, reason) values ('projects', ?1, 'rate limited')")
      .bind(untilMs)
      .run();
    expect(await post("projects", { priority: "urgent" })).toMatchObject({
      status: 202,
      body: {
        waits: `projects waits until ${new Date(untilMs).toISOString()} (rate limited) and goes on by itself then`,
      },
    });
    const { schedule } = await readStatus(space.ports);
    expect(schedule.find(({ sync }) => sync === "projects")).toMatchObject({
      dueMs: Date.UTC(2026, 5, 1, 12, 40),
      held: expect.stringContaining("rate limited"),
      requests: [{ priority: "urgent" }],
    });
    expect(schedule.find(({ sync }) => sync === "vectors")).toMatchObject({ dueMs: null, requests: [] });
    expect(statusLines(await readStatus(space.ports)).join("\n")).toMatch(
      /projects +due 2026-06-01T12:40:00.000Z; never ran; projects waits until .*; asked for \(urgent, manual\)/,
    );
  });
});
