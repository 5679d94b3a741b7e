-- sightings: what the source last showed of each meeting id. Written by pipelines/fireflies; read by proof and
-- deletion verdicts; never deleted.
CREATE TABLE sightings (
  source_id TEXT PRIMARY KEY,
  date_string TEXT NOT NULL,            -- place in the listing, ISO 8601
  discovery_id TEXT NOT NULL,           -- a complete enumeration that contains it, once there is one
  state TEXT NOT NULL CHECK (state IN ('live', 'pending', 'quarantined', 'failed')),
  content_hash TEXT NOT NULL,           -- sha256 of the revision's JSON
  revision_key TEXT NOT NULL,
  stored_sha256 TEXT,                   -- sha256 of the gzipped bytes, as given to R2
  stored_bytes INTEGER NOT NULL,
  audio_expires_ms INTEGER,
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,        -- last time something about it was new
  observed_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sightings_by_discovery ON sightings (discovery_id);

-- meetings: valid records. Written by pipelines/fireflies (and vectors_owed_since by pipelines/vectors); read by
-- applications; a meeting deleted at the source keeps its row with a tombstone.
CREATE TABLE meetings (
  id TEXT PRIMARY KEY,
  fireflies_id TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  date TEXT NOT NULL,                   -- ISO 8601 day, UTC
  date_time TEXT NOT NULL,              -- ISO 8601 instant, UTC
  duration REAL,                        -- minutes
  participants TEXT NOT NULL DEFAULT '[]',
  attendees TEXT NOT NULL DEFAULT '[]',
  speakers TEXT NOT NULL DEFAULT '[]',
  organizer_email TEXT,
  privacy TEXT,
  summary TEXT,
  action_items TEXT,
  keywords TEXT NOT NULL DEFAULT '[]',
  topics TEXT NOT NULL DEFAULT '[]',
  transcript_url TEXT,
  meeting_url TEXT,
  recording_url TEXT,                   -- last seen; expires
  recording_url_expires_at TEXT,
  word_count INTEGER NOT NULL,
  sentence_count INTEGER NOT NULL,
  transcript_characters INTEGER NOT NULL,
  transcript_state TEXT NOT NULL CHECK (transcript_state IN ('ready')),
  summary_state TEXT NOT NULL CHECK (summary_state IN ('ready', 'pending', 'none')),
  r2_key TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  observed_ms INTEGER NOT NULL,         -- staleness gate: an older observation never overwrites a newer one
  vectors_owed_since INTEGER,           -- world ms; null: nothing owed
  indexed_hash TEXT,                    -- content hash whose vectors were read back
  deleted_ms INTEGER,                   -- tombstone
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
CREATE INDEX meetings_owed ON meetings (vectors_owed_since) WHERE vectors_owed_since IS NOT NULL;
CREATE INDEX meetings_by_date ON meetings (date_time);

-- chunks: the ledger of vectors and the text they stand for; derived, rebuildable from R2. Written by
-- pipelines/vectors; read by search and proof; dead rows are kept because ids are single-use.
CREATE TABLE chunks (
  id TEXT PRIMARY KEY,                  -- vector id
  document_id TEXT NOT NULL,
  text TEXT,                            -- null once gone
  text_hash TEXT NOT NULL,              -- key of the embedding: sha256 of model and text
  repetition INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  model TEXT NOT NULL,
  metadata TEXT NOT NULL,               -- JSON, as given to the index
  position INTEGER NOT NULL,
  speaker TEXT,
  start_seconds REAL,
  end_seconds REAL,
  first_sentence INTEGER NOT NULL,
  last_sentence INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planned', 'sent', 'live', 'dead', 'gone')),
  embedding_key TEXT,                   -- object in R2 that holds the vector, and its place in it
  embedding_index INTEGER,
  embedded_run_id TEXT,                 -- the run that paid for the embedding
  planned_ms INTEGER NOT NULL,
  sent_ms INTEGER,
  live_ms INTEGER,
  dead_ms INTEGER,
  rechecks INTEGER NOT NULL DEFAULT 0   -- looks that found it gone, after an hour and after a day
);
CREATE INDEX chunks_by_document ON chunks (document_id, state);
CREATE INDEX chunks_by_text ON chunks (text_hash) WHERE embedding_key IS NOT NULL;
CREATE INDEX chunks_dead ON chunks (dead_ms) WHERE state IN ('dead', 'gone');

-- indexes: which vector index is live, and what was promised about it. Written by preflight once; read by vectors.
CREATE TABLE indexes (
  binding TEXT PRIMARY KEY,
  model TEXT NOT NULL,
  dimensions INTEGER NOT NULL,
  live INTEGER NOT NULL
);
