/** Seeded chance. Equal seeds give equal sequences on every machine; nothing here reads the clock or the system. */
export type Random = {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number;
  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T;
  /** True with probability `share01`. */
  chance(share01: number): boolean;
  /** A shuffled copy of `items`. */
  shuffle<T>(items: readonly T[]): T[];
};

/** FNV-1a over UTF-16 code units, finished so that near seeds give far hashes. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** One number in [0, 1) for a seed and a label: a decision that needs no sequence. */
export function rollOf(seed: number | string, label: string): number {
  return hash32(`${seed}/${label}`) / 0x1_0000_0000;
}

/** A generator (mulberry32) for `seed`; take different labels for independent streams of one seed. */
export function createRandom(seed: number | string, label = ""): Random {
  let state = hash32(`${seed}/${label}`);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new Error("pick needs at least one item");
    return items[int(0, items.length - 1)] as T;
  };
  const shuffle = <T>(items: readonly T[]): T[] => {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i -= 1) {
      const j = int(0, i);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  };
  return { next, int, pick, chance: (share01) => next() < share01, shuffle };
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A ULID for `atMs` (epoch ms, 0 or later) whose 80 random bits come from `random`. */
export function ulidAt(atMs: number, random: Random): string {
  let left = Math.max(0, Math.floor(atMs));
  let time = "";
  for (let i = 0; i < 10; i += 1) {
    time = CROCKFORD[left % 32] + time;
    left = Math.floor(left / 32);
  }
  let tail = "";
  for (let i = 0; i < 16; i += 1) tail += CROCKFORD[random.int(0, 31)];
  return time + tail;
}
