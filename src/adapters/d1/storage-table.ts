import type { D1Database } from "@cloudflare/workers-types";
import { dayOf, type StorageSample } from "../../core/headroom.ts";
import type { StorageStore } from "../../ports/storage-store.ts";
import { opening } from "./alert-table.ts";
import { createDatabase, forRows, statement, type Statement } from "./database.ts";

/** How full the stores are, as it was measured. */
export function createStorageStore(d1: D1Database): StorageStore {
  const database = createDatabase(d1);
  return {
    samples: async (sinceMs) => ({
      items: await database.rows<StorageSample>(
        "select store, used, room, at_ms as atMs from storage_samples where at_ms >= ?1 order by at_ms, store",
        sinceMs,
      ),
      cursor: null,
    }),
    keep: async (readings, nowMs) => {
      await database.batch([
        // After a clock was set back, what it has not come to says nothing.
        statement("delete from storage_samples where at_ms > ?1", nowMs),
        ...forRows(
          readings,
          `insert into storage_samples (store, day, at_ms, used, room)
           select value ->> 'store', ?2, ?3, value ->> 'used', value ->> 'room' from json_each(?1) where true
           on conflict (store, day) do update set at_ms = excluded.at_ms, used = excluded.used, room = excluded.room`,
          dayOf(nowMs),
          nowMs,
        ),
      ]);
    },
    sayFull: async (alert, nowMs) => {
      const { kind, subject } = alert;
      const isNew =
        "not exists (select 1 from alerts where kind = ?1 and subject = ?2 and closed_ms is null)";
      await database.batch([
        statement(`${GIVING_UP_BALLAST} and ${isNew}`, kind, subject),
        opening(alert, nowMs),
      ]);
    },
  };
}

/** Gives up a row of the ballast: whatever else the batch writes has room then. */
const GIVING_UP_BALLAST = "delete from ballast where id = (select max(id) from ballast)";

/** What to begin a batch with that says a database is full. */
export function roomToSayIt(): Statement {
  return statement(GIVING_UP_BALLAST);
}
