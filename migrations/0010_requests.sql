-- Requests: what was asked for and is not answered yet; and how far the schedule was followed.

-- requests: somebody or something asked for a run. Written with the run that answers it, in one batch, or without one by whoever
-- only has the wish; engine/tick takes up those without a run. Closed with the run that answered; a run that has to go on
-- leaves its requests open for the next. Read by status; closed ones are deleted by engine/tick when they are old.
CREATE TABLE requests (
  id TEXT PRIMARY KEY,
  sync TEXT NOT NULL,
  trigger TEXT NOT NULL CHECK (trigger IN ('schedule', 'manual', 'webhook', 'recovery')),
  priority TEXT NOT NULL CHECK (priority IN ('urgent', 'high', 'normal', 'low')),
  mode TEXT CHECK (mode IN ('dry_run', 'plan')),
  plan_hash TEXT,
  asked_ms INTEGER NOT NULL,            -- world time
  run_id TEXT,                          -- the run that is to answer it; null: none yet, or the one before has to go on
  ended_ms INTEGER                      -- world time; null: open
) WITHOUT ROWID;
-- The same wish twice is one wish.
CREATE UNIQUE INDEX requests_open ON requests (sync, priority, coalesce(mode, ''), coalesce(plan_hash, '')) WHERE ended_ms IS NULL;
CREATE INDEX requests_ended ON requests (ended_ms) WHERE ended_ms IS NOT NULL;

-- schedules: up to when the due times of each sync were handled: the time at which its last run was queued, whoever asked for
-- it. Written with the run; read by engine/tick and status; never deleted.
CREATE TABLE schedules (
  sync TEXT PRIMARY KEY,
  handled_ms INTEGER NOT NULL           -- world time
) WITHOUT ROWID;

-- The run that this one made way for.
ALTER TABLE runs ADD COLUMN yielded_to TEXT;
-- In the order in which runs were queued: the world's clock may be set back, this order not.
CREATE INDEX runs_by_sync ON runs (sync);
CREATE INDEX runs_to_forget ON runs (id) WHERE ended_ms IS NOT NULL AND instance_deleted = 0;
