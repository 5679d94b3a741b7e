import { type HttpServer, type ListenAt, serveHttp } from "../world/http-server.ts";
import type { FirefliesEmulator } from "./emulator.ts";

/** How often a listening emulator looks for webhooks that are due, in real milliseconds. */
const DELIVERY_EVERY_MS = 250;

/**
 * Serve an emulator over HTTP. Its webhooks go out while it listens.
 *
 * @param at port 0 takes a free one; host defaults to the loopback interface
 * @throws Error with one sentence for a person, if the port is taken
 */
export async function serveFireflies(emulator: FirefliesEmulator, at: ListenAt): Promise<FirefliesServer> {
  const server = await serveHttp({ vendor: "Fireflies", answer: (request) => emulator.answer(request) }, at);
  const timer = setInterval(() => void emulator.deliverDue(), DELIVERY_EVERY_MS);
  return {
    url: server.url,
    close: () => {
      clearInterval(timer);
      return server.close();
    },
  };
}

/** A listening Fireflies emulator. */
export type FirefliesServer = HttpServer;
