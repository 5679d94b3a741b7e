/** An event on its way to the receiver. */
export type QueuedEvent = {
  /** Counts the events of this world; copies share it. */
  readonly number: number;
  readonly event: "meeting.bot_joined" | "meeting.transcribed" | "meeting.summarized" | "test";
  readonly meetingId: string;
  /** World instant of what it tells. */
  readonly atMs: number;
  readonly dueMs: number;
  readonly attempt: number;
  /** In the old form or the new one. */
  readonly form: "v1" | "v2";
  /** True for one with a signature that is not ours: somebody else sends it. */
  readonly isForged: boolean;
};

/** One attempt to hand an event over. */
export type DeliveryLine = Pick<QueuedEvent, "event" | "meetingId" | "form" | "attempt" | "isForged"> & {
  readonly atMs: number;
  /** HTTP status; 0 if nobody answered. */
  readonly status: number;
};

export type WebhookState = {
  /** Null: none is set up. */
  readonly url: string | null;
  /** Null: events come unsigned. */
  readonly secret: string | null;
  readonly form: "v1" | "v2" | "both";
  /** How the old form writes its signature: the vendor's own documents contradict each other. */
  readonly spelling: "prefixed" | "bare";
  /** Whether a delivery that failed is repeated, which nobody knows of the real service. */
  readonly isRepeated: boolean;
  /** Shares of events that come twice, get lost, come late and so out of order, or come forged as well. */
  readonly duplicates: number;
  readonly loss: number;
  readonly disorder: number;
  readonly forged: number;
  readonly queue: readonly QueuedEvent[];
  readonly eventCount: number;
  /** The newest attempts, oldest first. */
  readonly deliveries: readonly DeliveryLine[];
};

export const NO_WEBHOOK: WebhookState = {
  url: null,
  secret: null,
  form: "v2",
  spelling: "prefixed",
  isRepeated: false,
  duplicates: 0,
  loss: 0,
  disorder: 0,
  forged: 0,
  queue: [],
  eventCount: 0,
  deliveries: [],
};
