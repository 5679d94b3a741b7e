import { readState, writeState, type Sql, type SqlRow } from "./sql.ts";
import type { VectorBatch } from "./vector-batch.ts";

/** A batch that the index has accepted, with what its metadata indexes cover. */
export type AcceptedBatch = VectorBatch & { indexedMetadata: (string | null)[] };

/** What a mutation does to the index. A change of the metadata indexes counts at once, but is numbered like the rest. */
export type Write =
  | { kind: "insert" | "upsert"; batch: AcceptedBatch }
  | { kind: "delete"; ids: readonly string[] }
  | { kind: "metadata_index"; change: () => void };

export interface QueueClock {
  nowMs(): number;
  newMutationId(): string;
}

/** The mark up to which mutations are visible, and who set it. */
export interface Watermark {
  seq: number;
  mutationId: string | null;
  acceptedMs: number | null;
}

/**
 * Vectors per INSERT. One statement takes the rows as JSON and all their values as one blob, which SQLite cuts up:
 * a statement per vector takes twice as long inside workerd. 64 vectors with 10 KiB of metadata each stay below
 * the 2 MB that a bound value may have.
 */
const INSERT_ROWS = 64;

const INSERT_VECTORS = `INSERT INTO vectors (id, mutation_seq, namespace, metadata, indexed_metadata, norm, float32)
  SELECT value ->> 0, ?1, value ->> 1, value ->> 2, value ->> 3, value ->> 4, substr(?2, key * ?3 + 1, ?3)
  FROM json_each(?4) ORDER BY key`;

/**
 * The durable queue between "accepted" and "visible".
 *
 * Mutations become visible strictly in the order in which they were accepted, each not before its delay has
 * passed. Nothing runs in the background: whoever reads first applies what is due.
 */
export class MutationQueue {
  readonly #sql: Sql;
  readonly #clock: QueueClock;

  constructor(sql: Sql, clock: QueueClock) {
    this.#sql = sql;
    this.#clock = clock;
  }

  /** Store a checked write durably and return its mutation id (a UUID). */
  accept(write: Write, delayMs: number): string {
    const mutationId = this.#clock.newMutationId();
    const nowMs = Math.trunc(this.#clock.nowMs());
    this.#sql.transaction(() => {
      const deleteIds = write.kind === "delete" ? JSON.stringify(write.ids) : null;
      const [row] = this.#sql.exec(
        "INSERT INTO mutations (mutation_id, kind, accepted_ms, due_ms, delete_ids) VALUES (?, ?, ?, ?, ?) RETURNING seq",
        mutationId,
        write.kind,
        nowMs,
        // What counts at once has nothing to wait for: an index that was just made would hold back its first vectors.
        write.kind === "metadata_index" ? nowMs : nowMs + delayMs,
        deleteIds,
      );
      if (row === undefined) throw new Error("the mutation was not stored");
      if (write.kind === "metadata_index") write.change();
      else if (write.kind !== "delete") this.#storeVectors(Number(row["seq"]), write.batch);
    });
    return mutationId;
  }

  /**
   * Make every mutation visible that is due.
   *
   * @returns rows of `vectors` that are gone since the last call
   *
   * Stops at the first mutation that is not due, so a later one never overtakes it; does nothing while the
   * index is held.
   */
  applyDue(): number[] {
    const gone: number[] = [];
    if (readState<number>(this.#sql, "held", 0) === 1) return gone;
    const nowMs = this.#clock.nowMs();
    const first = this.#sql.exec("SELECT due_ms FROM mutations ORDER BY seq LIMIT 1")[0];
    if (first === undefined || Number(first["due_ms"]) > nowMs) return gone;
    this.#sql.transaction(() => {
      for (const mutation of this.#sql.exec("SELECT * FROM mutations ORDER BY seq")) {
        if (Number(mutation["due_ms"]) > nowMs) break;
        for (const row of this.#apply(mutation)) gone.push(row);
      }
    });
    return gone;
  }

  watermark(): Watermark {
    return {
      seq: readState<number>(this.#sql, "applied_seq", 0),
      mutationId: readState<string | null>(this.#sql, "applied_mutation", null),
      acceptedMs: readState<number | null>(this.#sql, "applied_accepted_ms", null),
    };
  }

  #storeVectors(seq: number, batch: AcceptedBatch): void {
    const dimensions = batch.data.length / batch.ids.length;
    const dropCount = readState<number>(this.#sql, "drop_next", 0);
    const dropped = Math.min(dropCount, batch.ids.length);
    if (dropped > 0) writeState(this.#sql, "drop_next", dropCount - dropped);
    for (let from = dropped; from < batch.ids.length; from += INSERT_ROWS) {
      const to = Math.min(from + INSERT_ROWS, batch.ids.length);
      const rows = batch.ids
        .slice(from, to)
        .map((id, n) => [
          id,
          batch.namespaces[from + n],
          batch.metadata[from + n],
          batch.indexedMetadata[from + n],
          batch.norms[from + n],
        ]);
      const { buffer, byteOffset } = batch.data;
      const bytes = (to - from) * dimensions * 4;
      const values = new Uint8Array(buffer, byteOffset + from * dimensions * 4, bytes);
      this.#sql.exec(INSERT_VECTORS, seq, values, dimensions * 4, JSON.stringify(rows));
    }
  }

  #apply(mutation: SqlRow): number[] {
    const seq = Number(mutation["seq"]);
    const gone = this.#goneBy(seq, String(mutation["kind"]), String(mutation["delete_ids"]));
    this.#sql.exec("DELETE FROM mutations WHERE seq = ?", seq);
    writeState(this.#sql, "applied_seq", seq);
    writeState(this.#sql, "applied_mutation", String(mutation["mutation_id"]));
    writeState(this.#sql, "applied_accepted_ms", Number(mutation["accepted_ms"]));
    return gone.map((row) => Number(row["row"]));
  }

  #goneBy(seq: number, kind: string, deleteIds: string): SqlRow[] {
    if (kind === "metadata_index") return [];
    if (kind === "delete") {
      const statement = `DELETE FROM vectors WHERE mutation_seq < ? AND id IN (SELECT value FROM json_each(?)) RETURNING row`;
      return this.#sql.exec(statement, seq, deleteIds);
    }
    if (kind === "insert") {
      // Insert never touches an id that is already there: the newcomer goes, it was never visible.
      const statement = `DELETE FROM vectors WHERE row IN (SELECT newcomer.row FROM vectors newcomer
        JOIN vectors known ON known.id = newcomer.id AND known.mutation_seq < newcomer.mutation_seq
        WHERE newcomer.mutation_seq = ?)`;
      this.#sql.exec(statement, seq);
      return [];
    }
    const statement = `DELETE FROM vectors WHERE mutation_seq < ? AND id IN
      (SELECT id FROM vectors WHERE mutation_seq = ?) RETURNING row`;
    return this.#sql.exec(statement, seq, seq);
  }
}
