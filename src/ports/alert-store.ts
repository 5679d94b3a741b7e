import type { AlertKind } from "../core/alerts.ts";
import type { Delivery, MessageWindow, Tellable } from "../core/notices.ts";

/** A person's word that they have an alert in hand. */
export type Acknowledgement = { readonly atMs: number; readonly by: string; readonly note: string | null };

/** An alert as it is listed, with what became of its notices. Times are world ms. */
export type ListedAlert = {
  readonly id: string;
  readonly kind: AlertKind;
  readonly subject: string;
  readonly detail: string;
  readonly openedMs: number;
  readonly closedMs: number | null;
  readonly acknowledged: Acknowledgement | null;
  /** The latest of each channel first, at most ALERT_DELIVERIES_SHOWN in all. */
  readonly deliveries: readonly ListedDelivery[];
};

export type ListedDelivery = Omit<Delivery, "alertId"> & {
  readonly channel: string;
  readonly doneMs: number | null;
};

/** How a channel fares; what was never used has no row. */
export type ChannelState = {
  readonly channel: string;
  /** World ms before which nothing is sent. */
  readonly notBeforeMs: number;
  /** Refused for good: another address or a successful test lifts it. */
  readonly isBlocked: boolean;
  /** World ms of the first failure since a message arrived; null: none. */
  readonly failingSinceMs: number | null;
  /** Why it fails. */
  readonly detail: string | null;
  readonly lastOkMs: number | null;
  /** Notices of open alerts that were tried, or wait for a person. */
  readonly waiting: number;
};

/** Whoever sends over a channel: one at a time, for ALERT_CLAIM_MS. */
export type Claim = {
  readonly channel: string;
  readonly id: string;
  readonly realNowMs: number;
  readonly nowMs: number;
};

/** What one beat leaves behind. */
export type Telling = {
  readonly deliveries: readonly Delivery[];
  /** How the channel fares now; null: nothing was sent. */
  readonly sent: { readonly failure: string | null; readonly isBlocked: boolean } | null;
  readonly notBeforeMs: number;
  /** Channels that have to hear of the end of an alert before it is settled. */
  readonly channels: readonly string[];
};

/**
 * Alerts and how people are told of them, in D1. Methods fail with party "d1" and kind locked, unreachable, storage_full or
 * defect. Every write may be done twice.
 */
export type AlertStore = {
  /** Open alerts, oldest first, then those that closed last, at most ALERTS_CLOSED_SHOWN. */
  list(): Promise<{ items: ListedAlert[]; cursor: null }>;
  /** Acknowledge an open alert; who was first stands. The alert as it is then; null: there is no such alert. */
  acknowledge(id: string, word: Acknowledgement): Promise<Omit<ListedAlert, "deliveries"> | null>;
  channelStates(): Promise<{ items: ChannelState[]; cursor: null }>;

  /**
   * Take a channel and read what is due over it, in one batch; at most ALERTS_PER_BEAT alerts. Null: somebody else has it.
   */
  claim(
    claim: Claim,
  ): Promise<{ alerts: readonly Tellable[]; state: ChannelState; window: MessageWindow } | null>;
  /** Write that notices are about to be sent, and the message counted. False: the claim is lost, and nothing was written. */
  begin(claim: Claim, deliveries: readonly Delivery[], window: MessageWindow): Promise<boolean>;
  /** Write what came of them, settle alerts that have nothing more to tell, and give the channel back. Nothing if the claim is lost. */
  finish(claim: Claim, telling: Telling): Promise<void>;
  /**
   * Write what came of a test: one that arrived lifts what held the channel back, and what waited for it is due; one that
   * failed is how the channel fares.
   */
  tested(channel: string, failure: string | null, nowMs: number): Promise<void>;
};
