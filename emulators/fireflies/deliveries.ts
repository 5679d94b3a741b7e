import { createHmac } from "node:crypto";
import type { Delivery } from "../world/deliver.ts";
import type { DeliveryLine, QueuedEvent, WebhookState } from "./webhook-state.ts";
import { commit, nowOf, type World } from "./world.ts";

/** Waits before attempts 2 to 4, world ms, where deliveries are repeated at all. Source: reference 5.2, one report. */
const REPEAT_AFTER_MS = [30_000, 120_000, 600_000] as const;

const DELIVERIES_KEPT = 100;

/** What a stranger signs with. */
const FORGED_SECRET = "a-secret-of-somebody-else";

/**
 * Hand over the events that are due, one after the other. What was handed over is off the queue before the receiver hears of it.
 *
 * @returns how many were handed over
 */
export async function deliverDue(world: World): Promise<number> {
  const { deliver } = world;
  // A world may be closed while a receiver still thinks.
  if (!deliver || !world.database.isOpen) return 0;
  const due = takeDue(world);
  for (const event of due) {
    const { webhooks } = world.state;
    if (webhooks.url === null) break;
    const status = await deliver(signed(webhooks.url, webhooks, event)).catch(() => 0);
    if (!world.database.isOpen) break;
    const isHeard = status >= 200 && status < 300;
    commit(world, () => keep(world, event, { status, isHeard }));
  }
  return due.length;
}

function takeDue(world: World): QueuedEvent[] {
  const { webhooks } = world.state;
  const nowMs = nowOf(world);
  const due = webhooks.queue.filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs);
  if (due.length === 0) return [];
  const queue = webhooks.queue.filter((event) => !due.includes(event));
  commit(world, () => void (world.state.webhooks = { ...webhooks, queue }));
  // Of a meeting that is gone there is nothing to tell.
  return due.filter(({ event, meetingId }) => event === "test" || world.store.find(meetingId) !== undefined);
}

function keep(world: World, event: QueuedEvent, reply: { status: number; isHeard: boolean }): void {
  const { webhooks } = world.state;
  const { event: name, meetingId, form, attempt, isForged } = event;
  const atMs = nowOf(world);
  const line: DeliveryLine = { event: name, meetingId, form, attempt, isForged, atMs, status: reply.status };
  const waitMs = webhooks.isRepeated && !reply.isHeard ? REPEAT_AFTER_MS[attempt - 1] : undefined;
  const again = waitMs === undefined ? [] : [{ ...event, attempt: attempt + 1, dueMs: atMs + waitMs }];
  world.state.webhooks = {
    ...webhooks,
    queue: [...webhooks.queue, ...again],
    deliveries: [...webhooks.deliveries, line].slice(-DELIVERIES_KEPT),
  };
}

function signed(url: string, { secret, spelling }: WebhookState, event: QueuedEvent): Delivery {
  const body = JSON.stringify(bodyOf(event));
  const key = event.isForged ? FORGED_SECRET : secret;
  const hex = key === null ? null : createHmac("sha256", key).update(body).digest("hex");
  const isBare = event.form === "v1" && spelling === "bare";
  return {
    url,
    body,
    headers: {
      "content-type": "application/json",
      "user-agent": "Fireflies-Webhook/2.0",
      "x-webhook-delivery-id": `01-${event.dueMs}${String(event.number).padStart(6, "0")}`,
      // A test comes unsigned, whatever the secret. Source: reference 5.2, captured live.
      ...(hex === null || event.event === "test"
        ? {}
        : { "x-hub-signature": isBare ? hex : `sha256=${hex}` }),
    },
  };
}

function bodyOf({ form, event, atMs, meetingId }: QueuedEvent): Record<string, unknown> {
  return form === "v1"
    ? { meetingId, eventType: "Transcription completed" }
    : { event, timestamp: atMs, meeting_id: meetingId };
}
