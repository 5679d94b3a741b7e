import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { bytesOf, firstBytes, type WireReply } from "./wire-reply.ts";

/** Largest request body read, in bytes; `__control` may carry whole meetings. */
const REQUEST_BYTES_MAX = 64 * 1024 * 1024;

/** Longer than any client keeps an idle connection, so that a reused one is not found closed. */
const KEEP_ALIVE_MS = 75_000;

/** A listening emulator. */
export type HttpServer = { url: string; close(): Promise<void> };

/** What is served: whose API it is, for sentences, and how it answers. */
export type Answering = { readonly vendor: string; answer(request: Request): Promise<WireReply> };

/** Port 0 takes a free one; host defaults to the loopback interface. */
export type ListenAt = { port: number; host?: string | undefined };

/**
 * Serve an emulator over HTTP.
 *
 * @throws Error with one sentence for a person, if the port is taken
 */
export async function serveHttp(emulator: Answering, at: ListenAt): Promise<HttpServer> {
  const host = at.host ?? "127.0.0.1";
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, outgoing) => {
    void handle(emulator, incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "it is taken; choose another" : cause.message;
      reject(
        new Error(`The ${emulator.vendor} emulator cannot listen on port ${at.port}: ${why}.`, { cause }),
      );
    });
    server.listen(at.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  emulator: Answering,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const request = await requestOf(incoming);
    await send(outgoing, await emulator.answer(request), incoming.method === "HEAD");
  } catch (error) {
    // A client that went away leaves nothing to answer; a defect must be seen.
    if (!incoming.socket.destroyed)
      process.stderr.write(`${emulator.vendor.toLowerCase()} emulator: ${String(error)}\n`);
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(500).end();
  }
}

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > REQUEST_BYTES_MAX) throw new Error("the request body is too large");
    chunks.push(chunk);
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const method = incoming.method ?? "GET";
  const hasBody = size > 0 && method !== "GET" && method !== "HEAD";
  const url = new URL(incoming.url ?? "/", "http://emulator.invalid");
  return new Request(url, {
    method,
    headers,
    ...(hasBody ? { body: new Uint8Array(Buffer.concat(chunks)) } : {}),
  });
}

async function send(outgoing: ServerResponse, reply: WireReply, isHead: boolean): Promise<void> {
  if (reply.ending === "reset") {
    outgoing.socket?.resetAndDestroy();
    return;
  }
  outgoing.writeHead(reply.status, { ...reply.headers, "content-length": bytesOf(reply.parts) });
  if (isHead) {
    outgoing.end();
    return;
  }
  if (reply.beforeBody) {
    outgoing.flushHeaders();
    await reply.beforeBody();
  }
  if (reply.ending === "complete") {
    await pipeline(Readable.from(reply.parts, { objectMode: false }), outgoing);
    return;
  }
  for (const part of firstBytes(reply.parts, reply.cutAtBytes)) outgoing.write(part);
  // Give the kernel the bytes before the connection goes.
  await new Promise((resolve) => setImmediate(resolve));
  outgoing.destroy();
}
