import type { Trade } from "./company.ts";

/** Kinds of meetings the company holds. */
export const MEETING_KINDS = [
  "site walk",
  "permit review",
  "change order",
  "budget review",
  "safety",
  "schedule",
  "client call",
] as const;
export type MeetingKind = (typeof MEETING_KINDS)[number];

/**
 * Something a meeting is about. Slots in braces are filled once per meeting and stay the same through the talk:
 * {area} {project} {firm} {sub} {days} {cost} {date} {count} {client}.
 */
export type Issue = {
  topic: string;
  keyword: string;
  trade: Trade;
  kinds: readonly MeetingKind[];
  opening: readonly string[];
  question: readonly string[];
  answer: readonly string[];
  detail: readonly string[];
  /** Completes "We will ...". */
  decision: readonly string[];
  /** An order to one person. */
  action: string;
};
