-- workspaces: whose records this database holds, one account a vendor. Written once, in the batch that stores the first
-- proven account; read with every key; never changed.
CREATE TABLE workspaces (
  vendor TEXT PRIMARY KEY,
  account_id TEXT NOT NULL              -- sha256
);
INSERT INTO workspaces (vendor, account_id)
  SELECT vendor, account_id FROM quota WHERE account_id IS NOT NULL ORDER BY quota.rowid
  ON CONFLICT (vendor) DO NOTHING;

-- Meetings that are more than comes together in a page. They and their neighbours are asked for one by one, and then not
-- every hour.
ALTER TABLE sightings ADD COLUMN large_bytes INTEGER NOT NULL DEFAULT 0; -- size as JSON; 0: an ordinary one
ALTER TABLE sightings ADD COLUMN alone_ms INTEGER;              -- world ms when it was last asked for alone; null: never
ALTER TABLE sightings ADD COLUMN row_hash TEXT NOT NULL DEFAULT ''; -- sha256 of its row without what was said; empty: not known
CREATE INDEX sightings_large ON sightings (date_string) WHERE large_bytes > 0;

-- How often a lane parked since it last finished (the end of a run).
CREATE INDEX runs_parked ON runs (sync, ended_ms) WHERE state = 'parked';
CREATE INDEX runs_finished ON runs (sync, ended_ms)
  WHERE state IN ('succeeded', 'succeeded_with_findings') AND continues = 0;
CREATE INDEX discoveries_completed ON discoveries (sync, completed_ms) WHERE completed_ms IS NOT NULL;

-- Vectors that may be in the index beside the live ones (proof).
CREATE INDEX chunks_sent ON chunks (document_id) WHERE state = 'sent';
CREATE INDEX chunks_given_up ON chunks (document_id) WHERE state = 'dead';

-- refusals: documents that stay without vectors because the model or the index refuses what they say, or because the
-- program ended over them. Written by pipelines/vectors with the verdict, deleted when the document is indexed; read when
-- documents are taken, and for alerts.
CREATE TABLE refusals (
  document_id TEXT PRIMARY KEY,
  content_hash TEXT NOT NULL,           -- of the revision that is refused: another one is tried at once
  reason TEXT NOT NULL,
  retry_ms INTEGER NOT NULL             -- world ms
) WITHOUT ROWID;
