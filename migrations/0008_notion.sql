-- Projects and clients, and what keeps them in step with Notion. The tables of records are plain: applications may write
-- them by any SQL, INSERT OR REPLACE included, so everything the sync must not lose stands beside them.

-- projects: written by applications and by pipelines/projects; read by applications. An empty value is null, never 0.
CREATE TABLE projects (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  description TEXT,
  status TEXT,                          -- active, on-hold, completed or cancelled; null: not known
  priority TEXT,                        -- low, medium, high or critical
  client_id TEXT,                       -- clients.id
  job_number TEXT,
  project_address TEXT,
  estimated_value REAL,
  estimated_profit REAL,
  -- A share, 0.2 is 20 %; null where either is unknown or there is no revenue to have a share of.
  profit_margin REAL GENERATED ALWAYS AS (estimated_profit / nullif(estimated_value, 0)) VIRTUAL,
  start_date TEXT,                      -- ISO 8601 day or instant
  estimated_completion TEXT,
  notion_id TEXT,                       -- page; for people and applications, the sync goes by notion_pages
  extra TEXT NOT NULL DEFAULT '{}',     -- JSON: properties of the page that have no column, by name
  deleted_ms INTEGER,                   -- tombstone, world ms
  created_at TEXT,
  updated_at TEXT
);
-- What a new page is matched by: adapters/d1/table-store.ts, candidates.
CREATE INDEX projects_by_job ON projects (lower(job_number));
CREATE INDEX projects_by_title ON projects (lower(title));
CREATE INDEX projects_by_page ON projects (notion_id);

-- clients: written by pipelines/clients; read by applications.
CREATE TABLE clients (
  id TEXT PRIMARY KEY,
  company_name TEXT NOT NULL,
  company TEXT,
  email TEXT,                           -- valid, else null
  email_raw TEXT,                       -- as it stands in Notion
  phone TEXT,                           -- digits and separators as they stand in Notion, valid or not
  phone_raw TEXT,                       -- as it stands in Notion
  phone_e164 TEXT,                      -- null if it is no valid number
  contact_person TEXT,
  address TEXT,
  client_type TEXT,
  status TEXT,
  notes TEXT,
  notion_id TEXT,
  extra TEXT NOT NULL DEFAULT '{}',
  deleted_ms INTEGER,
  created_at TEXT,
  updated_at TEXT
);
CREATE INDEX clients_by_email ON clients (lower(email));
CREATE INDEX clients_by_phone ON clients (lower(phone_e164));
CREATE INDEX clients_by_name ON clients (lower(company_name));
CREATE INDEX clients_by_page ON clients (notion_id);

-- row_versions: rises with every write to a row of projects or clients, whoever writes. Written by the triggers below and by
-- nobody else; read by the sync to see what changed and to write only what it has read; kept when the row is deleted.
CREATE TABLE row_versions (
  sync TEXT NOT NULL,
  record_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  changed_real_ms INTEGER NOT NULL,     -- the clock of the database
  PRIMARY KEY (sync, record_id)
) WITHOUT ROWID;

CREATE TRIGGER projects_added AFTER INSERT ON projects BEGIN
  INSERT INTO row_versions VALUES ('projects', new.id, 1, unixepoch('subsec') * 1000)
    ON CONFLICT (sync, record_id) DO UPDATE SET version = version + 1, changed_real_ms = excluded.changed_real_ms;
END;
CREATE TRIGGER projects_changed AFTER UPDATE ON projects BEGIN
  INSERT INTO row_versions VALUES ('projects', new.id, 1, unixepoch('subsec') * 1000)
    ON CONFLICT (sync, record_id) DO UPDATE SET version = version + 1, changed_real_ms = excluded.changed_real_ms;
END;
CREATE TRIGGER projects_removed AFTER DELETE ON projects BEGIN
  INSERT INTO row_versions VALUES ('projects', old.id, 1, unixepoch('subsec') * 1000)
    ON CONFLICT (sync, record_id) DO UPDATE SET version = version + 1, changed_real_ms = excluded.changed_real_ms;
END;
CREATE TRIGGER clients_added AFTER INSERT ON clients BEGIN
  INSERT INTO row_versions VALUES ('clients', new.id, 1, unixepoch('subsec') * 1000)
    ON CONFLICT (sync, record_id) DO UPDATE SET version = version + 1, changed_real_ms = excluded.changed_real_ms;
END;
CREATE TRIGGER clients_changed AFTER UPDATE ON clients BEGIN
  INSERT INTO row_versions VALUES ('clients', new.id, 1, unixepoch('subsec') * 1000)
    ON CONFLICT (sync, record_id) DO UPDATE SET version = version + 1, changed_real_ms = excluded.changed_real_ms;
END;
CREATE TRIGGER clients_removed AFTER DELETE ON clients BEGIN
  INSERT INTO row_versions VALUES ('clients', old.id, 1, unixepoch('subsec') * 1000)
    ON CONFLICT (sync, record_id) DO UPDATE SET version = version + 1, changed_real_ms = excluded.changed_real_ms;
END;

-- notion_pages: every page that was seen in a data source, the record it is bound to, and their bases. Written by
-- pipelines/projects and pipelines/clients; read by them, by proof and by reports; never deleted.
CREATE TABLE notion_pages (
  sync TEXT NOT NULL,
  page_id TEXT NOT NULL,
  record_id TEXT,                       -- null: bound to none
  state TEXT NOT NULL CHECK (state IN ('bound', 'quarantined', 'review', 'trashed', 'moved', 'lost')),
  bases TEXT NOT NULL DEFAULT '{}',     -- JSON {column: [what Notion returned, what D1 held]}
  page_hash TEXT NOT NULL,              -- sha256 of what of the page is mapped, as last merged
  version INTEGER NOT NULL DEFAULT 0,   -- of the row, as last merged
  observed_ms INTEGER NOT NULL,         -- instant that the last merged reading is known to show, world ms
  edited_ms INTEGER NOT NULL,           -- Notion's, floored to the minute
  sweep TEXT,                           -- the last complete sweep that listed it
  owed INTEGER NOT NULL DEFAULT 0,      -- 1: D1 has something for Notion, or the page must be read again
  put_off_ms INTEGER,                   -- since when a push waits for a person to stop editing
  again_ms INTEGER,                     -- not before this, world ms
  PRIMARY KEY (sync, page_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX notion_pages_by_record ON notion_pages (sync, record_id) WHERE record_id IS NOT NULL;
CREATE INDEX notion_pages_owed ON notion_pages (sync, again_ms) WHERE owed = 1;

-- notion_schemas: the columns of a data source by property id, as last read. Written and read by pipelines; one row a sync.
CREATE TABLE notion_schemas (
  sync TEXT PRIMARY KEY,
  database_id TEXT NOT NULL,
  schema TEXT NOT NULL,                 -- JSON
  columns TEXT NOT NULL,                -- JSON: what is remembered of each column's property (core/mapping/notion-columns.ts)
  fetched_ms INTEGER NOT NULL,
  key_name TEXT NOT NULL,               -- token that it was read with
  bot_id TEXT NOT NULL                  -- the user that this token is
) WITHOUT ROWID;

-- history: every value that the sync replaced, on either side, before it did. Written by the batch that replaces in D1, and
-- before the call that replaces in Notion; read by people; deleted by cleanup after a year.
CREATE TABLE history (
  id TEXT PRIMARY KEY,                  -- of what it says, so that writing it twice is once
  sync TEXT NOT NULL,
  record_id TEXT NOT NULL,
  column_name TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('notion', 'd1')),
  value TEXT NOT NULL,                  -- JSON: what stood there
  replaced_by TEXT NOT NULL,            -- JSON
  run_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX history_by_record ON history (sync, record_id, at_ms);

-- pushes: what was sent to Notion, from before it is sent. Written by pipelines/projects; read to judge an unknown outcome
-- and to recognise our own late writes; deleted by cleanup.
CREATE TABLE pushes (
  id TEXT PRIMARY KEY,
  sync TEXT NOT NULL,
  record_id TEXT NOT NULL,
  page_id TEXT,                         -- null: a page is to be made
  kind TEXT NOT NULL CHECK (kind IN ('create', 'update', 'trash')),
  fields TEXT NOT NULL,                 -- JSON {column: {before, value}}
  token INTEGER NOT NULL,               -- of the lease under which it was planned
  run_id TEXT NOT NULL,
  sent_ms INTEGER NOT NULL,             -- world ms
  read_ms INTEGER NOT NULL,             -- the reading it rests on; from here to the landing nothing protects a person's edit
  settled_ms INTEGER,                   -- null: its outcome is unknown
  outcome TEXT CHECK (outcome IN ('landed', 'not_landed', 'refused')),
  is_forced INTEGER NOT NULL DEFAULT 0, -- 1: sent although a person was editing, after the longest wait
  looks INTEGER NOT NULL DEFAULT 0      -- marker queries without a hit since it was sent
) WITHOUT ROWID;
CREATE INDEX pushes_open ON pushes (sync, record_id) WHERE settled_ms IS NULL;
CREATE INDEX pushes_of_trash ON pushes (sync, sent_ms) WHERE kind = 'trash';
CREATE INDEX pushes_by_record ON pushes (sync, record_id, sent_ms);

-- conflicts: both sides changed a field, differently. Written by pipelines; settled by policy or by a person; kept.
CREATE TABLE conflicts (
  id TEXT PRIMARY KEY,                  -- of what it says
  sync TEXT NOT NULL,
  record_id TEXT NOT NULL,
  column_name TEXT NOT NULL,
  notion TEXT NOT NULL,                 -- JSON, as it was shown
  d1 TEXT NOT NULL,
  base TEXT,                            -- JSON [notion, d1]; null: never agreed
  taken TEXT CHECK (taken IN ('notion', 'd1')), -- by policy or person; null: open
  by_person INTEGER NOT NULL DEFAULT 0,
  run_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  resolved_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX conflicts_decided ON conflicts (sync, record_id) WHERE by_person = 1;
CREATE INDEX conflicts_open ON conflicts (sync, record_id) WHERE resolved_ms IS NULL;

-- reviews: doubtful pairs, of a page with rows or with other pages, that a person settles. Written by pipelines; kept.
CREATE TABLE reviews (
  id TEXT PRIMARY KEY,
  sync TEXT NOT NULL,
  page_id TEXT NOT NULL,
  candidates TEXT NOT NULL,             -- JSON: record ids
  reason TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  decision TEXT,                        -- a record id to bind to, or 'new'; null: open
  decided_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX reviews_by_page ON reviews (sync, page_id);
CREATE INDEX reviews_open ON reviews (sync) WHERE decision IS NULL;

-- quarantined_fields: values of a record that are kept aside; the record itself goes on. Written with the record; closed
-- when the value is cured; read by reports.
CREATE TABLE quarantined_fields (
  sync TEXT NOT NULL,
  page_id TEXT NOT NULL,
  column_name TEXT NOT NULL,
  problem TEXT NOT NULL,                -- one sentence without the value
  value TEXT NOT NULL,                  -- JSON: as it stands in Notion
  run_id TEXT NOT NULL,
  first_ms INTEGER NOT NULL,
  PRIMARY KEY (sync, page_id, column_name)
) WITHOUT ROWID;

-- What the requirements call things.
CREATE VIEW project_records AS SELECT id, title AS name, status, client_id, estimated_value AS budget, start_date,
  estimated_completion FROM projects WHERE deleted_ms IS NULL;
CREATE VIEW client_records AS SELECT id, company_name AS name, email, phone, company FROM clients WHERE deleted_ms IS NULL;

-- applied: which changes of one batch found the row as they had read it. Written and emptied within that batch.
CREATE TABLE applied (
  batch TEXT NOT NULL,
  page_id TEXT NOT NULL,
  PRIMARY KEY (batch, page_id)
) WITHOUT ROWID;
