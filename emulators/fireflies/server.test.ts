import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { benchMeetings } from "./bench-meetings.ts";
import { createFirefliesEmulator, type FirefliesEmulator } from "./emulator.ts";
import { FIREFLIES_DEMO_KEY } from "./keys.ts";
import { type FirefliesServer, serveFireflies } from "./server.ts";

let emulator: FirefliesEmulator;
let server: FirefliesServer;

beforeAll(async () => {
  const meetings = benchMeetings({ count: 10, bytesEach: 300_000, seed: 1 });
  emulator = await createFirefliesEmulator({ realNowMs: () => Date.now(), meetings, meetingsHash: "bench" });
  server = await serveFireflies(emulator, { port: 0 });
});
afterAll(async () => {
  await server.close();
  await emulator.close();
});

const QUERY = JSON.stringify({ query: "{ transcripts { id sentences { text speaker_name start_time } } }" });

type Raw = { status: number; headers: IncomingHttpHeaders; body: Buffer };

/** A plain socket client: unlike fetch it unpacks nothing and hides no broken end. */
function post(headers: Record<string, string>, url = server.url): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      `${url}/graphql`,
      {
        method: "POST",
        agent: false,
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${FIREFLIES_DEMO_KEY}`,
          ...headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({ status: incoming.statusCode!, headers: incoming.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(QUERY);
  });
}

describe("the Fireflies server", () => {
  it("packs a body only if the request allows it, and both say the same", async () => {
    const plain = await post({});
    const packed = await post({ "accept-encoding": "br, gzip;q=0.8" });
    const refused = await post({ "accept-encoding": "gzip;q=0" });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(refused.headers["content-encoding"]).toBeUndefined();
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(packed.body.length).toBeLessThan(plain.body.length / 3);
    expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
    expect(plain.body.length).toBeGreaterThan(1_000_000);
    const [first, second] = emulator.log().slice(-3);
    expect(first).toMatchObject({ gzipped: false, responseBytes: plain.body.length, acceptEncoding: null });
    expect(second).toMatchObject({ gzipped: true, responseBytes: plain.body.length });
  });

  it("ends a cut body in the middle and resets a connection without a status", async () => {
    emulator.control({ op: "fault", next: [{ kind: "cut" }, { kind: "cut" }, { kind: "reset" }] });
    await expect(post({})).rejects.toThrow(/aborted|hang up|reset/i);
    await expect(post({ "accept-encoding": "gzip" })).rejects.toThrow(/aborted|hang up|reset/i);
    await expect(post({})).rejects.toMatchObject({ code: "ECONNRESET" });
    expect((await post({})).status).toBe(200);
  });

  it("survives a client that goes away, and counts requests in flight", async () => {
    let wake = (): void => {};
    let isAsleep = (): void => {};
    const asleep = new Promise<void>((resolve) => void (isAsleep = resolve));
    const sleep = (): Promise<void> => {
      isAsleep();
      return new Promise<void>((resolve) => void (wake = resolve));
    };
    const slow = await createFirefliesEmulator({
      realNowMs: () => Date.now(),
      meetings: [{ id: "a" }],
      sleep,
    });
    const at = await serveFireflies(slow, { port: 0 });
    slow.control({ op: "fault", next: [{ kind: "slow" }] });
    const controller = new AbortController();
    const gone = fetch(`${at.url}/graphql`, {
      method: "POST",
      body: QUERY,
      signal: controller.signal,
      headers: { "content-type": "application/json", authorization: `Bearer ${FIREFLIES_DEMO_KEY}` },
    });
    await asleep;
    expect((await post({}, at.url)).status).toBe(200);
    expect(slow.log().at(-1)).toMatchObject({ openConnections: 2, fault: null });
    controller.abort();
    await expect(gone).rejects.toThrow();
    wake();
    // On a busy machine the server notices a little later that the client has gone.
    const openConnections = async (): Promise<number | undefined> => {
      expect((await post({}, at.url)).status).toBe(200);
      return slow.log().at(-1)?.openConnections;
    };
    await expect.poll(openConnections, { timeout: 10_000 }).toBe(1);
    await at.close();
    await slow.close();
  });

  it("answers HEAD, the world, the meetings and the log, and says where the API is", async () => {
    const head = await fetch(`${server.url}/`, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.has("x-world-clock")).toBe(true);
    expect(await (await fetch(`${server.url}/__world`)).json()).toMatchObject({ kind: "fireflies-emulator" });
    expect(await (await fetch(`${server.url}/__control/meetings`)).json()).toHaveLength(10);
    expect(await (await fetch(`${server.url}/__control/log`)).json()).toEqual(emulator.log());
    const lost = await fetch(`${server.url}/api`);
    expect(lost.status).toBe(404);
    expect(await lost.text()).toContain("POST /graphql");
  });

  it("says in one sentence that a port is taken", async () => {
    await expect(serveFireflies(emulator, { port: Number(new URL(server.url).port) })).rejects.toThrow(
      /it is taken; choose another/,
    );
  });

  it("refuses ops that are no JSON or no op", async () => {
    const send = (body: string, type: string) =>
      fetch(`${server.url}/__control`, { method: "POST", body, headers: { "content-type": type } });
    expect((await send('{"op":"reset-log"}', "text/plain")).status).toBe(400);
    expect((await send("{", "application/json")).status).toBe(400);
    const unknown = await send('{"op":"explode"}', "application/json");
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toMatchObject({ ok: false, problem: expect.any(String) });
  });
});
