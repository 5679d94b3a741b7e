/** Which notice of an alert is due over a channel, and what comes after it. Pure. */
import type { AlertKind } from "./alerts.ts";
import type { Failure } from "./errors.ts";
import { HOUR_MS } from "./durations.ts";
import { ALERT_AGAIN_AFTER_MS, ALERT_MESSAGES_PER_HOUR, ALERT_WAIT_MAX_MS } from "./policy.ts";
import { nextAfter } from "./retry.ts";

/** Numbers of notices: opened, told again for the nth time (n), closed. */
export const OPENED = 0;
export const CLOSED = -1;

/** An alert with something to tell over one channel, and the notice of it that is not over; times are world ms. */
export type Tellable = {
  readonly id: string;
  readonly kind: AlertKind;
  readonly subject: string;
  readonly detail: string;
  readonly openedMs: number;
  readonly closedMs: number | null;
  /** Null: none was planned yet. */
  readonly pending: { readonly notice: number; readonly attempts: number } | null;
  /** Whether this channel has heard of it. */
  readonly isTold: boolean;
};

/** A notice as it stands after a beat; what is not over has no outcome. */
export type Delivery = {
  readonly alertId: string;
  readonly notice: number;
  /** Begun, those that were cut off included. */
  readonly attempts: number;
  /** When it is tried next, world ms; null while not over: it waits for a person. */
  readonly nextMs: number | null;
  readonly outcome: "delivered" | "failed" | "dropped" | null;
  readonly detail: string | null;
};

/** What a channel is to be told of an alert now, or what is left out, and why. */
export type Due = {
  readonly alert: Tellable;
  readonly notice: number;
  readonly attempts: number;
  /** Null: it is to be sent. */
  readonly leaveOut: string | null;
};

/**
 * The notice of an alert that is due. The closing is told only to who heard of the opening; a notice that was begun as often
 * as its ladder allows is left out, so that a crash between sending and writing cannot send for ever.
 *
 * @param isBlocked whether the channel waits for another address
 */
export function dueNotice(alert: Tellable, isBlocked: boolean): Due {
  const { closedMs, pending, isTold } = alert;
  const isClosed = closedMs !== null;
  const own = isClosed && pending?.notice !== CLOSED ? null : pending;
  const notice = isClosed ? CLOSED : (own?.notice ?? OPENED);
  const attempts = own?.attempts ?? 0;
  const due = { alert, notice, attempts };
  if (isClosed && !isTold) return { ...due, leaveOut: "its opening was not told here" };
  if (isBlocked) return { ...due, leaveOut: NEEDS_ADDRESS };
  if (isUsedUp(attempts)) return { ...due, leaveOut: "cut off at each try" };
  return { ...due, leaveOut: null };
}

/** Why nothing is sent over a channel that refused for good. */
export const NEEDS_ADDRESS = "the channel needs another address";

/** Whether a notice was begun as often as a step may be: once, and once after each wait. */
function isUsedUp(attempts: number): boolean {
  const cutOff: Failure = { kind: "unreachable", party: "engine", detail: "" };
  return attempts > 0 && nextAfter(cutOff, attempts, 0).do === "halt";
}

/** What a beat leaves: the notices as they stand, when the channel may be used again, and whether it waits for a person. */
export type Told = {
  readonly deliveries: readonly Delivery[];
  readonly notBeforeMs: number;
  readonly isBlocked: boolean;
};

/** How notices stand after their message was sent, or after it failed; `begun` counts the attempt. */
export function afterSending(begun: readonly Due[], failure: Failure | null, nowMs: number): Told {
  if (failure === null)
    return {
      deliveries: begun.flatMap((due) => [over(due, "delivered", null), ...nextNotice(due, nowMs)]),
      notBeforeMs: 0,
      isBlocked: false,
    };
  const ends = begun.map((due) => ({ due, untilMs: retryAtMs(failure, due.attempts, nowMs) }));
  const waits = ends.map(({ untilMs }) => untilMs).filter((untilMs) => typeof untilMs === "number");
  const isBlocked = ends.some(({ untilMs }) => untilMs === "blocked");
  return {
    deliveries: ends.flatMap(({ due, untilMs }) => afterFailure(due, untilMs, { failure, nowMs })),
    notBeforeMs: waits.length === 0 ? 0 : Math.min(...waits),
    isBlocked,
  };
}

/** World ms of the next try; or that there is none, because it is given up, or waits for another address. */
function retryAtMs(failure: Failure, attempts: number, nowMs: number): number | "given up" | "blocked" {
  const next = nextAfter(failure, attempts, nowMs);
  if (next.do === "halt") return "given up";
  return next.untilMs === null || next.untilMs - nowMs > ALERT_WAIT_MAX_MS ? "blocked" : next.untilMs;
}

function afterFailure(
  due: Due,
  untilMs: ReturnType<typeof retryAtMs>,
  { failure, nowMs }: { readonly failure: Failure; readonly nowMs: number },
): readonly Delivery[] {
  if (untilMs === "given up") return [over(due, "failed", failure.detail), ...nextNotice(due, nowMs)];
  // A closing that waits for a person would come when nobody remembers the alert.
  if (untilMs === "blocked" && due.notice === CLOSED) return [over(due, "failed", failure.detail)];
  return [{ ...row(due), nextMs: untilMs === "blocked" ? null : untilMs, detail: failure.detail }];
}

/** How a notice that is left out stands: over; or, of an open alert over a blocked channel, waiting for a person. */
export function leftOut(due: Due, nowMs: number): readonly Delivery[] {
  if (due.leaveOut === NEEDS_ADDRESS && due.notice !== CLOSED)
    return [{ ...row(due), detail: NEEDS_ADDRESS }];
  if (due.notice === CLOSED) return [over(due, due.alert.isTold ? "failed" : "dropped", due.leaveOut)];
  return [over(due, "failed", due.leaveOut), ...nextNotice(due, nowMs)];
}

/** The notice that was planned for an alert and is not needed any more, because it has closed. */
export function superseded({ alert }: Due): readonly Delivery[] {
  const { closedMs, pending, id } = alert;
  if (closedMs === null || pending === null || pending.notice === CLOSED) return [];
  return [{ ...pending, alertId: id, nextMs: null, outcome: "dropped", detail: "the alert closed before" }];
}

/** An open alert is told again later, however this time went. */
function nextNotice({ alert, notice }: Due, nowMs: number): readonly Delivery[] {
  if (notice === CLOSED) return [];
  const waitMs = Number(ALERT_AGAIN_AFTER_MS[Math.min(notice, ALERT_AGAIN_AFTER_MS.length - 1)]);
  return [
    {
      alertId: alert.id,
      notice: notice + 1,
      attempts: 0,
      nextMs: nowMs + waitMs,
      outcome: null,
      detail: null,
    },
  ];
}

function row({ alert, notice, attempts }: Due): Delivery {
  return { alertId: alert.id, notice, attempts, nextMs: null, outcome: null, detail: null };
}

function over(due: Due, outcome: NonNullable<Delivery["outcome"]>, detail: string | null): Delivery {
  return { ...row(due), outcome, detail };
}

/** Messages begun within an hour that began at `fromMs`, world time. */
export type MessageWindow = { readonly fromMs: number; readonly messages: number };

/**
 * Count one more message of an hour.
 *
 * @returns the window as it is to be written, or the world ms until which nothing more is sent
 */
export function takeMessage(
  window: MessageWindow,
  nowMs: number,
): MessageWindow | { readonly fullUntilMs: number } {
  const endsMs = window.fromMs + HOUR_MS;
  // One that begins in the future was written before the clock was set back.
  const isOver = nowMs >= endsMs || nowMs < window.fromMs;
  if (isOver) return { fromMs: nowMs, messages: 1 };
  if (window.messages >= ALERT_MESSAGES_PER_HOUR) return { fullUntilMs: endsMs };
  return { fromMs: window.fromMs, messages: window.messages + 1 };
}
