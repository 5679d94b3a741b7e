import { HOUR_MS } from "./scenario.ts";
import { rowsOf, type Row } from "./stores.ts";
import type { Simulation } from "./simulation.ts";

/** Where every meeting ended up, without ids and times that chance decides; null where that may differ. */
export type FinalState = ReadonlyMap<string, string | null>;

/**
 * The normalised end of a simulation: for each meeting that both a killed and a never-killed program must know alike, its
 * verdict, hashes, reasons, chunks and embeddings. Left out: generations, times, runs, older revisions; meetings that are
 * gone; the older record of a meeting that is broken now; and late changes of old meetings, which no listing of today's program looks at again.
 */
export async function finalStateOf(sim: Simulation): Promise<FinalState> {
  const quarantine = keyed(
    await rowsOf(sim, "select source_id as id, problems from quarantine where resolved_ms is null"),
  );
  const meetings = keyed(
    await rowsOf(
      sim,
      `select id, title, date_time, duration, participants, summary, summary_state, word_count, r2_key, content_hash, indexed_hash,
         deleted_ms is null as alive, vectors_owed_since is null as settled from meetings`,
    ),
  );
  const chunks = Map.groupBy(
    await rowsOf(
      sim,
      "select document_id, position, text_hash, repetition, metadata, tokens from chunks where state = 'live' order by document_id, position",
    ),
    (row) => String(row["document_id"]),
  );
  const sightings = keyed(
    await rowsOf(
      sim,
      "select source_id as id, state, content_hash, revision_key, stored_sha256 from sightings",
    ),
  );
  const state = new Map<string, string | null>();
  for (const { id } of sim.source.histories.values()) {
    const sighting = sightings.get(id);
    // A broken meeting keeps the record of an earlier revision, if one was ever seen; that depends on when it was looked at.
    const record = sighting?.["state"] === "live" ? [meetings.get(id), chunks.get(id)] : [];
    state.set(id, mustBeKnown(sim, id) ? JSON.stringify([sighting, quarantine.get(id), ...record]) : null);
  }
  return state;
}

/** Differences between the ends of two programs over one world, each as a sentence. */
export function differences(killed: FinalState, unharmed: FinalState): string[] {
  const different: string[] = [];
  for (const [id, there] of unharmed) {
    const here = killed.get(id) ?? null;
    if (here === null || there === null || here === there) continue;
    different.push(
      `law 4: ${id} ended otherwise after kills:\n    ${here.slice(0, 600)}\n    ${there.slice(0, 600)}`,
    );
  }
  return different;
}

/**
 * Everything that a run with nothing new must leave alone. What the source does not show any more is left out: evidence of
 * its absence ripens with the clock, and the verdict may fall at any hour.
 */
export async function footprintOf(sim: Simulation): Promise<string> {
  const shown = `in (${sim.source
    .visibleIds()
    .map((id) => `'${id}'`)
    .join(", ")})`;
  const tables = [
    `select id, content_hash, indexed_hash, observed_ms, updated_at, vectors_owed_since from meetings where id ${shown} order by id`,
    `select source_id, state, content_hash, revision_key, last_seen_ms, observed_ms from sightings where source_id ${shown} order by source_id`,
    `select id, state, position, sent_ms, live_ms from chunks where document_id ${shown} order by id`,
    `select kind, source_id, problems, resolved_ms from quarantine where kind <> 'meeting' or source_id ${shown} order by source_id`,
    // That nothing comes, that much stays away, that what failed is gone, or that all is mended is told by the clock, whatever a
    // run does; and it is the clock that brings the next run of vectors, which ends what is said of a long one.
    "select kind, subject, opened_ms, closed_ms from alerts where kind not in ('zero_seen', 'source_silent', 'deletions_held', 'proof_failed', 'count_mismatch', 'run_too_long') order by id",
  ];
  const rows = [];
  for (const sql of tables) rows.push(await rowsOf(sim, sql));
  return JSON.stringify([rows, [...sim.estate.r2.writeCounts()], sim.estate.ai.counts().texts]);
}

/** The last change came early enough in the meeting's life that every later listing must have shown it. */
function mustBeKnown(sim: Simulation, id: string): boolean {
  const history = sim.source.histories.get(id);
  const last = history?.versions.at(-1);
  if (history === undefined || last === undefined || last.hash === null) return false;
  const neverChanged = history.versions.length === 1 && last.fromMs <= sim.scenario.startMs;
  return neverChanged || Date.parse(history.place) >= last.fromMs - 60 * HOUR_MS;
}

function keyed(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [String(row["id"]), row]));
}
