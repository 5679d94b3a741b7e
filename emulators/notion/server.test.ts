import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "@notionhq/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SMALL_SEED } from "./a-notion-world.ts";
import { deliverByHttp } from "../world/deliver.ts";
import { createNotionEmulator, type NotionEmulator } from "./emulator.ts";
import { type NotionServer, serveNotion } from "./server.ts";

let emulator: NotionEmulator;
let server: NotionServer;
let client: Client;

beforeAll(async () => {
  emulator = await createNotionEmulator({
    nowMs: () => Date.now(),
    content: () => SMALL_SEED,
    clockHeader: () => "a clock",
    deliver: deliverByHttp,
    sleep: async () => undefined,
  });
  server = await serveNotion(emulator, { port: 0 });
  client = new Client({
    auth: emulator.tokens()[0]!,
    baseUrl: server.url,
    retry: false,
    logger: () => undefined,
  });
});
afterAll(async () => {
  await server.close();
  await emulator.close();
});

const control = (op: unknown, type = "application/json") =>
  fetch(`${server.url}/__control`, {
    method: "POST",
    body: typeof op === "string" ? op : JSON.stringify(op),
    headers: { "content-type": type },
  });

describe("the Notion server", () => {
  it("serves Notion's own client over a socket, with the clock on every reply", async () => {
    expect((await client.users.me({})).id).toBe(emulator.botId);
    const reply = await fetch(`${server.url}/v1/users/me`);
    expect([reply.status, reply.headers.get("x-world-clock")]).toEqual([401, "a clock"]);
  });

  it("resets a lost connection, cuts a body, and sends a slow one whole", async () => {
    const next = [{ kind: "lost_before" }, { kind: "cut" }, { kind: "slow_body" }];
    expect((await control({ op: "fault", next })).status).toBe(200);
    await expect(client.users.me({})).rejects.toThrow("fetch failed");
    await expect(client.users.me({})).rejects.toThrow(/terminated|fetch failed/);
    expect((await client.users.me({})).id).toBe(emulator.botId);
  });

  it("has doors of its own: world, log, edits, control", async () => {
    expect(await (await fetch(`${server.url}/`)).json()).toEqual({ kind: "notion-emulator", api: "/v1/" });
    expect(await (await fetch(`${server.url}/__world`)).json()).toMatchObject({
      bot_id: emulator.botId,
      databases: [{ key: "projects" }, { key: "clients" }],
    });
    expect((await control({ op: "edit", page: "school", set: { Fee: 1 } })).status).toBe(200);
    expect(await (await fetch(`${server.url}/__control/edits`)).json()).toEqual(emulator.edits());
    expect(await (await fetch(`${server.url}/__control/log`)).json()).toEqual(emulator.log());
    expect((await control("{}", "text/plain")).status).toBe(400);
    expect((await control("{")).status).toBe(400);
    expect(await (await control({ op: "explode" })).json()).toMatchObject({
      ok: false,
      problem: expect.any(String),
    });
    expect((await fetch(`${server.url}/v2/pages`)).status).toBe(404);
  });

  it("sends webhooks to an address while it listens", async () => {
    const heard: string[] = [];
    const receiver = createServer((incoming, outgoing) => {
      incoming.on("data", (chunk: Buffer) => heard.push(chunk.toString()));
      incoming.on("end", () => outgoing.writeHead(200).end("heard"));
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    const reply = emulator.control({ op: "webhook", url, aggregationMs: 0 });
    emulator.control({ op: "webhook", verify: (reply.ok && reply.verificationToken) || "" });
    emulator.control({ op: "trash", page: "school" });
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(2);
    expect(JSON.parse(heard[1]!)).toMatchObject({ type: "page.deleted", authors: [{ type: "person" }] });
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });
});
