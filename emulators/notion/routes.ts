import { decodeClock, WORLD_CLOCK_HEADER } from "../world/clock.ts";
import { jsonReply, type WireReply } from "../world/wire-reply.ts";
import { answerApiCall } from "./api-handler.ts";
import { applyControl } from "./control.ts";
import { settleLateWrites } from "./late-writes.ts";
import type { World } from "./world.ts";

/** Where the API is; everything else on the emulator is its own. */
const API_PREFIX = "/v1/";
const KIND = "notion-emulator";

/** Answer one request, whatever its path. */
export async function routeRequest(world: World, request: Request): Promise<WireReply> {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith(API_PREFIX)) return answerApiCall(world, request);
  const reply = await ownReply(world, request, pathname);
  const clock = world.clockHeader();
  return clock === null ? reply : { ...reply, headers: { ...reply.headers, [WORLD_CLOCK_HEADER]: clock } };
}

async function ownReply(world: World, request: Request, pathname: string): Promise<WireReply> {
  settleLateWrites(world);
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (isRead && pathname === "/") return jsonReply(200, { kind: KIND, api: API_PREFIX });
  if (isRead && pathname === "/__world") return jsonReply(200, worldOf(world));
  if (isRead && pathname === "/__control/log") return jsonReply(200, world.log.entries());
  if (isRead && pathname === "/__control/edits") return jsonReply(200, world.edits.entries());
  if (request.method === "POST" && pathname === "/__control") return control(world, request);
  return jsonReply(404, {
    problem: `There is nothing at ${request.method} ${pathname}; the API is below ${API_PREFIX}.`,
  });
}

function worldOf(world: World): Record<string, unknown> {
  return {
    kind: KIND,
    clock: decodeClock(world.clockHeader()),
    now: new Date(world.nowMs()).toISOString(),
    workspace_id: world.state.workspaceId,
    bot_id: world.state.botId,
    databases: world.catalog
      .databases()
      .map(({ key, title, id, dataSourceIds }) => ({ key, title, id, data_source_ids: dataSourceIds })),
  };
}

async function control(world: World, request: Request): Promise<WireReply> {
  // A page in a browser cannot send this content type to another origin without asking first.
  if (!request.headers.get("content-type")?.startsWith("application/json")) {
    return jsonReply(400, { ok: false, problem: "Send the op as JSON with content-type application/json." });
  }
  let op: unknown;
  try {
    op = JSON.parse(await request.text());
  } catch {
    return jsonReply(400, { ok: false, problem: "The op is not JSON." });
  }
  const reply = applyControl(world, op);
  return jsonReply(reply.ok ? 200 : 400, reply);
}
