/** What a channel is told, in words. Nothing of a meeting, no address, no secret: an alert's detail names ids and counts. Pure. */
import { ALERT_WORDS, typed } from "./alert-words.ts";
import type { AlertKind } from "./alerts.ts";
import { MINUTE_MS, HOUR_MS, DAY_MS } from "./durations.ts";
import { CLOSED, OPENED, type Due } from "./notices.ts";
import { ALERT_DETAIL_CHARS_MAX, ALERT_MESSAGE_NAMES_MAX } from "./policy.ts";

/** One message of a channel; the adapter gives it the channel's form. */
export type AlertMessage = {
  /** One line. */
  readonly subject: string;
  readonly parts: readonly MessagePart[];
  /** What else is to be known; empty as a rule. */
  readonly notes: readonly string[];
};

/** One alert of a message. */
type MessagePart = {
  readonly title: string;
  /** Sentences, a line each. */
  readonly lines: readonly string[];
  /** What to run; null where there is nothing to do. */
  readonly command: string | null;
};

/**
 * The message for notices that are due at once.
 *
 * @param troubles sentences about other channels that fail, which those cannot say themselves
 */
export function messageOf(notices: readonly Due[], troubles: readonly string[], nowMs: number): AlertMessage {
  const open = notices.filter(({ notice }) => notice !== CLOSED);
  const closed = notices.filter(({ notice }) => notice === CLOSED);
  const named = [...open, ...closed].slice(0, ALERT_MESSAGE_NAMES_MAX);
  const moreCount = notices.length - named.length;
  const more = moreCount > 0 ? [`${moreCount} more: ${typed("alerts")}`] : [];
  return {
    subject: subjectOf(open, closed, nowMs),
    parts: named.map((due) => (due.notice === CLOSED ? closedPart(due) : openPart(due, nowMs))),
    notes: [...more, ...troubles],
  };
}

/** The message that shows whether a channel works. */
export function testMessage(nowMs: number): AlertMessage {
  const lines = ["This is a test: somebody asked for it, and nothing is wrong.", `Sent ${iso(nowMs)}.`];
  return {
    subject: "meeting-sync: test of this alert channel",
    parts: [{ title: "Test", lines, command: typed("alerts") }],
    notes: [],
  };
}

function subjectOf(open: readonly Due[], closed: readonly Due[], nowMs: number): string {
  const [only] = [...open, ...closed];
  if (only !== undefined && open.length + closed.length === 1)
    return `meeting-sync: ${headline(only, nowMs)}`;
  const parts = [
    ...(open.length > 0 ? [`${open.length} open`] : []),
    ...(closed.length > 0 ? [`${closed.length} closed`] : []),
  ];
  return `meeting-sync: alerts, ${parts.join(", ")}`;
}

function headline({ alert, notice }: Due, nowMs: number): string {
  const name = alertName(alert);
  if (notice === CLOSED) return `closed: ${name}`;
  if (notice === OPENED) return `alert: ${name}`;
  return `still open after ${spanOf(nowMs - alert.openedMs)}: ${name}`;
}

function openPart(due: Due, nowMs: number): MessagePart {
  const { alert, notice } = due;
  const { what, firstLook, command } = ALERT_WORDS[alert.kind];
  const since = notice === OPENED ? "" : `, ${spanOf(nowMs - alert.openedMs)} ago`;
  return {
    title: capital(headline(due, nowMs)),
    lines: [
      `${what}: ${fitToLeave(alert.detail)}.`,
      `Since ${iso(alert.openedMs)}${since}.`,
      `First look: ${firstLook}.`,
      `More: docs/runbook.md, section ${alert.kind}. To stop these reminders: ${typed(`alerts ack ${alert.id}`)}`,
    ],
    command: typed(command),
  };
}

function closedPart(due: Due): MessagePart {
  const { alert } = due;
  const closedMs = alert.closedMs ?? alert.openedMs;
  const lines = [
    `Its condition is gone: it closed by itself ${iso(closedMs)}, open for ${spanOf(closedMs - alert.openedMs)}.`,
  ];
  return { title: capital(headline(due, closedMs)), lines, command: null };
}

/** `access lost (fireflies)` */
export function alertName({ kind, subject }: { readonly kind: AlertKind; readonly subject: string }): string {
  return `${kind.replaceAll("_", " ")} (${subject})`;
}

/** A length of time in its largest whole unit; less than a minute is said to be. */
function spanOf(ms: number): string {
  if (ms < MINUTE_MS) return "less than a minute";
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  return ms < DAY_MS ? `${Math.floor(ms / HOUR_MS)} h` : `${Math.floor(ms / DAY_MS)} d`;
}

/** On one line, bounded, and without anything that looks like an address: details never hold one, and this leaves the house. */
function fitToLeave(detail: string): string {
  const line = detail
    .replaceAll(/\S+@\S+/g, "(address)")
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length > ALERT_DETAIL_CHARS_MAX ? `${line.slice(0, ALERT_DETAIL_CHARS_MAX)} …` : line;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
