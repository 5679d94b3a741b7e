import type { Life } from "./life.ts";

/** One statement that D1 committed. */
export type Committed = {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly changes: number;
};

/** Tables that only the holder of one lane writes: the counters of keys and the enumerations are of several. */
const LANE_OF_TABLE: readonly (readonly [RegExp, string])[] = [
  [/^\s*(?:insert into|update)\s+(?:meetings|sightings|quarantine|absences)\b/i, "fireflies"],
  [/^\s*(?:insert into|update)\s+chunks\b/i, "vectors"],
  [/^\s*(?:insert into|update)\s+projects\b/i, "projects"],
  [/^\s*(?:insert into|update)\s+clients\b/i, "clients"],
];

/** Enumerations and counters of keys are written in one lane only where nobody but the lane of meetings asks a vendor. */
const LANE_OF_TABLE_WHERE_ALONE: typeof LANE_OF_TABLE = [
  ...LANE_OF_TABLE,
  [/^\s*(?:insert into|update)\s+(?:discoveries|quota)\b/i, "fireflies"],
];

/** Closing a document writes `meetings`, on behalf of the other lane. */
const CLOSES_DOCUMENT = /set vectors_owed_since = null/i;

/** A verdict writes `chunks`, on behalf of the other lane. */
const DOOMS_CHUNKS = /update chunks[\s\S]*from deletions/i;

/**
 * Law 5, watched from outside: once a life has taken a lane, nothing that another one writes for it may commit until that
 * one has taken it. Knows nothing of tokens.
 */
export class FenceWatch {
  readonly #breaches: string[];
  readonly #tables: typeof LANE_OF_TABLE;
  readonly #holders = new Map<string, Life>();

  /** @param isAlone whether one process at a time, and the lane of meetings alone, writes enumerations and counters */
  constructor(breaches: string[], isAlone: boolean) {
    this.#breaches = breaches;
    this.#tables = isAlone ? LANE_OF_TABLE_WHERE_ALONE : LANE_OF_TABLE;
  }

  /** A list of statements was committed for a life. */
  committed(life: Life, statements: readonly Committed[]): void {
    for (const { sql, values, changes } of statements) {
      if (/^\s*insert into leases/i.test(sql) && changes > 0) {
        const lane = String(values[0]);
        this.#holders.set(lane, life);
      }
      if (changes === 0) continue;
      const lane = DOOMS_CHUNKS.test(sql)
        ? "fireflies"
        : CLOSES_DOCUMENT.test(sql)
          ? "vectors"
          : this.#tables.find(([table]) => table.test(sql))?.[1];
      const holder = lane === undefined ? undefined : this.#holders.get(lane);
      if (holder === undefined || holder === life) continue;
      const table = /(?:into|update)\s+(\w+)/i.exec(sql)?.[1];
      this.#breaches.push(`law 5: ${life.name} wrote ${table} while ${holder.name} held the lane ${lane}`);
    }
  }
}
