/** Listings of Fireflies: those of Notion say nothing about meetings. */
export const OWN = "discoveries where sync = 'fireflies'";

/** A meeting that was valid once keeps its record when a later revision is set aside. */
export const WITHOUT_RECORD =
  "not exists (select 1 from meetings where meetings.id = source_id and deleted_ms is null)";

/** Shown by a complete listing, or given by the source when it was asked for by id. */
const COMPLETE = `discovery_id in (select id from ${OWN} and completed_ms is not null union all select 'announced')`;

/** What is deleted by all evidence is no meeting of the source any more. Asked apart, so that indexes alone answer. */
export const SOURCE_IDS = `select (select count(*) from sightings where ${COMPLETE})
  - (select count(*) from sightings where state <> 'live' and state = 'deleted' and ${COMPLETE})`;

/** Asked so that indexes alone answer: rows of meetings are wide, and every run asks. */
export const RECORDS =
  "(select count(*) from meetings) - (select count(*) from meetings where deleted_ms is not null)";

/** Ids that only an enumeration without an end has shown: they may be gone since, and count on neither side. */
const UNPROVEN_IDS = `select count(*) from discoveries join sightings on discovery_id = discoveries.id
  where completed_ms is null`;

/** Ids at the source and in the destination. */
export const BALANCE = `select (${SOURCE_IDS}) as ids,
  ${RECORDS}
    + (select count(*) from sightings where state <> 'live' and state in ('pending', 'quarantined') and ${WITHOUT_RECORD})
    - (${UNPROVEN_IDS} and (state in ('pending', 'quarantined') or not ${WITHOUT_RECORD})) as accounted,
  (select count(*) from sightings where state = 'failed' and ${WITHOUT_RECORD})
    - (${UNPROVEN_IDS} and state = 'failed' and ${WITHOUT_RECORD}) as failed,
  (select count(*) from sightings where state = 'failed') as failing`;
