import { SYNC_NAMES } from "../core/policy.ts";
import { isDue, isScheduled, nextDueMs, retryMs } from "../core/schedule.ts";
import type { Ports } from "../ports/ports.ts";
import type { RunRequest } from "../ports/request-store.ts";
import type { Alert, Lane, Run, SyncName } from "../ports/run-store.ts";

/** When a sync runs next, as things stand. Times are world ms. */
export type SyncSchedule = {
  readonly sync: SyncName;
  /** When it falls due by the clock; now, if it is due already. Null for one that runs when something is owed, or is off. */
  readonly dueMs: number | null;
  /** Whether that is another try of a run that failed, before the next due time of the clock. */
  readonly isRetry: boolean;
  /** What keeps it from running now, in a sentence; null: nothing. */
  readonly held: string | null;
  /** What was asked for and is not answered, the most urgent first. */
  readonly requests: readonly RunRequest[];
};

/** What runs, what the lanes wait for, and what is wrong. */
type Now = {
  readonly lanes: readonly Lane[];
  readonly unfinished: readonly Run[];
  readonly alerts: readonly Alert[];
  readonly last: readonly Run[];
};

/** The schedule of every sync. */
export async function readSchedule(ports: Ports, now: Now): Promise<SyncSchedule[]> {
  const [{ items: requests }, handled] = await Promise.all([ports.requests.open(), ports.requests.handled()]);
  const off = offSyncs(ports);
  return SYNC_NAMES.map((sync) => {
    const reason = off.find((one) => one.sync === sync)?.reason ?? null;
    return {
      sync,
      ...(reason === null ? nextOf(ports, sync, { handled, last: now.last }) : NEVER),
      held: reason ?? heldBy(ports, sync, now),
      requests: requests.filter((request) => request.sync === sync),
    };
  });
}

const NEVER = { dueMs: null, isRetry: false };

function nextOf(
  { world, scheduleMs }: Ports,
  sync: SyncName,
  { handled, last }: Pick<Now, "last"> & { handled: Awaited<ReturnType<Ports["requests"]["handled"]>> },
): Pick<SyncSchedule, "dueMs" | "isRetry"> {
  if (!isScheduled(sync)) return NEVER;
  const nowMs = world.nowMs();
  const handledMs = handled[sync] ?? null;
  // The first cleanup comes at its time, and not at once.
  const isNow = !(sync === "cleanup" && handledMs === null) && isDue(scheduleMs, sync, { handledMs, nowMs });
  const dueMs = isNow ? nowMs : nextDueMs(scheduleMs, sync, nowMs);
  const run = last.find((one) => one.sync === sync && one.rebuild === null);
  const againMs = run === undefined ? null : retryMs(scheduleMs, sync, run);
  return againMs !== null && againMs < dueMs
    ? { dueMs: Math.max(againMs, nowMs), isRetry: true }
    : { dueMs, isRetry: false };
}

function heldBy(
  { configProblem, world }: Ports,
  sync: SyncName,
  { lanes, unfinished, alerts }: Now,
): string | null {
  if (configProblem !== null) return configProblem;
  const lane = lanes.find((one) => one.lane === sync);
  const waits = lane === undefined ? null : waitsSentence(lane, world.nowMs());
  if (waits !== null) return waits;
  const first = unfinished.find((run) => run.sync === sync);
  if (first !== undefined) return `run ${first.id} (${first.priority}) is ${first.state}`;
  const full = alerts.find(({ kind, subject }) => kind === "storage_full" && subject === sync);
  return full === undefined ? null : `it waits for room (${full.detail}) and goes on by itself then`;
}

/** What a lane waits for, in a sentence without a full stop; null: nothing. A run asked for now waits with it. */
export function waitsSentence({ lane, notBeforeMs, reason }: Lane, nowMs: number): string | null {
  if (notBeforeMs !== null && notBeforeMs > nowMs)
    return `${lane} waits until ${new Date(notBeforeMs).toISOString()} (${reason ?? "no reason is known"}) and goes on by itself then`;
  return notBeforeMs === null && reason !== null
    ? `${lane} waits for a person: ${reason}; a run that is asked for tries again`
    : null;
}

/** A sync whose vendor is not configured. */
export type OffSync = { readonly sync: SyncName; readonly reason: string };

/** Off is no failure: with the real key of one vendor the other may have none. */
export function offSyncs({ source, notion }: Ports): OffSync[] {
  const tables = (["clients", "projects"] as const).map((sync) => {
    if (notion === null) return { sync, reason: `${sync} is off: no NOTION_TOKEN is set` };
    const variable = `NOTION_${sync.toUpperCase()}_DATABASE_ID`;
    return notion.databases[sync] === null
      ? { sync, reason: `${sync} is off: neither ${variable} nor notion.${sync}.database names its database` }
      : null;
  });
  const meetings =
    source === null
      ? { sync: "fireflies" as const, reason: "fireflies is off: no FIREFLIES_API_KEY is set" }
      : null;
  return [meetings, ...tables].filter((off) => off !== null);
}
