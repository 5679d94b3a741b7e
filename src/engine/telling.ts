import { messageOf, testMessage } from "../core/alert-message.ts";
import { failureOf, type Failure } from "../core/errors.ts";
import {
  afterSending,
  dueNotice,
  leftOut,
  superseded,
  takeMessage,
  type Delivery,
  type Due,
  type MessageWindow,
  type Told,
} from "../core/notices.ts";
import type { AlertChannel } from "../ports/alert-channel.ts";
import type { ChannelState, Claim } from "../ports/alert-store.ts";
import type { Ports } from "../ports/ports.ts";

/**
 * Tell people what is due, over every channel: at most one message each, at most ALERT_SEND_MS long. A channel that fails
 * is no failure of this: it is written down, tried again later by the ladder of every step, and shown.
 *
 * At least once: whoever is killed between sending and writing has the message sent once more after ALERT_CLAIM_MS. The
 * attempt was written before it was sent, so that this ends with the ladder too.
 *
 * @throws FailureError when the ledger cannot be read or written; what is due is due at the next beat then
 */
export async function tellAlerts(ports: Ports): Promise<void> {
  const outcomes = await Promise.allSettled(ports.channels.usable.map((channel) => tellOver(ports, channel)));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** @returns whether anything was written */
async function tellOver(ports: Ports, channel: AlertChannel): Promise<boolean> {
  const { alerts, channels, world } = ports;
  const claim: Claim = {
    channel: channel.name,
    id: world.newId(),
    realNowMs: world.realNowMs(),
    nowMs: world.nowMs(),
  };
  const claimed = await alerts.claim(claim);
  if (claimed === null) return false;
  const due = claimed.alerts.map((alert) => dueNotice(alert, claimed.state.isBlocked));
  const left = due.filter(({ leaveOut }) => leaveOut !== null);
  const deliveries = left.flatMap((one) => [...superseded(one), ...leftOut(one, claim.nowMs)]);
  const toSend = due.filter(({ leaveOut }) => leaveOut === null);
  const sent = await sendDue(ports, { channel, claim, ...claimed }, toSend);
  if (sent === "lost") return false;
  await alerts.finish(claim, {
    deliveries: [...deliveries, ...(sent.told?.deliveries ?? [])],
    sent:
      sent.told === null ? null : { failure: sent.failure?.detail ?? null, isBlocked: sent.told.isBlocked },
    notBeforeMs: sent.told?.notBeforeMs ?? sent.notBeforeMs,
    channels: channels.usable.map(({ name }) => name),
  });
  return true;
}

type Claimed = {
  readonly channel: AlertChannel;
  readonly claim: Claim;
  readonly state: ChannelState;
  readonly window: MessageWindow;
};

/** Send what is due in one message. `told` null: nothing was sent, and not before `notBeforeMs`; `lost`: somebody else has the channel now. */
async function sendDue(
  ports: Ports,
  { channel, claim, state, window }: Claimed,
  due: readonly Due[],
): Promise<"lost" | { told: Told | null; failure: Failure | null; notBeforeMs: number }> {
  const nothing = { told: null, failure: null, notBeforeMs: state.notBeforeMs };
  if (due.length === 0) return nothing;
  const counted = takeMessage(window, claim.nowMs);
  if ("fullUntilMs" in counted) return { ...nothing, notBeforeMs: counted.fullUntilMs };
  const begun = due.map((one) => ({ ...one, attempts: one.attempts + 1 }));
  const rows = [...due.flatMap(superseded), ...begun.map(asBegun(claim.nowMs))];
  const isOurs = await ports.alerts.begin(claim, rows, counted);
  if (!isOurs) return "lost";
  const message = messageOf(begun, await troublesBeside(ports, channel.name), claim.nowMs);
  const failure = await failureOfSending(channel, message);
  return { told: afterSending(begun, failure, ports.world.nowMs()), failure, notBeforeMs: 0 };
}

/** Due still: if nobody writes what came of it, whoever has the channel next tries again. */
function asBegun(nowMs: number): (due: Due) => Delivery {
  return ({ alert, notice, attempts }) => ({
    alertId: alert.id,
    notice,
    attempts,
    nextMs: nowMs,
    outcome: null,
    detail: null,
  });
}

async function failureOfSending(
  channel: AlertChannel,
  message: Parameters<AlertChannel["send"]>[0],
): Promise<Failure | null> {
  try {
    await channel.send(message);
    return null;
  } catch (error) {
    return failureOf(error);
  }
}

/** What the other channels cannot say themselves. */
async function troublesBeside({ alerts, channels }: Ports, name: string): Promise<string[]> {
  const { items } = await alerts.channelStates();
  return channels.usable.flatMap((other) => {
    const state = items.find(({ channel }) => channel === other.name);
    if (other.name === name || state === undefined || state.failingSinceMs === null) return [];
    const since = new Date(state.failingSinceMs).toISOString();
    return [
      `Alerts over ${other.kind} have not arrived since ${since}: ${state.detail ?? "no reason is known"}.`,
    ];
  });
}

/** What came of the test of a channel. */
export type TestedChannel = { readonly kind: AlertChannel["kind"]; readonly problem: string | null };

/**
 * Send a test over every channel, also over one that is held back or refused messages so far: one that arrives lifts that.
 */
export async function testChannels({ alerts, channels, world }: Ports): Promise<TestedChannel[]> {
  const tested = channels.usable.map(async (channel): Promise<TestedChannel> => {
    const failure = await failureOfSending(channel, testMessage(world.nowMs()));
    const problem = failure?.detail ?? null;
    await alerts.tested(channel.name, problem, world.nowMs());
    return { kind: channel.kind, problem };
  });
  return [...(await Promise.all(tested)), ...channels.unusable];
}
