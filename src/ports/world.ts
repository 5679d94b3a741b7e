import type { Timer } from "../core/in-time.ts";

/**
 * The only clock and the only chance. World time is what the vendors' clocks show and what due times, ages and waits are
 * counted in; with an emulated world it may run faster than real time. Real time serves timeouts, leases and durations.
 */
export type World = {
  /** World time, epoch ms. */
  nowMs(): number;
  /** Real time, epoch ms; for leases and measured durations. */
  realNowMs(): number;
  /** The real instant, epoch ms, at which world time will be `worldMs`. */
  realAtMs(worldMs: number): number;
  /** A new ULID: sortable by world time, unique. */
  newId(): string;
  /** A timer that aborts its signal after so many real ms unless it is stopped. */
  timer(realMs: number): Timer;
  /** A signal that aborts after so many real ms. */
  timeout(realMs: number): AbortSignal;
};
