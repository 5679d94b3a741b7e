-- Discovery that is provably complete, and deletion by evidence (protocols 3 and 4).

-- discoveries, again: a closed window of the past is swept, too. Written by pipelines/fireflies (and, for Notion, by the
-- syncs of tables); read by proof, plans and status; kept.
CREATE TABLE discoveries_swept (
  id TEXT PRIMARY KEY,
  sync TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('backfill', 'fresh', 'sweep')),
  floor_ms INTEGER,                     -- lower bound of the window; null: back to the first meeting
  ceiling_ms INTEGER NOT NULL,          -- upper bound; that of a sweep lies in the past
  started_ms INTEGER NOT NULL,
  completed_ms INTEGER,                 -- null: not complete, proves nothing
  pages INTEGER NOT NULL DEFAULT 0,
  steps_back INTEGER NOT NULL DEFAULT 0,
  rows_seen INTEGER NOT NULL DEFAULT 0,
  end_reason TEXT                       -- older_than_floor, empty_page or same_end
);
INSERT INTO discoveries_swept (id, sync, kind, floor_ms, ceiling_ms, started_ms, completed_ms, pages, steps_back, rows_seen, end_reason)
  SELECT id, sync, kind, floor_ms, ceiling_ms, started_ms, completed_ms, pages, steps_back, rows_seen, end_reason FROM discoveries;
DROP TABLE discoveries;
ALTER TABLE discoveries_swept RENAME TO discoveries;
CREATE INDEX discoveries_completed ON discoveries (sync, completed_ms) WHERE completed_ms IS NOT NULL;

-- sightings, again: a meeting that is deleted by all evidence keeps its sighting, and nobody asks for it any more. Written
-- by pipelines/fireflies; read by proof and deletion verdicts; never deleted.
CREATE TABLE sightings_judged (
  source_id TEXT PRIMARY KEY,
  date_string TEXT NOT NULL,            -- place in the listing, ISO 8601
  discovery_id TEXT NOT NULL,           -- a complete enumeration that contains it, once there is one
  state TEXT NOT NULL CHECK (state IN ('live', 'pending', 'quarantined', 'failed', 'deleted')),
  content_hash TEXT NOT NULL,           -- sha256 of the revision's JSON
  revision_key TEXT NOT NULL,
  stored_sha256 TEXT,                   -- sha256 of the gzipped bytes, as given to R2
  stored_bytes INTEGER NOT NULL,
  audio_expires_ms INTEGER,
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,        -- last time something about it was new
  observed_ms INTEGER NOT NULL,
  wire_hash TEXT NOT NULL DEFAULT '',   -- sha256 of its row on the wire; empty: not known, so it is read
  large_bytes INTEGER NOT NULL DEFAULT 0, -- size as JSON; 0: an ordinary one
  alone_ms INTEGER,                     -- world ms when it was last asked for alone; null: never
  row_hash TEXT NOT NULL DEFAULT '',    -- sha256 of its row without what was said; empty: not known
  arrival_ms INTEGER                    -- how long after its own moment it was first seen; null: not measured
) WITHOUT ROWID;
INSERT INTO sightings_judged (source_id, date_string, discovery_id, state, content_hash, revision_key, stored_sha256, stored_bytes,
    audio_expires_ms, first_seen_ms, last_seen_ms, observed_ms, wire_hash, large_bytes, alone_ms, row_hash)
  SELECT source_id, date_string, discovery_id, state, content_hash, revision_key, stored_sha256, stored_bytes,
    audio_expires_ms, first_seen_ms, last_seen_ms, observed_ms, wire_hash, large_bytes, alone_ms, row_hash FROM sightings;
DROP TABLE sightings;
ALTER TABLE sightings_judged RENAME TO sightings;
CREATE INDEX sightings_by_discovery ON sightings (discovery_id);
CREATE INDEX sightings_by_date ON sightings (date_string);
CREATE INDEX sightings_failed ON sightings (last_seen_ms) WHERE state = 'failed';
CREATE INDEX sightings_unsettled ON sightings (state) WHERE state <> 'live';
CREATE INDEX sightings_by_wire ON sightings (wire_hash) WHERE wire_hash <> '';
CREATE INDEX sightings_large ON sightings (date_string) WHERE large_bytes > 0;
CREATE INDEX sightings_arrival ON sightings (arrival_ms) WHERE arrival_ms IS NOT NULL;

-- A listing of the lane is one of three now, each with a checkpoint of its own.
UPDATE checkpoints SET state = json_object('listings', json_object(json_extract(state, '$.discovery.kind'),
    json_set(state, '$.atMs', at_ms, '$.sinceMs', null, '$.above', 0, '$.cycleMs', null)), 'cycle', null)
  WHERE lane = 'fireflies' AND json_extract(state, '$.discovery.kind') IS NOT NULL;

-- listing_pages: one page of an enumeration as evidence: what the source showed at one instant. Written by
-- pipelines/fireflies in the batch of the page; read by deletion verdicts; deleted by the same batch when it is old and no
-- absence rests on it.
CREATE TABLE listing_pages (
  discovery_id TEXT NOT NULL,
  page INTEGER NOT NULL,                -- from 1, steps back included
  skip INTEGER NOT NULL,
  asked_ms INTEGER NOT NULL,            -- world ms before the request
  first_place TEXT,                     -- ISO 8601, newest; null: an empty page
  last_place TEXT,
  ids TEXT NOT NULL,                    -- JSON: what it showed, in its order
  joined INTEGER NOT NULL,              -- 1: it joined the page before
  end_reason TEXT,                      -- on the page that ended the enumeration
  PRIMARY KEY (discovery_id, page)
) WITHOUT ROWID;
CREATE INDEX listing_pages_by_age ON listing_pages (asked_ms);

-- absences: meetings that a page should have shown and did not. Written by pipelines/fireflies in the batch of the page;
-- read by deletion verdicts; deleted by any later sighting, or when the verdict is written.
CREATE TABLE absences (
  source_id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,             -- sha256 of the account that did not see it
  first_ms INTEGER NOT NULL,            -- when the page was asked for, world ms
  first_discovery_id TEXT NOT NULL,
  first_page INTEGER NOT NULL,
  second_ms INTEGER,                    -- a day or more later; null: not yet
  second_discovery_id TEXT,
  second_page INTEGER,
  looked_ms INTEGER,                    -- when it, or the window around it, was last asked for by itself
  approved_ms INTEGER                   -- when a person approved this evidence
) WITHOUT ROWID;

-- deletions: verdicts that a meeting is gone from the source, with the evidence. Written by pipelines/fireflies; read by
-- status, the API and the next verdicts; kept. A sighting after it, or a person, undoes it.
CREATE TABLE deletions (
  source_id TEXT NOT NULL,
  first_ms INTEGER NOT NULL,            -- the absence that it rests on
  second_ms INTEGER NOT NULL,
  looked_ms INTEGER NOT NULL,           -- when the source said that it knows no such meeting
  live_id TEXT NOT NULL,                -- the known meeting that the same reply showed
  account_id TEXT NOT NULL,
  pages TEXT NOT NULL,                  -- JSON: the two pages that did not show it
  decided_by TEXT NOT NULL CHECK (decided_by IN ('evidence', 'person')),
  deleted_ms INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  state_before TEXT NOT NULL,           -- of the sighting
  restored_ms INTEGER,                  -- when a person undid it
  seen_ms INTEGER,                      -- when the source showed the meeting again
  PRIMARY KEY (source_id, first_ms)
) WITHOUT ROWID;
CREATE INDEX deletions_by_time ON deletions (deleted_ms);
CREATE INDEX deletions_unseen ON deletions (source_id) WHERE seen_ms IS NULL;

-- Channels of a meeting by id: a whole channel that is gone is no deletion of single meetings.
ALTER TABLE meetings ADD COLUMN channels TEXT NOT NULL DEFAULT '[]';
CREATE INDEX meetings_by_organizer ON meetings (organizer_email) WHERE organizer_email IS NOT NULL;

-- Chunks that died with their meeting: the next run of vectors deletes their vectors, and says so once it saw them gone.
ALTER TABLE chunks ADD COLUMN doomed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX chunks_doomed ON chunks (id) WHERE doomed = 1;
