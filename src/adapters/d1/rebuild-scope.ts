import type { RebuildScope } from "../../core/rebuild.ts";

/**
 * SQL for "is in scope", with ?1 to ?3 from `scopeValues`.
 *
 * @param id where the meeting's id stands
 * @param day where its day stands
 */
export function inScope(id: string, day: string): string {
  return `(json_array_length(?1) = 0 or ${id} in (select value from json_each(?1)))
    and (?2 is null or ${day} >= ?2) and (?3 is null or ${day} <= ?3)`;
}

/** The values of `inScope`. */
export function scopeValues({ meetings, from, to }: RebuildScope): [string, string | null, string | null] {
  return [JSON.stringify(meetings), from, to];
}

/** Sightings that a record can be made of; what is deleted keeps the one that it has. */
export const STORED = "revision_key <> '' and state <> 'deleted'";

/** The day of a sighting. */
export const SIGHTED_DAY = "substr(date_string, 1, 10)";
