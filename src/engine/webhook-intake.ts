import { WEBHOOK_AGE_MAX_MS } from "../core/policy.ts";
import type { Announcement } from "../core/webhooks/announcement.ts";
import type { NotionEvent } from "../core/webhooks/notion-event.ts";
import { suspectedOf } from "../core/webhooks/own-writes.ts";
import type { Ports } from "../ports/ports.ts";

/** What becomes of an event with a valid signature: kept, known or none of ours; or refused, in a sentence. */
export type Received = { readonly kept: boolean } | { readonly error: string };

type Door = Pick<Ports, "inbox" | "wake" | "world">;

/**
 * Take in an event of Fireflies: a row, then a wake-up. Nothing else happens here: what was announced is read by a run.
 */
export async function receiveMeeting(door: Door, event: Announcement): Promise<Received> {
  const { inbox, world } = door;
  const problem = outOfTime(event, world.nowMs());
  if (problem !== null) return { error: problem };
  const row = { ...event, sync: "fireflies", byUs: false, properties: null, suspected: [] } as const;
  const kept = await inbox.keep({ ...row, receivedMs: world.nowMs() });
  if (kept && event.isReadable) await door.wake();
  return { kept };
}

/**
 * Take in an event of Notion, if it is about a page or data source of ours: a row with the pushes into whose window a person
 * typed, then a wake-up. What our own bot has done wakes nobody: most of it is an echo.
 */
export async function receivePage(door: Door, event: NotionEvent): Promise<Received> {
  const { inbox, world } = door;
  const receivedMs = world.nowMs();
  const problem = outOfTime(event, receivedMs);
  if (problem !== null) return { error: problem };
  if (!event.isReadable || event.entity === "other") return { kept: false };
  const placed = await inbox.place(event);
  if (placed === null) return { kept: false };
  const { sync, botId, pushes } = placed;
  const byUs = event.authors.length > 0 && event.authors.every(({ id }) => id === botId);
  const isPerson = event.authors.some(({ type }) => type === "person");
  const suspected = isPerson ? suspectedOf({ ...event, receivedMs }, pushes) : [];
  const kept = await inbox.keep({ ...event, sync, byUs, receivedMs, suspected });
  if (kept && !byUs) await door.wake();
  return { kept };
}

/** A signature does not grow old by itself: the time that it covers does. Events of the old form of Fireflies say none. */
function outOfTime({ eventMs }: Announcement, nowMs: number): string | null {
  if (eventMs === null || Math.abs(nowMs - eventMs) <= WEBHOOK_AGE_MAX_MS) return null;
  return "the event is of another time, by more than three days: nobody sends one so late, so it is taken for a copy";
}
