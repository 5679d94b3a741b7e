import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { aListedMeeting, aWorkspace, runSync } from "../../../test/in-process/workspace.ts";
import type { Api } from "./api-environment.ts";
import { lineageRoutes } from "./lineage-routes.ts";

async function theRoutes() {
  const space = await aWorkspace();
  space.source.meetings = [aListedMeeting("m/1")];
  await runSync(space, "fireflies");
  const app = new Hono<Api>();
  app.use("*", async (c, next) => {
    c.set("ports", space.ports);
    await next();
  });
  app.route("/api", lineageRoutes());
  return async (path: string) => {
    const response = await app.request(`/api/why/${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
}

describe("GET /api/why/{kind}/{id}", () => {
  it("tells the life of a record, whatever its id is made of", async () => {
    const get = await theRoutes();
    const { status, body } = await get(`meeting/${encodeURIComponent("m/1")}`);
    expect([status, body["kind"], body["recordId"]]).toEqual([200, "meeting", "m/1"]);
  });

  it.each([
    ["a kind that is none", "room/m1", 'there is no kind "room": ask for meeting, project, client'],
    [
      "an id that is none",
      "project/24-101",
      "no project is known as 24-101: give the id of a record or page",
    ],
  ])("is 404 and a sentence for %s", async (_, path, error) => {
    const get = await theRoutes();
    expect(await get(path)).toEqual({ status: 404, body: { error } });
  });
});
