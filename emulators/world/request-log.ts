import type { DatabaseSync } from "node:sqlite";

/** Entries kept; older ones are forgotten. */
const LOG_ENTRIES_MAX = 10_000;

/** One request to the Fireflies API as the emulator saw it. Written before the reply leaves, so what was acknowledged is in the log. */
export type LogEntry = {
  /** Grows by one per request; survives restarts. */
  seq: number;
  /** Arrival in world time: ISO 8601, and epoch ms. */
  at: string;
  atMs: number;
  /** Arrival in real time, epoch ms. */
  realMs: number;
  /** Operation name, or else the root fields joined by a plus sign; null if the body was no operation. */
  operation: string | null;
  /** Root fields asked for, such as `transcripts`. */
  fields: string[];
  /** Variables as sent; long texts are cut. Never holds the key. */
  variables: Record<string, unknown>;
  /** HTTP status; 0 if the connection was reset before a reply. */
  status: number;
  /** First error code of the reply, or null. */
  error: string | null;
  /** Kind of the fault carried out, or null. */
  fault: string | null;
  /** True if the call came before an instant that an earlier 429 had named. */
  early: boolean;
  /** True if the call used up one of the budget. */
  counted: boolean;
  acceptEncoding: string | null;
  /** Bytes of the body before compression. */
  responseBytes: number;
  gzipped: boolean;
  /** Requests in flight at arrival, this one included. */
  openConnections: number;
  /** Meetings in the reply. */
  items: number;
};

/** The bounded log of requests, in the world's file; each vendor's emulator notes what matters of its requests. */
export type RequestLog<Entry extends { seq: number }> = {
  append(entry: Omit<Entry, "seq">): void;
  /** All kept entries, oldest first. */
  entries(): Entry[];
  clear(): void;
};

export function openRequestLog<Entry extends { seq: number }>(database: DatabaseSync): RequestLog<Entry> {
  database.exec(
    "create table if not exists request_log (seq integer primary key autoincrement, entry text not null)",
  );
  const insert = database.prepare("insert into request_log (entry) values (?)");
  const forget = database.prepare("delete from request_log where seq <= ?");
  const select = database.prepare("select seq, entry from request_log order by seq");
  return {
    append(entry) {
      const { lastInsertRowid } = insert.run(JSON.stringify(entry));
      const seq = Number(lastInsertRowid);
      // Forgetting in steps of 100 keeps the common request at one statement.
      if (seq % 100 === 0 && seq > LOG_ENTRIES_MAX) forget.run(seq - LOG_ENTRIES_MAX);
    },
    entries() {
      return select.all().map((row) => {
        const entry = JSON.parse(String(row["entry"])) as Omit<Entry, "seq">;
        return { seq: Number(row["seq"]), ...entry } as Entry;
      });
    },
    clear() {
      database.exec("delete from request_log");
    },
  };
}
