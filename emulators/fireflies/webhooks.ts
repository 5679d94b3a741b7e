import { rollOf } from "../world/random.ts";
import type { SourceMeeting } from "./source-meeting.ts";
import type { QueuedEvent } from "./webhook-state.ts";
import { nowOf, type World } from "./world.ts";

/** After how long the summary follows the transcript of a meeting that arrives whole. Source: reference 5.2, measured. */
const SUMMARY_AFTER_MS = 33_000;

/** How late an event comes that is to arrive out of order, and how long after the first its copy, in world milliseconds. */
const DISORDER_MS_MAX = 300_000;
const COPY_AFTER_MS = 20_000;

/** What a test event names. Source: reference 5.2, captured live. */
const TEST_MEETING = "test_00000000";

type Told = Pick<QueuedEvent, "event" | "meetingId" | "atMs">;

/** Queue what will be told of a meeting that has just come into the world. Renames, edits and deletions are never told. */
export function announceArrival(world: World, meeting: SourceMeeting): void {
  if (world.state.webhooks.url === null) return;
  const { id: meetingId, lifecycle, appears_at_ms: appearsMs } = meeting;
  const nowMs = nowOf(world);
  const seenMs = Math.max(nowMs, appearsMs ?? nowMs);
  const transcribedMs = Math.max(seenMs, lifecycle?.transcribed_at_ms ?? seenMs);
  const summarizedMs = Math.max(transcribedMs, lifecycle?.summarized_at_ms ?? seenMs + SUMMARY_AFTER_MS);
  if (lifecycle && lifecycle.live_until_ms > nowMs)
    queue(world, { event: "meeting.bot_joined", meetingId, atMs: nowMs });
  queue(world, { event: "meeting.transcribed", meetingId, atMs: transcribedMs });
  const isSummarized = lifecycle ? lifecycle.outcome === "processed" : Boolean(meeting.summary);
  if (isSummarized) queue(world, { event: "meeting.summarized", meetingId, atMs: summarizedMs });
}

/** Queue the event by which a person tries whether anybody listens. */
export function announceTest(world: World): void {
  queue(world, { event: "test", meetingId: TEST_MEETING, atMs: nowOf(world) });
}

/** The old form knows one event only. */
function formsOf({ event }: Told, form: "v1" | "v2" | "both"): ("v1" | "v2")[] {
  const isOld = event === "meeting.transcribed" && form !== "v2";
  return [...(isOld ? (["v1"] as const) : []), ...(form === "v1" ? [] : (["v2"] as const))];
}

function queue(world: World, told: Told): void {
  const { seed } = world.state;
  for (const form of formsOf(told, world.state.webhooks.form)) {
    const { webhooks } = world.state;
    const number = webhooks.eventCount + 1;
    const roll = (what: string): number => rollOf(seed, `${what} of webhook ${number}`);
    const lateMs = roll("disorder") < webhooks.disorder ? Math.floor(roll("lateness") * DISORDER_MS_MAX) : 0;
    const event: QueuedEvent = {
      ...told,
      number,
      form,
      dueMs: told.atMs + lateMs,
      attempt: 1,
      isForged: false,
    };
    const sent = roll("loss") < webhooks.loss ? [] : [event];
    const copies =
      roll("copy") < webhooks.duplicates ? [{ ...event, dueMs: event.dueMs + COPY_AFTER_MS }] : [];
    const forged = roll("forgery") < webhooks.forged ? [{ ...event, isForged: true }] : [];
    world.state.webhooks = {
      ...webhooks,
      eventCount: number,
      queue: [...webhooks.queue, ...sent, ...(sent.length === 0 ? [] : copies), ...forged],
    };
  }
}
