import type { ChannelKind } from "../ports/alert-channel.ts";
import type { ChannelState, ListedAlert } from "../ports/alert-store.ts";
import type { Ports } from "../ports/ports.ts";

/** How a way to reach people fares. Times are world ms. */
export type ChannelStatus = {
  readonly kind: ChannelKind;
  /** `unusable`: what is configured cannot work; `needs another address`: it refused for good. */
  readonly state: "works" | "not used yet" | "failing" | "needs another address" | "unusable";
  /** Since when no message arrived; null unless it fails. */
  readonly sinceMs: number | null;
  /** Why it fails, and what to do. */
  readonly detail: string | null;
  readonly lastOkMs: number | null;
  /** World ms before which nothing is sent; null as a rule. */
  readonly notBeforeMs: number | null;
  /** Open alerts whose notice waits for it. */
  readonly waiting: number;
  /** What a person should know of it; null as a rule. */
  readonly note: string | null;
};

export type AlertList = {
  /** Open ones first, oldest first; then those that closed last. */
  readonly items: readonly ListedAlert[];
  /** Empty: alerts are shown here only. */
  readonly channels: readonly ChannelStatus[];
};

/** Alerts with what became of their notices, and how the channels fare. Reads only. */
export async function readAlerts(ports: Ports): Promise<AlertList> {
  const [{ items }, channels] = await Promise.all([ports.alerts.list(), readChannels(ports)]);
  return { items, channels };
}

/** How each channel that is configured fares. Reads only. */
export async function readChannels({ alerts, channels, world }: Ports): Promise<ChannelStatus[]> {
  if (channels.usable.length + channels.unusable.length === 0) return [];
  const { items } = await alerts.channelStates();
  const nowMs = world.nowMs();
  return [
    ...channels.usable.map(({ kind, name, note }) =>
      channelStatus({ kind, note }, items.find(({ channel }) => channel === name) ?? null, nowMs),
    ),
    ...channels.unusable.map(({ kind, problem }) => ({
      ...NEW,
      kind,
      state: "unusable" as const,
      detail: problem,
    })),
  ];
}

const NEW = {
  state: "not used yet",
  sinceMs: null,
  detail: null,
  lastOkMs: null,
  notBeforeMs: null,
  waiting: 0,
  note: null,
} as const;

function channelStatus(
  known: Pick<ChannelStatus, "kind" | "note">,
  state: ChannelState | null,
  nowMs: number,
): ChannelStatus {
  if (state === null) return { ...NEW, ...known };
  const { isBlocked, failingSinceMs, detail, lastOkMs, notBeforeMs, waiting } = state;
  const unused = lastOkMs === null && failingSinceMs === null;
  return {
    ...known,
    state: isBlocked
      ? "needs another address"
      : failingSinceMs !== null
        ? "failing"
        : unused
          ? "not used yet"
          : "works",
    sinceMs: failingSinceMs,
    detail,
    lastOkMs,
    notBeforeMs: notBeforeMs > nowMs ? notBeforeMs : null,
    waiting,
  };
}
