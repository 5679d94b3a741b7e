import { createHmac } from "node:crypto";
import { rollOf } from "../world/random.ts";
import { uuidOf } from "./ids.ts";
import type { QueuedEvent } from "./webhook-state.ts";
import { commit, type World } from "./world.ts";

/** Waits before attempts 2 to 8, in world milliseconds; the last comes about a day after the first. Source: reference 7. */
const RETRY_AFTER_MS = [60_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000, 50_400_000] as const;

/** After how long a copy of an event that arrived comes once more. */
const COPY_AFTER_MS = 60_000;

/**
 * Hand over what is due: the handshake, then the events.
 *
 * What was handed over is off the queue before the receiver hears of it; a failed attempt is queued again.
 *
 * @returns how many were handed over
 */
export async function deliverDue(world: World): Promise<number> {
  const { deliver } = world;
  // A world may be closed while a receiver still thinks.
  if (!deliver || !world.database.isOpen) return 0;
  const handshake = takeHandshake(world);
  const events = takeDue(world);
  if (handshake) await deliver(handshake).catch(() => 0);
  for (const event of events) {
    const { url } = world.state.webhooks;
    if (url === null) break;
    const status = await deliver(signed(world, url, payloadOf(world, event))).catch(() => 0);
    const isHeard = status >= 200 && status < 300;
    const again = isHeard ? copyOf(world, event) : retryOf(event, world.nowMs());
    if (again && world.database.isOpen) commit(world, () => enqueue(world, again));
  }
  return events.length + (handshake ? 1 : 0);
}

function takeHandshake(world: World): ReturnType<typeof signed> | null {
  const { url, handshakeDue, verificationToken } = world.state.webhooks;
  if (url === null || !handshakeDue) return null;
  commit(world, () => void (world.state.webhooks = { ...world.state.webhooks, handshakeDue: false }));
  return signed(world, url, { verification_token: verificationToken });
}

function takeDue(world: World): QueuedEvent[] {
  const { webhooks } = world.state;
  const nowMs = world.nowMs();
  const due = webhooks.queue.filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs);
  if (due.length > 0) {
    const queue = webhooks.queue.filter((event) => !due.includes(event));
    commit(world, () => void (world.state.webhooks = { ...webhooks, queue }));
  }
  return due;
}

function enqueue(world: World, event: QueuedEvent): void {
  world.state.webhooks = { ...world.state.webhooks, queue: [...world.state.webhooks.queue, event] };
}

function retryOf(event: QueuedEvent, nowMs: number): QueuedEvent | null {
  const waitMs = RETRY_AFTER_MS[event.attempt - 1];
  return waitMs === undefined ? null : { ...event, attempt: event.attempt + 1, dueMs: nowMs + waitMs };
}

function copyOf(world: World, event: QueuedEvent): QueuedEvent | null {
  const { seed, webhooks } = world.state;
  if (event.isCopy || rollOf(seed, `copy of ${event.id}`) >= webhooks.duplicates) return null;
  return { ...event, attempt: event.attempt + 1, dueMs: world.nowMs() + COPY_AFTER_MS, isCopy: true };
}

function signed(
  world: World,
  url: string,
  payload: Record<string, unknown>,
): { url: string; headers: Record<string, string>; body: string } {
  const body = JSON.stringify(payload);
  const signature = createHmac("sha256", world.state.webhooks.verificationToken).update(body).digest("hex");
  return {
    url,
    body,
    headers: { "content-type": "application/json", "x-notion-signature": `sha256=${signature}` },
  };
}

/** An event as the receiver gets it: ids, no content. Source: reference 7. */
function payloadOf(world: World, event: QueuedEvent): Record<string, unknown> {
  const { seed, workspaceId, botId, webhooks } = world.state;
  const isOld = webhooks.version < "2025-09-03";
  const parent = {
    id: event.databaseId,
    type: "database",
    ...(isOld ? {} : { data_source_id: event.dataSourceId }),
  };
  return {
    id: event.id,
    timestamp: new Date(event.atMs).toISOString(),
    workspace_id: workspaceId,
    workspace_name: "Demo workspace",
    subscription_id: uuidOf(seed, "subscription"),
    integration_id: uuidOf(seed, "integration"),
    type: event.type,
    authors: event.authorIds.map((id) => ({ id, type: id === botId ? "bot" : "person" })),
    attempt_number: event.attempt,
    api_version: webhooks.version,
    entity: event.entity,
    data: { parent, ...(event.updated ? { updated_properties: event.updated } : {}) },
  };
}
