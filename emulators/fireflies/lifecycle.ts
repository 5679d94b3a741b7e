import type { Lifecycle } from "./source-meeting.ts";

/** Where a meeting stands: running, over but not transcribed, transcribed without summary, or as finished as it gets. */
export type Phase = "live" | "ended" | "transcribed" | "done";

/** The phase at a world instant. A meeting without lifecycle is done from the start. Source: reference, sections 2.3 and 6. */
export function phaseAt(lifecycle: Lifecycle | null | undefined, nowMs: number): Phase {
  if (!lifecycle || nowMs >= lifecycle.summarized_at_ms) return "done";
  if (nowMs >= lifecycle.transcribed_at_ms) return "transcribed";
  return nowMs >= lifecycle.live_until_ms ? "ended" : "live";
}
