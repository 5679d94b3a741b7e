-- Previews: what a run would do, before it may, and who said that it may.

-- runs.mode: dry_run only makes a plan; plan makes it again and, if it is still the same, carries it out. plan_hash: the plan
-- that a dry run has made, or that a plan run was given.
ALTER TABLE runs ADD COLUMN mode TEXT CHECK (mode IN ('dry_run', 'plan'));
ALTER TABLE runs ADD COLUMN plan_hash TEXT;

-- plans: what a dry run found that there is to do. Written by pipelines/projects and pipelines/clients; read by people and by
-- the run that carries one out; the newest few of a sync are kept.
CREATE TABLE plans (
  hash TEXT PRIMARY KEY,                -- sha256 of what it says
  sync TEXT NOT NULL,
  run_id TEXT NOT NULL,                 -- the dry run that has made it last
  made_ms INTEGER NOT NULL,             -- world ms
  counts TEXT NOT NULL,                 -- JSON {action: how many}
  notes TEXT NOT NULL,                  -- JSON: sentences about what no plan can hold
  approved_ms INTEGER                   -- when a person had it carried out; null: nobody has
) WITHOUT ROWID;

-- plan_items: one thing to do, of a run that makes a plan. Written while it is made; read with its plan. Values are cut for
-- people; `digest` is of the whole.
CREATE TABLE plan_items (
  run_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  sync TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action IN
    ('create row', 'change row', 'delete row', 'create page', 'change page', 'trash page', 'ask', 'set aside')),
  record_id TEXT,                       -- null: a record that is yet to be made, named by its page
  page_id TEXT,                         -- null: a page that is yet to be made, named by its record
  column_name TEXT,                     -- null: all of it
  before TEXT NOT NULL,                 -- JSON
  after TEXT NOT NULL,                  -- JSON
  digest TEXT NOT NULL,
  PRIMARY KEY (run_id, place)
) WITHOUT ROWID;
CREATE INDEX plan_items_by_sync ON plan_items (sync, run_id);

-- approvals: plans that a person had carried out, and the database of which workspace may be written to since. Written by the
-- run that carries it out, before it writes anything; read before anything is written to Notion; kept.
CREATE TABLE approvals (
  run_id TEXT PRIMARY KEY,
  sync TEXT NOT NULL,
  account TEXT NOT NULL,                -- sha256 of the workspace
  data_source_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) WITHOUT ROWID;
