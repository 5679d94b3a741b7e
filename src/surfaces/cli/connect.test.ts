import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tokenProof } from "../http/token.ts";
import { connectTo, NotRunning, type Place } from "./connect.ts";
import { identify } from "./process-identity.ts";

const TOKEN = "ab".repeat(32);
const DEAD = { pid: 2 ** 22 + 1, startTime: "long ago" };

let dataDir: string;
let requests: IncomingMessage[];
const servers: Server[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "connect-"));
  requests = [];
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(dataDir, { recursive: true });
});

/** A server that answers the nonce with what `prove` makes of it, and everything else with an empty status. */
async function listening(prove: (nonce: string) => string | Promise<string>): Promise<string> {
  const server = createServer((request, response) => {
    requests.push(request);
    const nonce = new URL(request.url ?? "", "http://localhost").searchParams.get("nonce") ?? "";
    void Promise.resolve(prove(nonce)).then((body) => response.end(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const knowing =
  (token: string) =>
  async (nonce: string): Promise<string> =>
    JSON.stringify({ ok: true, proof: await tokenProof(token, nonce), items: [] });

/** What stands in the data directory of a runner; its process is this one, so it is alive. */
function leave(record: object | string, token = TOKEN): void {
  const text =
    typeof record === "string" ? record : JSON.stringify({ node: identify(process.pid), ...record });
  writeFileSync(join(dataDir, "runtime.json"), text);
  writeFileSync(join(dataDir, "token"), `${token}\n`);
}

async function refusal(place: Partial<Place> = {}, token?: string): Promise<string> {
  const error: unknown = await connectTo({ dataDir, ...place }, token).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NotRunning);
  const { message } = error as Error;
  expect(message).not.toContain("\n");
  expect(message).not.toContain(TOKEN);
  expect(
    requests.filter((request) => request.headers.authorization !== undefined),
    "requests that carried a token",
  ).toEqual([]);
  return message;
}

const NOTHING = /^Nothing is running on .*: start it with npm start, or name another --data-dir\.$/;

describe("a client for a data directory", () => {
  it("sends the token to the runner that proves to know it", async () => {
    leave({ url: await listening(knowing(TOKEN)) });
    await (await connectTo({ dataDir }, undefined)).runs();
    expect(requests.map((request) => request.headers.authorization)).toEqual([undefined, `Bearer ${TOKEN}`]);
  });

  it("asks with another nonce each time", async () => {
    leave({ url: await listening(knowing(TOKEN)) });
    for (const _ of [1, 2]) await connectTo({ dataDir }, undefined);
    expect(new Set(requests.map((request) => request.url)).size).toBe(2);
  });

  it("does not even knock at the port of a runner that was killed", async () => {
    leave({ node: DEAD, url: await listening(knowing(TOKEN)) });
    expect(await refusal()).toMatch(NOTHING);
    expect(requests).toEqual([]);
  });

  it("does not take a later process with the same pid for the runner", async () => {
    leave({ node: { pid: process.pid, startTime: "long ago" }, url: await listening(knowing(TOKEN)) });
    expect(await refusal()).toMatch(NOTHING);
  });

  it.each<[string, (nonce: string) => string | Promise<string>]>([
    ["says that all is well", () => '{"ok":true}'],
    ["answers with a page", () => "<html>"],
    ["answers null", () => "null"],
    ["knows another token", knowing("cd".repeat(32))],
    ["repeats what it was asked", (nonce) => JSON.stringify({ proof: nonce })],
  ])("keeps the token from a server that %s", async (_, prove) => {
    leave({ url: await listening(prove) });
    expect(await refusal()).toMatch(/^What answers at http:.* is not the runner of .*, so it was not sent/);
  });

  it("says that nothing runs where nothing ever ran", async () => {
    expect(await refusal()).toMatch(NOTHING);
    expect(await refusal({ dataDir: join(dataDir, "absent") })).toMatch(NOTHING);
  });

  it("says that the runner is still starting, or does not answer", async () => {
    leave({});
    expect(await refusal()).toMatch(/\(process \d+\) is still starting: try again soon\.$/);
    leave({ url: "http://127.0.0.1:9" });
    expect(await refusal()).toMatch(/^The runner of .* does not answer at http:\/\/127\.0\.0\.1:9: look at/);
  });

  it.each(["", "{", '{"node":{"pid":', "[]", "null"])(
    "says that a runtime.json of %j is damaged",
    async (text) => {
      leave(text);
      expect(await refusal()).toMatch(/runtime\.json is damaged: start the runner again with npm start/);
    },
  );

  it("says that a token is none", async () => {
    leave({ url: await listening(knowing(TOKEN)) }, "something else");
    expect(await refusal()).toMatch(/token does not hold a token: restore it\.$/);
  });

  it.skipIf(process.getuid?.() === 0)("says that a file may not be read by this user", async () => {
    leave({ url: await listening(knowing(TOKEN)) });
    chmodSync(join(dataDir, "token"), 0);
    expect(await refusal()).toMatch(/token may not be read by this user \(EACCES\): be the user who/);
  });
});

describe("a client for an address", () => {
  it("takes the token from the environment, else from the data directory, and sends it after the proof", async () => {
    const url = `${await listening(knowing(TOKEN))}/`;
    await connectTo({ dataDir, url }, TOKEN);
    leave({ node: DEAD });
    await (await connectTo({ dataDir, url }, undefined)).runs();
    expect(requests.map((request) => request.url)).toEqual([
      expect.stringMatching(/^\/healthz\?nonce=[0-9a-f]{32}$/),
      expect.stringMatching(/^\/healthz\?nonce=/),
      "/api/runs",
    ]);
  });

  it("names the address that was asked for", async () => {
    expect(await refusal({ url: "http://127.0.0.1:9" }, TOKEN)).toBe(
      "Nothing answers at http://127.0.0.1:9: start what should, or correct --url.",
    );
    const stranger = await listening(() => "{}");
    expect(await refusal({ url: stranger }, TOKEN)).toBe(
      `What answers at ${stranger} does not know the token, so it was not sent: correct --url, or set API_TOKEN to its token.`,
    );
    expect(await refusal({ url: stranger })).toBe(
      `There is no token for ${stranger}: set API_TOKEN to the one of that server.`,
    );
  });

  it("follows no redirect", async () => {
    const real = await listening(knowing(TOKEN));
    const server = createServer((request, response) => {
      response.writeHead(302, { location: `${real}${request.url}` }).end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await refusal({ url }, TOKEN)).toMatch(/^Nothing answers at /);
  });
});
