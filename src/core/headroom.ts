/** How much room each store has left, and when it is full at the pace of the last weeks. Pure. */
import { DAY_MS } from "./durations.ts";
import { D1_DATABASE_BYTES_MAX, D1_ROW_BYTES_MAX, VECTORS_PER_INDEX_MAX } from "./limits.ts";
import {
  D1_USED_SHARE_MAX,
  DISK_LOW_BYTES,
  HEADROOM_DAYS_MIN,
  HEADROOM_EASE,
  HEADROOM_WARN_MS,
  HEADROOM_WARN_SHARE,
  HEADROOM_WINDOW_MS,
  STORAGE_FREE_BYTES_MIN,
} from "./policy.ts";

/** What may be full: the database, its largest row, the raw store, the live index, the disk that carries them locally. */
export const STORES = ["d1", "row", "r2", "vectors", "disk"] as const;
export type StoreName = (typeof STORES)[number];

/** A store as it was measured: bytes, or vectors. */
export type StoreReading = {
  readonly store: StoreName;
  /** Null where only what is left can be measured. */
  readonly used: number | null;
  /** What is left until syncs are halted, not below 0; null where nothing bounds it. */
  readonly room: number | null;
};

/** A reading that was kept; one a day, the last. */
export type StorageSample = StoreReading & { readonly atMs: number };

/** `full`: syncs that need it are halted. `filling`: somebody should make room. */
type HeadroomLevel = "ok" | "filling" | "full";

/** How a store stands, and where it goes. */
export type Headroom = StorageSample & {
  /** Share of what may be used that is; null where that is not known. */
  readonly usedShare: number | null;
  /** How much less room each day brings, by the last weeks; null: not yet known. */
  readonly perDay: number | null;
  /** World ms at which it is full at that pace; null: not yet known, or never. */
  readonly fullMs: number | null;
  readonly level: HeadroomLevel;
};

/** The database. @param sizeBytes as D1 says with each result */
export function d1Reading(sizeBytes: number): StoreReading {
  const cap = Math.floor(D1_DATABASE_BYTES_MAX * D1_USED_SHARE_MAX);
  return { store: "d1", used: sizeBytes, room: Math.max(0, cap - sizeBytes) };
}

/** The largest row of the database. */
export function rowReading(bytes: number): StoreReading {
  return { store: "row", used: bytes, room: Math.max(0, D1_ROW_BYTES_MAX - bytes) };
}

/** The raw store, which nothing bounds. */
export function rawReading(bytes: number): StoreReading {
  return { store: "r2", used: bytes, room: null };
}

/** The live index. */
export function vectorsReading(vectorCount: number): StoreReading {
  return {
    store: "vectors",
    used: vectorCount,
    room: Math.max(0, VECTORS_PER_INDEX_MAX - vectorCount),
  };
}

/** A disk of ours; what else lies on it is nobody's business here. */
export function diskReading(freeBytes: number): StoreReading {
  return { store: "disk", used: null, room: Math.max(0, freeBytes - STORAGE_FREE_BYTES_MIN) };
}

/** Whether a store has no room left. */
export function isFull({ room }: StoreReading): boolean {
  return room !== null && room <= 0;
}

/**
 * How a store stands now, and when it is full. The forecast is a straight line through what the last weeks have measured.
 *
 * @param samples of this store, in any order
 */
export function headroomOf(now: StorageSample, samples: readonly StorageSample[], nowMs: number): Headroom {
  const perDay = lessPerDay(
    [...samples.filter(({ atMs }) => dayOf(atMs) !== dayOf(now.atMs)), now].filter(
      ({ atMs }) => atMs <= nowMs && atMs >= nowMs - HEADROOM_WINDOW_MS,
    ),
  );
  const { used, room } = now;
  const usedShare = used === null || room === null ? null : used / Math.max(1, used + room);
  const daysLeft = room === null || perDay === null || perDay <= 0 ? null : room / perDay;
  // Beyond some hundred thousand years there is no date.
  const fullMs = daysLeft === null || daysLeft > DAYS_MAX ? null : Math.round(nowMs + daysLeft * DAY_MS);
  const standing = { ...now, usedShare, perDay, fullMs };
  const level = isFull(now) ? "full" : isFilling(standing, nowMs, NO_EASE) ? "filling" : "ok";
  return { ...standing, level };
}

/**
 * How every store stands: as it is now where that could be measured at once, else as it was measured last. One that was
 * never measured is left out.
 *
 * @param live what was measured just now
 * @param samples of all stores, oldest first
 */
export function headroomsOf(
  live: readonly StoreReading[],
  samples: readonly StorageSample[],
  nowMs: number,
): Headroom[] {
  return STORES.flatMap((store): Headroom[] => {
    const own = samples.filter((sample) => sample.store === store);
    const measured = live.find((reading) => reading.store === store);
    const now = measured === undefined ? own.at(-1) : { ...measured, atMs: nowMs };
    return now === undefined ? [] : [headroomOf(now, own, nowMs)];
  });
}

/**
 * Whether people are to be warned of a store. A warning that stands ends only some way below where it begins: a store at the
 * threshold would open and close it by turns.
 */
export function warnsOf(headroom: Headroom, isWarned: boolean, nowMs: number): boolean {
  return headroom.level !== "ok" || (isWarned && isFilling(headroom, nowMs, HEADROOM_EASE));
}

const NO_EASE = { share: 0, forecastMs: 0, diskBytes: 0 };

function isFilling(
  { usedShare, room, fullMs }: Omit<Headroom, "level">,
  nowMs: number,
  ease: typeof NO_EASE,
): boolean {
  if (fullMs !== null && fullMs - nowMs < HEADROOM_WARN_MS + ease.forecastMs) return true;
  if (usedShare !== null) return usedShare >= HEADROOM_WARN_SHARE - ease.share;
  return room !== null && room < DISK_LOW_BYTES + ease.diskBytes;
}

const DAYS_MAX = 36_500_000;

/** A day of world time, ISO 8601. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Slope of the line with the least squares, in room per day, turned round; null with too few days. */
function lessPerDay(samples: readonly StorageSample[]): number | null {
  const points = samples.flatMap(({ atMs, room }) => (room === null ? [] : [{ x: atMs / DAY_MS, y: room }]));
  if (new Set(samples.map(({ atMs }) => dayOf(atMs))).size < HEADROOM_DAYS_MIN || points.length === 0)
    return null;
  const mean = (of: (point: { x: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const spread = mean(({ x }) => (x - meanX) ** 2);
  return spread === 0 ? null : -mean(({ x, y }) => (x - meanX) * (y - meanY)) / spread;
}

const TITLES: Readonly<Record<StoreName, string>> = {
  d1: "database",
  row: "largest row",
  r2: "raw store",
  vectors: "vectors",
  disk: "disk",
};

/** A store as people name it. */
export function storeTitle(store: StoreName): string {
  return TITLES[store];
}

/** How a store stands, on one line: "database: 1.2 GB of 10.2 GB (12 %), 3.1 MB more a day, full on 2031-01-02". */
export function headroomWords({ store, used, room, usedShare, perDay, fullMs, level }: Headroom): string {
  const say = store === "vectors" ? (count: number): string => `${Math.round(count)}` : sizeWords;
  const of = usedShare === null ? "" : ` of ${say(Number(used) + Number(room))} (${percent(usedShare)})`;
  const amount = used === null ? `${say(Number(room))} left` : `${say(used)}${of}`;
  const state = level === "full" ? ", FULL" : "";
  return `${TITLES[store]}: ${amount}${state}${room === null ? "" : paceWords(say, perDay, fullMs)}`;
}

function paceWords(say: (amount: number) => string, perDay: number | null, fullMs: number | null): string {
  if (perDay === null) return ", when it will be full is not known yet";
  if (perDay <= 0) return ", not growing";
  const full = fullMs === null ? "never full at that pace" : `full on ${dayOf(fullMs)}`;
  return `, ${say(perDay)} more a day, ${full}`;
}

function percent(share: number): string {
  const percents = share * 100;
  return `${percents > 0 && percents < 1 ? "<1" : Math.round(percents)} %`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** A size as people read it: "3.1 MB". */
export function sizeWords(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1_000 && unit < UNITS.length - 1) {
    amount /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${String(UNITS[unit])}`;
}
