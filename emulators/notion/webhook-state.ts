/** An event on its way to the receiver. */
export type QueuedEvent = {
  readonly id: string;
  readonly type: string;
  /** Of the first change in it, exact. */
  readonly atMs: number;
  readonly dueMs: number;
  readonly attempt: number;
  readonly entity: { readonly id: string; readonly type: "page" | "data_source" };
  readonly dataSourceId: string;
  readonly databaseId: string;
  readonly authorIds: readonly string[];
  /** Ids for `page.properties_updated`, objects for `data_source.schema_updated`, absent for others. */
  readonly updated?: readonly unknown[];
  /** True for a copy that is sent although an earlier one arrived. */
  readonly isCopy: boolean;
};

export type WebhookState = {
  /** Null: there is no subscription. */
  readonly url: string | null;
  /** False until the token of the handshake was pasted into the settings. */
  readonly isVerified: boolean;
  readonly verificationToken: string;
  readonly version: string;
  /** World milliseconds for which frequent events are collected into one. */
  readonly aggregationMs: number;
  /** Shares of events that come twice, get lost, or come late and so out of order. */
  readonly duplicates: number;
  readonly loss: number;
  readonly disorder: number;
  readonly handshakeDue: boolean;
  readonly queue: readonly QueuedEvent[];
  readonly eventCount: number;
};

export const NO_WEBHOOK: WebhookState = {
  url: null,
  isVerified: false,
  verificationToken: "",
  version: "2026-03-11",
  aggregationMs: 10_000,
  duplicates: 0,
  loss: 0,
  disorder: 0,
  handshakeDue: false,
  queue: [],
  eventCount: 0,
};
