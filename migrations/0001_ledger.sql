-- The run ledger: who ran, what it saw, what it tried, what it waits for.

-- runs: one execution of a sync. Written by engine/run and surfaces (queued); read by status, reports, tick; deleted by cleanup.
CREATE TABLE runs (
  id TEXT PRIMARY KEY,                  -- ULID, also the id of the Workflow instance
  sync TEXT NOT NULL,
  trigger TEXT NOT NULL CHECK (trigger IN ('schedule', 'manual', 'webhook', 'recovery')),
  priority TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('urgent', 'high', 'normal', 'low')),
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'succeeded_with_findings', 'parked', 'failed')),
  epoch INTEGER NOT NULL DEFAULT 1,     -- rises with every revival; names the lease step
  ceiling_ms INTEGER NOT NULL,          -- frozen upper time bound, world time
  queued_ms INTEGER NOT NULL,
  started_ms INTEGER,
  ended_ms INTEGER,
  started_real_ms INTEGER,
  duration_ms INTEGER,                  -- real time
  not_before_ms INTEGER,                -- when a parked run's lane goes on, world time
  detail TEXT,                          -- one sentence for people
  source_count INTEGER,
  destination_count INTEGER,
  continues INTEGER NOT NULL DEFAULT 0, -- 1: more is waiting, a continuation is owed
  result TEXT,                          -- JSON: counts, checks, timings, frozen at the end
  instance_deleted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_state ON runs (state, sync);

-- leases: one row per lane. Written by engine/run in every fenced batch; read by the fence; never deleted.
CREATE TABLE leases (
  lane TEXT PRIMARY KEY,
  token INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  run_id TEXT,                          -- null: free
  expires_real_ms INTEGER NOT NULL
);

-- fences: the guard of each writing batch. A stale token makes `ok` 0 or null, which rolls the whole batch back.
CREATE TABLE fences (
  lane TEXT PRIMARY KEY,
  ok INTEGER NOT NULL CHECK (ok = 1)
);

-- lanes: what holds a whole lane back. Written by engine/run; read by preflight and status; never deleted.
CREATE TABLE lanes (
  lane TEXT PRIMARY KEY,
  not_before_ms INTEGER,                -- world time; null with a reason means until a person acts
  reason TEXT,
  key_name TEXT                         -- the credentials a denial was about; others lift it
);

-- run_items: one verdict per item of a run; a line of items with nothing to do carries their count.
-- Written by the batch that did the work; read by counts and reports; deleted by cleanup.
CREATE TABLE run_items (
  run_id TEXT NOT NULL,
  item_id TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('created', 'updated', 'unchanged', 'deleted', 'pending', 'quarantined', 'failed')),
  items INTEGER NOT NULL DEFAULT 1,
  reason TEXT,
  PRIMARY KEY (run_id, item_id)
) WITHOUT ROWID;

-- attempts: every call to a paid or limited vendor, and every failed attempt of any step.
-- Written by engine/throttled and engine/durably; read by retry counting, reports, alerts; deleted by cleanup.
CREATE TABLE attempts (
  id TEXT PRIMARY KEY,
  run_id TEXT NOT NULL,
  step TEXT NOT NULL,
  party TEXT NOT NULL,
  operation TEXT NOT NULL,
  is_call INTEGER NOT NULL,             -- 1: a call that counts against a vendor's budget
  at_ms INTEGER NOT NULL,               -- world time
  duration_ms INTEGER,                  -- real time
  outcome TEXT NOT NULL,                -- started, ok, or the kind of failure
  detail TEXT,
  next TEXT,                            -- wait, park or halt
  next_ms INTEGER                       -- when it goes on, world time
);
CREATE INDEX attempts_by_step ON attempts (run_id, step);
CREATE INDEX attempts_by_time ON attempts (at_ms);

-- checkpoints: where a lane may resume. Written in the same batch as the rows it vouches for; one row per lane.
CREATE TABLE checkpoints (
  lane TEXT PRIMARY KEY,
  run_id TEXT NOT NULL,
  state TEXT NOT NULL,                  -- JSON
  at_ms INTEGER NOT NULL
);

-- quota: one counter per vendor key. Written by engine/throttled before and after each call; never deleted.
CREATE TABLE quota (
  key_name TEXT PRIMARY KEY,
  vendor TEXT NOT NULL,
  version INTEGER NOT NULL,
  budget INTEGER,
  used INTEGER NOT NULL,
  window_ends_ms INTEGER,
  not_before_ms INTEGER NOT NULL,
  without_fields TEXT NOT NULL DEFAULT '[]', -- fields the plan of this key does not include
  account_id TEXT,                      -- sha256 of the account; proven by one call when the key is new
  meetings_estimate INTEGER,            -- what the account says it has; for progress bars, not for proof
  denied INTEGER NOT NULL DEFAULT 0     -- 1: the vendor refused this key; prove it again before use
);

-- discoveries: one enumeration of the source and what it proves. Written by pipelines/fireflies; read by proof; kept.
CREATE TABLE discoveries (
  id TEXT PRIMARY KEY,
  sync TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('backfill', 'fresh')),
  floor_ms INTEGER,                     -- lower bound of the window; null: the whole history
  ceiling_ms INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  completed_ms INTEGER,                 -- null: not complete, proves nothing
  pages INTEGER NOT NULL DEFAULT 0,
  steps_back INTEGER NOT NULL DEFAULT 0,
  rows_seen INTEGER NOT NULL DEFAULT 0,
  end_reason TEXT                       -- older_than_floor or empty_page
);

-- quarantine: broken records kept aside with every reason. Written by pipelines; read by reports; closed when cured.
CREATE TABLE quarantine (
  kind TEXT NOT NULL,
  source_id TEXT NOT NULL,
  revision_key TEXT,
  problems TEXT NOT NULL,               -- JSON: [{field, problem}]
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  resolved_ms INTEGER,
  PRIMARY KEY (kind, source_id)
) WITHOUT ROWID;

-- alerts: opened and closed by engine/run; shown by status.
CREATE TABLE alerts (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  opened_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  closed_ms INTEGER
);
CREATE UNIQUE INDEX alerts_open ON alerts (kind, subject) WHERE closed_ms IS NULL;
