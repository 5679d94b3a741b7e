-- Storage: how full each store is, daily figures of logs that were deleted, and objects that nothing refers to.

-- storage_samples: how full a store was on a day, as last measured. Written by engine/tick once an hour, and by
-- pipelines/cleanup what takes long to measure; read by status and alerts; deleted by cleanup.
CREATE TABLE storage_samples (
  store TEXT NOT NULL CHECK (store IN ('d1', 'row', 'r2', 'vectors', 'disk')),
  day TEXT NOT NULL,                    -- ISO 8601, world time, UTC
  at_ms INTEGER NOT NULL,               -- world time
  used INTEGER,                         -- bytes, or vectors; null: not known
  room INTEGER,                         -- what is left until syncs are halted; null: no bound
  PRIMARY KEY (store, day)
) WITHOUT ROWID;

-- rolled_days: days whose figures are final. Written by pipelines/cleanup in the batch of the figures; rows of logs are only
-- deleted for days that stand here; deleted with the figures.
CREATE TABLE rolled_days (
  day TEXT PRIMARY KEY,
  rolled_ms INTEGER NOT NULL,           -- world time
  run_id TEXT NOT NULL
) WITHOUT ROWID;

-- daily_figures: what the logs of a day came to, counted from their rows once, before any of them is deleted. What belongs
-- to a run counts for the day on which it ended. Written by pipelines/cleanup; read by reports; deleted by it years later.
CREATE TABLE daily_figures (
  day TEXT NOT NULL,
  sync TEXT NOT NULL,                   -- or the subject of an alert, or the vendor of a webhook
  figure TEXT NOT NULL,                 -- runs, run_ms, items, calls, retries, errors, operation_ms, operation_times, ...
  name TEXT NOT NULL,                   -- state, verdict, party, kind, operation, ...
  value INTEGER NOT NULL,
  PRIMARY KEY (day, sync, figure, name)
) WITHOUT ROWID;

-- earlier_objects: objects of the raw store that no row refers to, as a complete proof has listed them. Written by
-- pipelines/verify (seen; named, once the proof has ended), pipelines/cleanup (doomed, deleting; the row goes with the object)
-- and by whoever puts the same object again (the row goes); read by cleanup.
CREATE TABLE earlier_objects (
  key TEXT PRIMARY KEY,
  folder TEXT NOT NULL,                 -- of its meeting
  size_bytes INTEGER NOT NULL,
  uploaded_ms INTEGER NOT NULL,         -- the store's own clock: an order within a folder, nothing more
  proof_id TEXT NOT NULL,               -- the first complete proof that saw it so
  named_ms INTEGER,                     -- world time at which that proof ended; null: it has not
  doomed_ms INTEGER,                    -- world time since when it is to be deleted
  deleting INTEGER NOT NULL DEFAULT 0   -- 1: the store is being told
) WITHOUT ROWID;
CREATE INDEX earlier_objects_by_folder ON earlier_objects (folder, uploaded_ms);
CREATE INDEX earlier_objects_unnamed ON earlier_objects (proof_id) WHERE named_ms IS NULL;

-- ballast: room that is given up when the database is full, so that the failure, its alert and the end of the run can be
-- written all the same. Deleted row by row with the failures that found no room; laid again by pipelines/cleanup.
CREATE TABLE ballast (
  id INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
);
INSERT INTO ballast (id, bytes)
  VALUES (1, zeroblob(131072)), (2, zeroblob(131072)), (3, zeroblob(131072)), (4, zeroblob(131072));

-- What cleanup looks for by age; and who first saw a meeting, whose run and listing are kept for its life.
CREATE INDEX runs_ended ON runs (ended_ms) WHERE ended_ms IS NOT NULL;
CREATE INDEX discoveries_begun ON discoveries (sync, started_ms);
CREATE INDEX history_by_age ON history (at_ms);
CREATE INDEX pushes_by_age ON pushes (sent_ms);
CREATE INDEX sightings_first_seen ON sightings (first_seen_ms);
