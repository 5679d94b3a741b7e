import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { aNotionWorkspace } from "../../../test/in-process/notion-workspace.ts";
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
    expect((await post("projects", { dry_run: true })).body).toEqual({ run_id: run?.id, created: false });
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
