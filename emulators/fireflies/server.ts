import { type HttpServer, type ListenAt, serveHttp } from "../world/http-server.ts";
import type { FirefliesEmulator } from "./emulator.ts";

/**
 * Serve an emulator over HTTP.
 *
 * @param at port 0 takes a free one; host defaults to the loopback interface
 * @throws Error with one sentence for a person, if the port is taken
 */
export async function serveFireflies(emulator: FirefliesEmulator, at: ListenAt): Promise<FirefliesServer> {
  return serveHttp({ vendor: "Fireflies", answer: (request) => emulator.answer(request) }, at);
}

/** A listening Fireflies emulator. */
export type FirefliesServer = HttpServer;
