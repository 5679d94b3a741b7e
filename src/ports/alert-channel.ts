import type { AlertMessage } from "../core/alert-message.ts";

export type ChannelKind = "webhook" | "email";

/** A way to reach people. */
export type AlertChannel = {
  readonly kind: ChannelKind;
  /** The kind and a hash of the address: another address is another channel, which nothing was refused yet. */
  readonly name: string;
  /** What a person should know of it; null as a rule. */
  readonly note: string | null;
  /**
   * Send one message, once. Nothing of the address is in what is thrown.
   *
   * @throws FailureError rate_limited or quota (with a time), unreachable, timed_out; denied: this address will not take
   * messages any more; refused: it does not take this message
   */
  send(message: AlertMessage): Promise<void>;
};

/** How people are told of alerts. */
export type AlertChannels = {
  readonly usable: readonly AlertChannel[];
  /** What is configured and cannot be used, each in a sentence that says what to do. */
  readonly unusable: readonly { readonly kind: ChannelKind; readonly problem: string }[];
};
