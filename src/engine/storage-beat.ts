import { FailureError, failureOf } from "../core/errors.ts";
import {
  d1Reading,
  diskReading,
  headroomsOf,
  headroomWords,
  isFull,
  vectorsReading,
  warnsOf,
  type StoreReading,
} from "../core/headroom.ts";
import {
  FULL_VECTORS_EVERY_MS,
  HEADROOM_WINDOW_MS,
  STORAGE_RETRY_AFTER_MS,
  STORAGE_SAMPLE_EVERY_MS,
} from "../core/policy.ts";
import { elapsedMs } from "../core/schedule.ts";
import type { Ports } from "../ports/ports.ts";
import type { Glance } from "../ports/request-store.ts";
import type { SyncName } from "../ports/run-store.ts";

/** Subjects of runs that found no room: those that are not begun until there is some, and those that are tried again now. */
export type Roomless = { readonly held: ReadonlySet<string>; readonly again: ReadonlySet<string> };

const NOTHING_HELD: Roomless = { held: new Set(), again: new Set() };

/**
 * Which syncs found a store full and wait for room. Measured only while an alert says that there are any. Proof and cleanup
 * need next to none and go on; so do vectors now and then, for what they have to delete.
 */
export async function lanesWithoutRoom(ports: Ports, seen: Glance): Promise<Roomless> {
  if (seen.fullSubjects.length === 0) return NOTHING_HELD;
  const readings = await measureNow(ports);
  const nowMs = ports.world.nowMs();
  const hasRoom = (subject: string): boolean =>
    subject === "verify" ||
    subject === "cleanup" ||
    readings.every((reading) => !isFull(reading) || (reading.store === "vectors" && subject !== "vectors"));
  const sinceEndMs = (subject: string): number => {
    const last = seen.last.find(({ sync }) => sync === subject);
    return elapsedMs(last?.endedMs ?? 0, nowMs);
  };
  const mayGoOn = (subject: string): boolean =>
    hasRoom(subject) || (subject === "vectors" && sinceEndMs(subject) >= FULL_VECTORS_EVERY_MS);
  return {
    held: new Set(seen.fullSubjects.filter((subject) => !mayGoOn(subject))),
    again: new Set(
      seen.fullSubjects.filter(
        (subject) => mayGoOn(subject) && sinceEndMs(subject) >= STORAGE_RETRY_AFTER_MS,
      ),
    ),
  };
}

/** What can be measured at once. A store that does not answer is left out: it is not known to be full. */
async function measureNow({ runs, freeBytes, index }: Ports): Promise<StoreReading[]> {
  const [d1, disk, vectors] = await Promise.all([
    answered(async () => d1Reading((await runs.health()).sizeBytes)),
    answered(async () => {
      const free = await freeBytes();
      return free === null ? null : diskReading(free);
    }),
    answered(async () => vectorsReading((await index.describe()).vectorCount)),
  ]);
  return [d1, disk, vectors].filter((reading) => reading !== null);
}

async function answered(measure: () => Promise<StoreReading | null>): Promise<StoreReading | null> {
  try {
    return await measure();
  } catch (error) {
    // What a store answers that is no known failure is told by the run that needs it; here it must not stop every other lane.
    if (!(error instanceof FailureError)) throw error;
    return null;
  }
}

/** Once an hour: keep how full the stores are, and warn of what is filling. */
export async function watchStorage(
  ports: Ports,
  seen: Pick<Glance, "sampledMs" | "fullSubjects">,
): Promise<void> {
  const { storage, runs, world } = ports;
  const nowMs = world.nowMs();
  if (seen.sampledMs !== null && elapsedMs(seen.sampledMs, nowMs) < STORAGE_SAMPLE_EVERY_MS) return;
  const readings = await measureNow(ports);
  await unlessFull(ports, "storage", async () => {
    await storage.keep(readings, nowMs);
    // There was room to say so.
    if (seen.fullSubjects.includes("storage"))
      await runs.updateAlerts(null, nowMs, {
        open: [],
        close: [{ kind: "storage_full", subject: "storage" }],
      });
  });
  await warn(ports, readings);
}

/** What cannot be measured at once, such as the largest row, is judged by what cleanup has measured last. */
async function warn(ports: Ports, readings: readonly StoreReading[]): Promise<void> {
  const { storage, runs, world } = ports;
  const nowMs = world.nowMs();
  const [{ items: samples }, { items: open }] = await Promise.all([
    storage.samples(nowMs - HEADROOM_WINDOW_MS),
    runs.openAlerts(),
  ]);
  const warned = new Set(open.filter(({ kind }) => kind === "storage_filling").map(({ subject }) => subject));
  const stores = headroomsOf(readings, samples, nowMs).map((headroom) => {
    const isWarned = warned.has(headroom.store);
    const alert = { kind: "storage_filling", subject: headroom.store } as const;
    return { headroom, alert, isWarned, warns: warnsOf(headroom, isWarned, nowMs) };
  });
  const opened = stores
    .filter(({ warns }) => warns)
    .map(({ alert, headroom }) => ({ ...alert, id: world.newId(), detail: headroomWords(headroom) }));
  const closed = stores.filter(({ warns, isWarned }) => isWarned && !warns).map(({ alert }) => alert);
  await unlessFull(ports, "storage", () => runs.updateAlerts(null, nowMs, { open: opened, close: closed }));
}

/**
 * Do what writes to D1. Where there is no room for it, that is said at once, out of the ballast; what was not written is
 * written by a later beat.
 *
 * @returns what the work gave; null if there was no room
 */
export async function unlessFull<T>(
  { storage, world }: Pick<Ports, "storage" | "world">,
  subject: SyncName | "storage",
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind !== "storage_full") throw error;
    const alert = { id: world.newId(), kind: "storage_full", subject, detail: failure.detail } as const;
    await storage.sayFull(alert, world.nowMs());
    return null;
  }
}
