import { describe, expect, it } from "vitest";
import {
  d1Reading,
  diskReading,
  headroomOf,
  headroomsOf,
  headroomWords,
  isFull,
  rawReading,
  rowReading,
  sizeWords,
  storeTitle,
  STORES,
  vectorsReading,
  warnsOf,
  type StorageSample,
} from "./headroom.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 25, 12);
const GB = 1_000_000_000;

/** The database as it was so many days ago. */
const ago = (days: number, bytes: number): StorageSample => ({
  ...d1Reading(bytes),
  atMs: NOW - days * DAY_MS,
});

describe("headroomOf", () => {
  it("tells the day on which a database is full that grows by as much every day", () => {
    const samples = [1, 2, 3, 4, 5, 6].map((days) => ago(days, GB * (8 - days)));
    const headroom = headroomOf(ago(0, 8 * GB), samples, NOW);
    const capBytes = 0.95 * 10 * 1024 ** 3;
    expect(headroom.perDay).toBeCloseTo(GB, -3);
    expect(headroom.fullMs).toBeCloseTo(NOW + ((capBytes - 8 * GB) / GB) * DAY_MS, -4);
    expect(headroom.level).toBe("filling");
  });

  it("knows no day before five of them were measured, however often each was", () => {
    const often = Array.from({ length: 50 }, (_, n) => ago(n * 0.07, GB - n));
    expect(headroomOf(ago(0, GB), often, NOW)).toMatchObject({ perDay: null, fullMs: null, level: "ok" });
    const four = [1, 2, 3].map((days) => ago(days, GB - days));
    expect(headroomOf(ago(0, GB), four, NOW).perDay).toBeNull();
    const five = [1, 2, 3, 4].map((days) => ago(days, GB - days));
    expect(headroomOf(ago(0, GB), five, NOW).perDay).not.toBeNull();
  });

  it("forgets what was before the last weeks, and what a clock that was set back has left in the future", () => {
    const old = Array.from({ length: 40 }, (_, n) => ago(31 + n, 9 * GB));
    const future = Array.from({ length: 9 }, (_, n) => ago(-1 - n, 9 * GB));
    expect(headroomOf(ago(0, GB), [...old, ...future], NOW).perDay).toBeNull();
  });

  it("says of one that shrinks or stands that it is never full", () => {
    const shrinking = [1, 2, 3, 4, 5].map((days) => ago(days, GB + days));
    const headroom = headroomOf(ago(0, GB), shrinking, NOW);
    expect(headroom.perDay).toBeLessThan(0);
    expect(headroom).toMatchObject({ fullMs: null, level: "ok" });
    const standing = [1, 2, 3, 4, 5].map((days) => ago(days, GB));
    expect(headroomOf(ago(0, GB), standing, NOW)).toMatchObject({ fullMs: null, level: "ok" });
  });

  it("is well while it grows so slowly that it is full in many months only", () => {
    const slow = [1, 2, 3, 4, 5].map((days) => ago(days, GB - days * 1_000_000));
    const headroom = headroomOf(ago(0, GB), slow, NOW);
    expect(headroom.fullMs).toBeGreaterThan(NOW + 365 * DAY_MS);
    expect(headroom.level).toBe("ok");
  });

  it("goes by one reading a day: what was measured earlier today tells nothing more", () => {
    const days = [1, 2, 3, 4, 5].map((day) => ago(day, GB - day * 1_000_000));
    const earlier = [0.1, 0.2, 0.3].map((day) => ago(day, 5 * GB));
    expect(headroomOf(ago(0, GB), [...days, ...earlier], NOW)).toEqual(headroomOf(ago(0, GB), days, NOW));
  });

  it("has no date for what would take longer than any date", () => {
    const slow = [1, 2, 3, 4, 5].map((days) => ago(days, 1_000 - days * 1e-5));
    expect(headroomOf(ago(0, 1_000), slow, NOW).fullMs).toBeNull();
  });

  it("warns by what is used, too, and is full where syncs halt: at 95 % of the cap", () => {
    const capBytes = Math.floor(0.95 * 10 * 1024 ** 3);
    expect(headroomOf(ago(0, capBytes * 0.79), [], NOW).level).toBe("ok");
    expect(headroomOf(ago(0, capBytes * 0.8), [], NOW).level).toBe("filling");
    expect(headroomOf(ago(0, capBytes - 1), [], NOW).level).toBe("filling");
    expect(headroomOf(ago(0, capBytes), [], NOW).level).toBe("full");
  });

  it("judges a disk by what is left of it, and the raw store by nothing", () => {
    const disk = (freeBytes: number) => headroomOf({ ...diskReading(freeBytes), atMs: NOW }, [], NOW);
    expect(disk(50 * GB)).toMatchObject({ level: "ok", usedShare: null });
    expect(disk(GB).level).toBe("filling");
    expect(disk(64 * 1024 * 1024).level).toBe("full");
    expect(disk(0)).toMatchObject({ level: "full", room: 0 });
    expect(headroomOf({ ...rawReading(900 * GB), atMs: NOW }, [], NOW)).toMatchObject({
      level: "ok",
      fullMs: null,
    });
  });
});

describe("headroomsOf", () => {
  it("takes what was measured now, else what was measured last, and leaves out what never was", () => {
    const rows = [9, 2].map((days) => ({ ...rowReading(days * 1_000), atMs: NOW - days * DAY_MS }));
    const all = headroomsOf([d1Reading(2 * GB)], [ago(3, GB), ...rows], NOW);
    expect(all.map(({ store, used, atMs }) => ({ store, used, atMs }))).toEqual([
      { store: "d1", used: 2 * GB, atMs: NOW },
      { store: "row", used: 2_000, atMs: NOW - 2 * DAY_MS },
    ]);
  });
});

describe("warnsOf", () => {
  const capBytes = Math.floor(0.95 * 10 * 1024 ** 3);
  const warned = (now: StorageSample, samples: readonly StorageSample[] = []): [boolean, boolean] => {
    const headroom = headroomOf(now, samples, NOW);
    return [warnsOf(headroom, false, NOW), warnsOf(headroom, true, NOW)];
  };
  const [NEVER, ONCE_OPEN, ALWAYS] = [
    [false, false],
    [false, true],
    [true, true],
  ] as const;

  it("opens at 80 % and closes below 75", () => {
    expect(warned(ago(0, capBytes * 0.8))).toEqual(ALWAYS);
    expect(warned(ago(0, capBytes * 0.799))).toEqual(ONCE_OPEN);
    expect(warned(ago(0, capBytes * 0.751))).toEqual(ONCE_OPEN);
    expect(warned(ago(0, capBytes * 0.749))).toEqual(NEVER);
    expect(warned(ago(0, capBytes))).toEqual(ALWAYS);
  });

  it("opens where a store is full within 30 days, and closes where it is not within 45", () => {
    const fullIn = (days: number): [boolean, boolean] => {
      const perDay = (capBytes * 0.5) / days;
      const samples = [1, 2, 3, 4, 5].map((before) => ago(before, capBytes * 0.5 - before * perDay));
      return warned(ago(0, capBytes * 0.5), samples);
    };
    expect(fullIn(29)).toEqual(ALWAYS);
    expect(fullIn(31)).toEqual(ONCE_OPEN);
    expect(fullIn(44)).toEqual(ONCE_OPEN);
    expect(fullIn(46)).toEqual(NEVER);
  });

  it("opens below a gigabyte of a disk, and closes a quarter above it", () => {
    const left = (bytes: number) => warned({ ...diskReading(64 * 1024 ** 2 + bytes), atMs: NOW });
    expect(left(1024 ** 3 - 1)).toEqual(ALWAYS);
    expect(left(1024 ** 3)).toEqual(ONCE_OPEN);
    expect(left(1.25 * 1024 ** 3 - 1)).toEqual(ONCE_OPEN);
    expect(left(1.25 * 1024 ** 3)).toEqual(NEVER);
  });

  it("opens for a row of four fifths of what D1 takes in one, and never for what nothing bounds", () => {
    expect(warned({ ...rowReading(1_600_000), atMs: NOW })).toEqual(ALWAYS);
    expect(warned({ ...rowReading(1_599_999), atMs: NOW })).toEqual(ONCE_OPEN);
    expect(warned({ ...rowReading(1_499_999), atMs: NOW })).toEqual(NEVER);
    expect(warned({ ...rawReading(900 * GB), atMs: NOW })).toEqual(NEVER);
  });
});

describe("isFull", () => {
  it("holds for an index with as many vectors as it takes", () => {
    expect(isFull(vectorsReading(19_999_999))).toBe(false);
    expect(isFull(vectorsReading(20_000_000))).toBe(true);
    expect(isFull(rawReading(GB))).toBe(false);
  });
});

describe("headroomWords", () => {
  const samples = [1, 2, 3, 4, 5].map((days) => ago(days, 1.2 * GB - days * 3_000_000));

  it("says how much, of how much, and until when", () => {
    expect(headroomWords(headroomOf(ago(0, 1.2 * GB), samples, NOW))).toBe(
      "database: 1.2 GB of 10.2 GB (12 %), 3.0 MB more a day, full on 2035-02-11",
    );
  });

  it("rounds a share to whole percent, and calls nothing nothing", () => {
    const shareOf = (used: number): string =>
      headroomWords(headroomOf({ store: "row", used, room: 1_000 - used, atMs: NOW }, [], NOW));
    expect(shareOf(0)).toContain("(0 %)");
    expect(shareOf(9)).toContain("(<1 %)");
    expect(shareOf(10)).toContain("(1 %)");
    expect(shareOf(128)).toContain("(13 %)");
  });

  it("says what is not known yet, and what is full", () => {
    expect(headroomWords(headroomOf(ago(0, 4_096), [], NOW))).toBe(
      "database: 4.1 kB of 10.2 GB (<1 %), when it will be full is not known yet",
    );
    expect(headroomWords(headroomOf({ ...vectorsReading(20_000_000), atMs: NOW }, [], NOW))).toBe(
      "vectors: 20000000 of 20000000 (100 %), FULL, when it will be full is not known yet",
    );
    expect(headroomWords(headroomOf({ ...diskReading(2 * GB), atMs: NOW }, [], NOW))).toBe(
      "disk: 1.9 GB left, when it will be full is not known yet",
    );
    expect(headroomWords(headroomOf({ ...rawReading(5_000), atMs: NOW }, [], NOW))).toBe("raw store: 5.0 kB");
  });
});

it("every store has a name of its own", () => {
  expect(STORES.map(storeTitle)).toEqual(["database", "largest row", "raw store", "vectors", "disk"]);
});

it("sizes are written as people read them", () => {
  expect([0, 999, 1_000, 99_900, 100_000, 123_456, 1e15].map(sizeWords)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "99.9 kB",
    "100 kB",
    "123 kB",
    "1000 TB",
  ]);
});

describe("a store of which little is known", () => {
  const raw = (days: number, bytes: number): StorageSample => ({
    ...rawReading(bytes),
    atMs: NOW - days * DAY_MS,
  });

  it("has no share and no day where nothing bounds it", () => {
    const samples = [1, 2, 3, 4, 5].map((days) => raw(days, GB - days));
    const headroom = headroomOf(raw(0, GB), samples, NOW);
    expect(headroom).toMatchObject({ usedShare: null, perDay: null, fullMs: null, level: "ok" });
    expect(headroomWords(headroom)).toBe("raw store: 1.0 GB");
  });

  it("has no pace by one reading with a bound among many without", () => {
    const samples = [1, 2, 3, 4, 5].map((days) => raw(days, GB));
    const now = { ...d1Reading(GB), atMs: NOW };
    expect(headroomOf(now, samples, NOW).perDay).toBeNull();
  });

  it("is a row as large as a row may be: full at two million bytes", () => {
    const now = { ...rowReading(2_000_000), atMs: NOW };
    expect(headroomWords(headroomOf(now, [], NOW))).toBe(
      "largest row: 2.0 MB of 2.0 MB (100 %), FULL, when it will be full is not known yet",
    );
    expect(rowReading(3_000_000).room).toBe(0);
  });
});

it("says where a store goes: nowhere, or never to its end", () => {
  const shrinking = headroomOf(
    ago(0, GB),
    [1, 2, 3, 4, 5].map((days) => ago(days, GB + days)),
    NOW,
  );
  expect(headroomWords(shrinking)).toMatch(/, not growing$/);
  expect(headroomWords({ ...shrinking, perDay: 0 })).toMatch(/, not growing$/);
  expect(headroomWords({ ...shrinking, perDay: 1e-9, fullMs: null })).toMatch(/, never full at that pace$/);
});
