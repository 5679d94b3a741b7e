import { answerApiCall } from "./api-handler.ts";
import { applyControl } from "./control.ts";
import { phaseAt } from "./lifecycle.ts";
import { jsonReply, type WireReply } from "../world/wire-reply.ts";
import { clockHeader, nowOf, type World } from "./world.ts";

/** Where the API is; everything else on the emulator is its own. */
const API_PATH = "/graphql";

/** Answer one request, whatever its path. `onWire`: a socket follows, so bodies of the API may be compressed. */
export async function routeRequest(world: World, request: Request, onWire: boolean): Promise<WireReply> {
  const { pathname } = new URL(request.url);
  if (pathname === API_PATH) return answerApiCall(world, request, onWire);
  const reply = await ownReply(world, request, pathname);
  return { ...reply, headers: { ...reply.headers, ...clockHeader(world) } };
}

async function ownReply(world: World, request: Request, pathname: string): Promise<WireReply> {
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (isRead && pathname === "/") return jsonReply(200, { kind: KIND, api: API_PATH });
  if (isRead && pathname === "/__world") return jsonReply(200, worldOf(world));
  if (isRead && pathname === "/__control/log") return jsonReply(200, world.log.entries());
  if (isRead && pathname === "/__control/meetings") return jsonReply(200, meetingsOf(world));
  if (isRead && pathname === "/__control/webhooks") return jsonReply(200, world.state.webhooks.deliveries);
  if (request.method === "POST" && pathname === "/__control") return control(world, request);
  return jsonReply(404, {
    problem: `There is nothing at ${request.method} ${pathname}; the API is at POST ${API_PATH}.`,
  });
}

const KIND = "fireflies-emulator";

function worldOf(world: World): Record<string, unknown> {
  const { clock, account } = world.state;
  return { clock, account_id: account.id, kind: KIND, now: new Date(nowOf(world)).toISOString() };
}

/** What is really there at this moment, for tests to compare with. */
function meetingsOf(world: World): Record<string, unknown>[] {
  const nowMs = nowOf(world);
  return world.store.visibleAt(nowMs).map(({ id, title, createdMs, version, lifecycle }) => ({
    id,
    title,
    createdMs,
    version,
    phase: phaseAt(lifecycle, nowMs),
  }));
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
