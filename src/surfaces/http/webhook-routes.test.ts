import { createHmac } from "node:crypto";
import { Hono } from "hono";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { fingerprintOf } from "../../core/webhooks/notion-event.ts";
import { answerError } from "./api.ts";
import { webhookRoutes } from "./webhook-routes.ts";

const SECRET = "what-fireflies-signs-with";
const DAY_MS = 24 * 3_600_000;
const ENV = { FIREFLIES_API_KEY: "key", FIREFLIES_WEBHOOK_SECRET: SECRET, NOTION_TOKEN: "ntn" };

type Body = string | Uint8Array<ArrayBuffer>;
const sign = (body: Body, secret = SECRET): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** Both doors over a workspace in this process, and how often somebody was woken. */
async function theDoors() {
  const space = await aWorkspace();
  const woken = { times: 0 };
  const { inbox, world } = space.ports;
  const app = new Hono();
  const wake = async (): Promise<void> => void (woken.times += 1);
  app.route("/webhooks", webhookRoutes(() => ({ inbox, world, wake })) as never);
  const post = async (
    vendor: string,
    body: Body | ReadableStream,
    headers: Record<string, string> = {},
    env: object = ENV,
  ) => {
    const init = { method: "POST", body, headers, duplex: "half" } as RequestInit;
    const response = await app.request(`/webhooks/${vendor}`, init, env);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const announce = (change: object = {}) =>
    JSON.stringify({ event: "meeting.transcribed", timestamp: world.nowMs(), meeting_id: "m1", ...change });
  const rows = async (table = "webhook_inbox"): Promise<Record<string, unknown>[]> =>
    (await space.d1.prepare(`select * from ${table}`).all<Record<string, unknown>>()).results;
  return { space, woken, post, announce, rows };
}

let doors: Awaited<ReturnType<typeof theDoors>>;
beforeEach(async () => {
  doors = await theDoors();
});

describe("the door of Fireflies", () => {
  const post = (body: Body, headers: Record<string, string> = { "x-hub-signature": sign(body) }) =>
    doors.post("fireflies", body, headers);

  it("keeps what was announced, without content, and wakes the tick", async () => {
    const body = doors.announce();
    expect(await post(body)).toEqual({ status: 200, body: { ok: true, kept: true } });
    expect(await doors.rows()).toEqual([
      expect.objectContaining({
        vendor: "fireflies",
        kind: "meeting.transcribed",
        sync: "fireflies",
        subject: "m1",
        received_ms: doors.space.world.nowMs(),
        done_ms: null,
      }),
    ]);
    expect(doors.woken.times).toBe(1);
  });

  it("answers 5xx while the database is full, and keeps what the vendor sends again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { inbox, world } = doors.space.ports;
    const whole = new Hono().route(
      "/webhooks",
      webhookRoutes(() => ({ inbox, world, wake: async () => undefined })) as never,
    );
    whole.onError(answerError);
    const send = (body: string) =>
      whole.request(
        "/webhooks/fireflies",
        { method: "POST", body, headers: { "x-hub-signature": sign(body) } },
        ENV,
      );
    doors.space.d1.setSizeMax(doors.space.d1.sizeBytes);
    const statuses: number[] = [];
    for (let n = 0; n < 200; n += 1)
      statuses.push((await send(doors.announce({ meeting_id: `m${n}` }))).status);
    const refused = statuses.filter((status) => status === 507).length;
    expect(refused).toBeGreaterThan(0);
    expect(await doors.rows()).toHaveLength(200 - refused);
    doors.space.d1.setSizeMax(10_000_000_000);
    for (let n = 0; n < 200; n += 1)
      expect((await send(doors.announce({ meeting_id: `m${n}` }))).status).toBe(200);
    expect(await doors.rows()).toHaveLength(200);
  });

  it("takes the old form, its signature spelt either way", async () => {
    const body = JSON.stringify({ meetingId: "m1", eventType: "Transcription completed" });
    expect((await post(body, { "x-hub-signature": sign(body).slice(7).toUpperCase() })).status).toBe(200);
    expect(await post(body)).toEqual({ status: 200, body: { ok: true, kept: false } });
    expect(await doors.rows()).toHaveLength(1);
  });

  it("changes nothing the second time: a replay is the same row, open or long done", async () => {
    const body = doors.announce();
    await post(body);
    await doors.space.d1.prepare("update webhook_inbox set done_ms = 1, outcome = 'read'").run();
    const before = await doors.rows();
    expect(await post(body, { "x-hub-signature": sign(body), "x-webhook-delivery-id": "another" })).toEqual({
      status: 200,
      body: { ok: true, kept: false },
    });
    expect(await doors.rows()).toEqual(before);
    expect(doors.woken.times).toBe(1);
  });

  const latin1 = new Uint8Array([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]);
  it.each<[string, Body, (body: Body) => Record<string, string>, number, RegExp]>([
    ["unsigned", "{}", () => ({}), 401, /signature does not fit/],
    [
      "signed with another secret",
      "{}",
      (body) => ({ "x-hub-signature": sign(body, "another") }),
      401,
      /FIREFLIES_WEBHOOK_SECRET/,
    ],
    ["signed for another body", "{}", () => ({ "x-hub-signature": sign("{} ") }), 401, /signature/],
    [
      "signed in base64",
      "{}",
      () => ({ "x-hub-signature": createHmac("sha256", SECRET).update("{}").digest("base64") }),
      401,
      /signature/,
    ],
    ["cut short", '{"event":"meeting.tran', (body) => ({ "x-hub-signature": sign(body) }), 400, /not JSON/],
    ["in another encoding", latin1, (body) => ({ "x-hub-signature": sign(body) }), 400, /not UTF-8/],
    [
      "compressed",
      "{}",
      (body) => ({ "x-hub-signature": sign(body), "content-encoding": "gzip" }),
      400,
      /compressed/,
    ],
    [
      "without what an event has",
      "{}",
      (body) => ({ "x-hub-signature": sign(body) }),
      400,
      /event of Fireflies: meetingId/,
    ],
    ["empty", "", (body) => ({ "x-hub-signature": sign(body) }), 400, /not JSON/],
  ])("refuses what is %s, in a sentence, and keeps nothing", async (...row) => {
    const [, body, headers, status, sentence] = row;
    const reply = await post(body, headers(body));
    expect(reply).toEqual({ status, body: { error: expect.stringMatching(sentence) } });
    expect(await doors.rows()).toEqual([]);
    expect(doors.woken.times).toBe(0);
  });

  it("gives up ten megabytes where they pass the bound, announced or not", async () => {
    const whole = new Uint8Array(10 * 1024 * 1024).fill(32);
    expect((await post(whole, { "content-length": `${whole.length}` })).status).toBe(413);
    let pulled = 0;
    const stream = new ReadableStream({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(64 * 1024));
        if (pulled === 160) controller.close();
      },
    });
    const reply = await doors.post("fireflies", stream, { "x-hub-signature": sign("") });
    expect(reply.status).toBe(413);
    expect(pulled).toBeLessThan(10);
    expect(await doors.rows()).toEqual([]);
  });

  it("refuses what says that it is of another time: a copy that was kept back", async () => {
    const body = doors.announce();
    doors.space.world.advance(3 * DAY_MS + 1);
    expect(await post(body)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("three days") },
    });
    expect(await doors.rows()).toEqual([]);
  });

  it("keeps a test as done, and wakes nobody", async () => {
    expect((await post(doors.announce({ event: "test", meeting_id: "test_00000000" }))).status).toBe(200);
    expect(await doors.rows()).toEqual([expect.objectContaining({ outcome: "nothing to read" })]);
    expect(doors.woken.times).toBe(0);
  });

  it.each([{ FIREFLIES_API_KEY: "key" }, { FIREFLIES_WEBHOOK_SECRET: SECRET }])(
    "is closed while %o is all that is set",
    async (env) => {
      const body = doors.announce();
      const reply = await doors.post("fireflies", body, { "x-hub-signature": sign(body, "") }, env);
      expect(reply).toEqual({ status: 404, body: { error: expect.stringContaining("docs/deploy.md") } });
      expect(await doors.rows()).toEqual([]);
    },
  );
});

describe("the handshake of Notion", () => {
  const TOKEN = "secret_of_the_subscription";
  const OTHER = "secret_of_a_stranger";
  const shake = (token: string, headers: Record<string, string> = {}) =>
    doors.post("notion", JSON.stringify({ verification_token: token }), headers);
  const event = JSON.stringify({
    id: "e1",
    timestamp: "2026-06-01T12:00:00.000Z",
    type: "page.created",
    entity: { id: "p1", type: "page" },
  });
  const knock = (token: string) => doors.post("notion", event, { "x-notion-signature": sign(event, token) });
  const confirm = async (token: string) =>
    doors.space.ports.inbox.confirmToken(await fingerprintOf(token), doors.space.world.nowMs());

  it("has its token wait for the owner, signed with itself or not, and counts for nothing until then", async () => {
    const signed = JSON.stringify({ verification_token: TOKEN });
    expect((await doors.post("notion", signed, { "x-notion-signature": sign(signed, TOKEN) })).status).toBe(
      200,
    );
    expect(await shake(TOKEN)).toEqual({
      status: 200,
      body: { ok: true, waits: await fingerprintOf(TOKEN) },
    });
    expect(await doors.rows("webhook_tokens")).toHaveLength(1);
    expect((await knock(TOKEN)).status).toBe(404);
    expect(await confirm(TOKEN)).toBe(true);
    expect(await knock(TOKEN)).toEqual({ status: 200, body: { ok: true, kept: false } });
    expect((await knock(OTHER)).status).toBe(401);
  });

  it("of a stranger neither replaces a token that was confirmed nor hides the one that waits", async () => {
    await shake(OTHER);
    await shake(TOKEN);
    expect(await confirm(TOKEN)).toBe(true);
    expect(await shake(OTHER)).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining("reset") },
    });
    expect((await doors.rows("webhook_tokens")).map(({ token }) => token)).toEqual([TOKEN]);
    expect((await knock(OTHER)).status).toBe(401);
    expect((await knock(TOKEN)).status).toBe(200);
  });

  it("once more, by Notion itself, changes nothing", async () => {
    await shake(TOKEN);
    await confirm(TOKEN);
    const before = await doors.rows("webhook_tokens");
    const again = JSON.stringify({ verification_token: TOKEN });
    expect((await doors.post("notion", again, { "x-notion-signature": sign(again, TOKEN) })).status).toBe(
      200,
    );
    expect((await shake(TOKEN)).status).toBe(200);
    expect(await doors.rows("webhook_tokens")).toEqual(before);
  });

  it("is kept five times at most while nobody confirms, and a day", async () => {
    for (const n of [1, 2, 3, 4, 5]) expect((await shake(`${OTHER}_${n}`)).status).toBe(200);
    expect(await shake(TOKEN)).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining("5 handshakes") },
    });
    expect(await doors.rows("webhook_tokens")).toHaveLength(5);
    await doors.space.ports.inbox.dropTokens();
    expect((await shake(TOKEN)).status).toBe(200);
  });

  it("is refused if it is signed with something else than the token it brings", async () => {
    expect((await shake(TOKEN, { "x-notion-signature": sign("x", OTHER) })).status).toBe(401);
    expect(await doors.rows("webhook_tokens")).toEqual([]);
  });

  it("finds the door closed where Notion is off", async () => {
    const body = JSON.stringify({ verification_token: TOKEN });
    expect((await doors.post("notion", body, {}, { FIREFLIES_API_KEY: "key" })).status).toBe(404);
    expect(await doors.rows("webhook_tokens")).toEqual([]);
  });

  it("confirms only what waits", async () => {
    expect(await confirm(TOKEN)).toBe(false);
    await shake(TOKEN);
    expect(await confirm(OTHER)).toBe(false);
    expect(await doors.rows("webhook_tokens")).toHaveLength(1);
  });
});
