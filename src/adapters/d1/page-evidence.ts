import { ABSENCES_APART_MS, LISTING_PAGES_DROPPED_MAX, LISTING_PAGES_KEPT_MS } from "../../core/policy.ts";
import type { PageCommit } from "../../ports/record-store.ts";
import { forRows, statement, type Statement } from "./database.ts";

/**
 * What a page says of meetings that are not on it, as statements of its batch: what it should have shown was absent, and the
 * page itself is kept as evidence. Every statement may run twice. Source: protocols 4.
 */
export function evidenceStatements(page: PageCommit): Statement[] {
  return [...absent(page), ...kept(page), ...dropped(page)];
}

const LISTED = "(select value from json_each(?1))";

/**
 * Whatever was said of the absence of what a page shows is over. Stands after the verdicts, which tell who comes back, and
 * before the records.
 */
export function seenStatements({ seen, nowMs }: PageCommit): Statement[] {
  return [
    ...forRows(seen, `delete from absences where source_id in ${LISTED}`),
    // Until what came of it is written further down.
    ...forRows(
      seen,
      `update sightings set state = 'failed' where state = 'deleted' and source_id in ${LISTED}`,
    ),
    // A record whose newest revision is set aside comes back as it was.
    ...forRows(
      seen,
      `update meetings set deleted_ms = null, vectors_owed_since = coalesce(vectors_owed_since, ?2)
       where deleted_ms is not null and id in ${LISTED}`,
      nowMs,
    ),
    ...forRows(
      seen,
      `update deletions set seen_ms = ?2 where seen_ms is null and source_id in ${LISTED}`,
      nowMs,
    ),
  ];
}

/** The first absence stands until a sighting; the second is the first one that comes a day or more later. */
function absent({ evidence, discovery }: PageCommit): Statement[] {
  if (discovery === null || evidence === null || evidence.cover === null || evidence.accountHash === null)
    return [];
  const { askedMs, accountHash, cover, ids, page } = evidence;
  return [
    statement(
      `insert into absences (source_id, account_id, first_ms, first_discovery_id, first_page)
       select source_id, ?1, ?2, ?3, ?4 from sightings
       where date_string >= ?5 and date_string < ?6 and first_seen_ms < ?2 and state <> 'deleted'
         and source_id not in (select value from json_each(?7))
         and not exists (select 1 from deletions
           where deletions.source_id = sightings.source_id and restored_ms is not null and seen_ms is null)
       on conflict (source_id) do update set
         account_id = excluded.account_id,
         first_ms = case when ${OTHER_ACCOUNT} then excluded.first_ms else absences.first_ms end,
         first_discovery_id = case when ${OTHER_ACCOUNT} then excluded.first_discovery_id else absences.first_discovery_id end,
         first_page = case when ${OTHER_ACCOUNT} then excluded.first_page else absences.first_page end,
         second_ms = case when ${OTHER_ACCOUNT} then null else excluded.first_ms end,
         second_discovery_id = case when ${OTHER_ACCOUNT} then null else excluded.first_discovery_id end,
         second_page = case when ${OTHER_ACCOUNT} then null else excluded.first_page end,
         looked_ms = null,
         approved_ms = null
       where ${OTHER_ACCOUNT}
         or (absences.second_ms is null and excluded.first_ms - absences.first_ms >= ?8)`,
      accountHash,
      askedMs,
      discovery.id,
      page,
      cover.from,
      cover.to,
      JSON.stringify(ids),
      ABSENCES_APART_MS,
    ),
  ];
}

/** What one account does not see says nothing of another. */
const OTHER_ACCOUNT = "absences.account_id <> excluded.account_id";

function kept({ evidence, discovery }: PageCommit): Statement[] {
  if (evidence === null || discovery === null) return [];
  const { page, skip, askedMs, firstPlace, lastPlace, ids, joined } = evidence;
  return [
    statement(
      `insert into listing_pages (discovery_id, page, skip, asked_ms, first_place, last_place, ids, joined, end_reason)
       values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) on conflict (discovery_id, page) do nothing`,
      discovery.id,
      page,
      skip,
      askedMs,
      firstPlace,
      lastPlace,
      JSON.stringify(ids),
      joined ? 1 : 0,
      discovery.endReason,
    ),
  ];
}

function dropped({ evidence, nowMs }: PageCommit): Statement[] {
  if (evidence === null) return [];
  return [
    statement(
      `delete from listing_pages where (discovery_id, page) in (
         select discovery_id, page from listing_pages where asked_ms < ?1
           and not exists (select 1 from absences where first_discovery_id = discovery_id and first_page = page)
           and not exists (select 1 from absences where second_discovery_id = discovery_id and second_page = page)
         order by asked_ms limit ?2)`,
      nowMs - LISTING_PAGES_KEPT_MS,
      LISTING_PAGES_DROPPED_MAX,
    ),
  ];
}
