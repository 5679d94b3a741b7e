import { IDS_SHOWN_MAX } from "../../core/policy.ts";

/**
 * What stands in quarantine now, by reason, the most frequent first: meetings by their first problem, values of pages by
 * column. Names and problems: never a value.
 *
 * @param sync an expression for one sync; null: of all
 */
export function standingReasons(sync: string | null): string {
  const [ofMeetings, ofPages] =
    sync === null ? ["", ""] : [` and ${sync} = 'fireflies'`, ` where sync = ${sync}`];
  return `select reason, sum(items) as items from (
      select (problems ->> '$[0].field') || ': ' || (problems ->> '$[0].problem') as reason, 1 as items from quarantine
        where resolved_ms is null${ofMeetings}
      union all
      select column_name || ': ' || problem, 1 from quarantined_fields${ofPages})
    group by reason order by items desc, reason limit ${IDS_SHOWN_MAX}`;
}
