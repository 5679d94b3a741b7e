import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { ACK_NOTE_CHARS_MAX } from "../../core/policy.ts";
import { readStatus } from "../../queries/status.ts";
import { alertLines } from "../alert-lines.ts";
import { statusLines } from "../cli/lines.ts";
import { alertRoutes } from "./alert-routes.ts";
import type { Api } from "./api-environment.ts";
import { createApi } from "./api.ts";

/** The routes over a workspace with one open alert. */
async function theRoutes() {
  const space = await aWorkspace();
  const app = new Hono<Api>();
  app.use("*", async (c, next) => {
    c.set("ports", space.ports);
    await next();
  });
  app.route("/api", alertRoutes());
  const alert = {
    id: "01A",
    kind: "access_lost",
    subject: "fireflies",
    detail: "the key was refused",
  } as const;
  await space.ports.runs.updateAlerts(null, space.world.nowMs(), { open: [alert], close: [] });
  const answer = async (response: Response | Promise<Response>) => ({
    status: (await response).status,
    body: (await (await response).json()) as Record<string, unknown>,
  });
  return {
    space,
    ack: (id: string, body: unknown = {}) =>
      answer(app.request(`/api/alerts/${id}/ack`, { method: "POST", body: JSON.stringify(body) })),
    list: () => answer(app.request("/api/alerts")),
    test: () => answer(app.request("/api/alerts/test", { method: "POST" })),
  };
}

describe("an alert", () => {
  it("is acknowledged by whoever says so first, with a note, and shown so", async () => {
    const { space, ack, list } = await theRoutes();
    const said = await ack("01A", { by: "  Maya\n", note: "new key\tordered" });
    expect(said).toMatchObject({
      status: 200,
      body: { id: "01A", acknowledged: { by: "Maya", note: "new key ordered", atMs: space.world.nowMs() } },
    });
    expect(await ack("01A")).toMatchObject({ status: 200, body: { acknowledged: { by: "Maya" } } });
    const { items } = (await list()).body as { items: Parameters<typeof alertLines>[0][] };
    expect(items.flatMap(alertLines)).toEqual([
      "01A  access_lost (fireflies) since 2026-06-01T12:00:00.000Z: the key was refused",
      "  acknowledged by Maya at 2026-06-01T12:00:00.000Z: new key ordered",
    ]);
    const waiting = {
      channel: "webhook:1",
      notice: 1,
      attempts: 0,
      nextMs: 1,
      outcome: null,
      detail: null,
      doneMs: null,
    };
    expect(items.flatMap((alert) => alertLines({ ...alert, deliveries: [waiting] })).at(-1)).toBe(
      "  reminder 1 over webhook: not sent while it is acknowledged",
    );
    expect(statusLines(await readStatus(space.ports))[1]).toBe(
      "  access_lost (fireflies) since 2026-06-01T12:00:00.000Z: the key was refused (acknowledged by Maya at 2026-06-01T12:00:00.000Z: new key ordered)",
    );
  });

  it("is acknowledged without a word, by the owner of the token", async () => {
    const { ack } = await theRoutes();
    expect((await ack("01A", { by: " " })).body).toMatchObject({
      acknowledged: { by: "the owner", note: null },
    });
  });

  it.each([
    ["that does not exist", "01B", {}, [404, "there is no alert of that id"]],
    [
      "with a note that is too long",
      "01A",
      { note: "x".repeat(ACK_NOTE_CHARS_MAX + 1) },
      [400, "note: at most"],
    ],
    ["with a word that means nothing", "01A", { who: "Maya" }, [400, "the body:"]],
  ] as const)("%s is refused in a sentence", async (_, id, body, [status, sentence]) => {
    const { ack, space } = await theRoutes();
    const said = await ack(id, body);
    expect(said.status).toBe(status);
    expect(said.body["error"]).toContain(sentence);
    expect((await space.ports.runs.openAlerts()).items).toMatchObject([{ acknowledged: null }]);
  });

  it("that has closed by itself is refused, with the time", async () => {
    const { ack, space } = await theRoutes();
    await space.ports.runs.updateAlerts(null, space.world.nowMs(), {
      open: [],
      close: [{ kind: "access_lost", subject: "fireflies" }],
    });
    expect(await ack("01A")).toEqual({
      status: 409,
      body: { error: "that alert closed by itself at 2026-06-01T12:00:00.000Z" },
    });
  });

  it("is nobody's without the token", async () => {
    for (const [method, path] of [
      ["GET", "/api/alerts"],
      ["POST", "/api/alerts/01A/ack"],
      ["POST", "/api/alerts/test"],
    ] as const)
      expect((await createApi().request(path, { method }, { API_TOKEN: "secret" })).status).toBe(401);
  });

  it("is shown here only where no channel is configured, and status says so", async () => {
    const { space, test, list } = await theRoutes();
    expect(await test()).toEqual({ status: 200, body: { items: [] } });
    expect((await list()).body["channels"]).toEqual([]);
    expect(statusLines(await readStatus(space.ports))).toContain(
      "Alerts are shown here only: set ALERT_WEBHOOK_URL, or ALERT_EMAIL_TO and ALERT_EMAIL_FROM, to be told of them.",
    );
  });

  it("over a channel that cannot be used says what to correct", async () => {
    const { space } = await theRoutes();
    const problem = "ALERT_WEBHOOK_URL is no address that begins with https://";
    const ports = {
      ...space.ports,
      channels: { usable: [], unusable: [{ kind: "webhook", problem } as const] },
    };
    expect(statusLines(await readStatus(ports))).toContain(`Alerts over webhook: unusable: ${problem}.`);
  });
});
