-- indexes: what each vector index in use is promised to hold, which never changes; and which one answers. Written by
-- preflight (the first one) and pipelines/rebuild-vectors; read by whoever reaches for vectors; a row goes when its index
-- is empty. Chunks belong to the index that carries the name of their model.
CREATE TABLE indexes_by_state (
  binding TEXT PRIMARY KEY,
  model TEXT NOT NULL UNIQUE,           -- name in the ledger: one name always means the same vectors
  dimensions INTEGER NOT NULL,
  pooling TEXT,                         -- null where the model leaves no choice
  address TEXT,                         -- where an openai model was last served; no part of its name
  metric TEXT NOT NULL DEFAULT 'cosine',
  state TEXT NOT NULL CHECK (state IN ('live', 'building', 'emptying')),
  since_ms INTEGER NOT NULL
);
INSERT INTO indexes_by_state (binding, model, dimensions, state, since_ms)
  SELECT binding, model, dimensions, 'live', 0 FROM indexes WHERE live = 1;
DROP TABLE indexes;
ALTER TABLE indexes_by_state RENAME TO indexes;
CREATE UNIQUE INDEX indexes_live ON indexes (state) WHERE state = 'live';

-- built_documents: which revision of a document the index being built holds, read back. Written and read by
-- pipelines/rebuild-vectors, which also deletes it once that index is live.
CREATE TABLE built_documents (
  model TEXT NOT NULL,
  document_id TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  PRIMARY KEY (model, document_id)
) WITHOUT ROWID;

-- rebuilds: what somebody asked to have made anew. Written by surfaces (asked) and pipelines/rebuild-*; read by tick and
-- status; kept.
CREATE TABLE rebuilds (
  id TEXT PRIMARY KEY,
  what TEXT NOT NULL CHECK (what IN ('records', 'chunks', 'vectors')),
  scope TEXT NOT NULL,                  -- JSON
  model TEXT,                           -- whose vectors are made
  live_model TEXT,                      -- whose were live when it was asked for
  cursor TEXT NOT NULL DEFAULT '',      -- id of the last meeting that is done
  asked_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  outcome TEXT CHECK (outcome IN ('done', 'given_up')),
  not_before_ms INTEGER                 -- world time
);
-- One at a time.
CREATE UNIQUE INDEX rebuilds_open ON rebuilds (ended_ms IS NULL) WHERE ended_ms IS NULL;

-- A run that carries a rebuild, in the lane whose rows it writes.
ALTER TABLE runs ADD COLUMN rebuild_id TEXT;
ALTER TABLE runs ADD COLUMN rebuild TEXT;
CREATE INDEX runs_by_rebuild ON runs (rebuild_id) WHERE rebuild_id IS NOT NULL;

-- What counts chunks, and what gives them up, does so for one index.
CREATE INDEX chunks_by_model ON chunks (model, state);
