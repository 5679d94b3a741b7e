import type { D1Database } from "@cloudflare/workers-types";
import {
  NORM_DAY_MS,
  FRESH_OVERLAP_SHORT_MS,
  NORM_LAG_MS,
  NORM_PAUSES_MIN,
  NORM_WEEKS,
  SILENCE_MS_MIN,
  NORM_STEP_MS,
} from "../../core/policy.ts";
import type { Arrivals } from "../../core/silence.ts";
import type { ArrivalStore } from "../../ports/arrival-store.ts";
import { createDatabase } from "./database.ts";

/** When meetings took place, by the index over their places in the listing. */
export function createArrivalStore(d1: D1Database): ArrivalStore {
  const database = createDatabase(d1);
  return {
    arrivals: async (nowMs) => {
      const endMs = nowMs - NORM_LAG_MS;
      const iso = (ms: number): string => new Date(ms).toISOString();
      const days = Array.from({ length: NORM_WEEKS + 1 }, (_, week) => endMs - week * NORM_STEP_MS).map(
        (toMs) => ({ from: iso(toMs - NORM_DAY_MS), to: iso(toMs === endMs ? nowMs : toMs) }),
      );
      const [row] = await database.rows<Omit<Arrivals, "days"> & { days: string }>(
        ARRIVALS,
        JSON.stringify(days),
        iso(endMs),
        iso(nowMs - FRESH_OVERLAP_SHORT_MS),
        iso(nowMs - SILENCE_MS_MIN),
        iso(endMs - NORM_WEEKS * NORM_STEP_MS),
        iso(nowMs),
      );
      return row === undefined
        ? { oldestMs: null, newestMs: null, days: [], listed: 0, longestPauseMs: null }
        : { ...row, days: JSON.parse(row.days) as number[] };
    },
  };
}

/** World ms of a place in the listing. */
const ms = (moment: string): string => `cast(round(unixepoch(${moment}, 'subsec') * 1000) as integer)`;

/**
 * ?1 days as JSON, newest first; ?2 what is older must be listed by now; ?3 from where on every listing shows everything; ?4 the moment before which
 * the newest must lie for its pause to be of interest; ?5 where the norm begins; ?6 now. Places without a date sort before
 * every date that can be meant, and are left out.
 */
const ARRIVALS = `
  select ${ms("oldest")} as oldestMs, ${ms("newest")} as newestMs,
    (select json_group_array((select count(*) from sightings where date_string >= day.value ->> 'from'
       and date_string < day.value ->> 'to')) from json_each(?1) as day) as days,
    (select count(*) from sightings where date_string >= ?3 and date_string < ?2 and state <> 'deleted') as listed,
    case when newest < ?4 then (select iif(count(pause) >= ${NORM_PAUSES_MIN}, max(pause), null) from (
      select ${ms("date_string")} - lag(${ms("date_string")}) over (order by date_string) as pause
      from sightings where date_string >= ?5 and date_string <= ?6)) end as longestPauseMs
  from (select (select min(date_string) from sightings where date_string >= '2000') as oldest,
    (select max(date_string) from sightings where date_string <= ?6 and date_string >= '2000') as newest)`;
