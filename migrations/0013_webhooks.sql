-- What vendors announce: a wake-up, never content. What is true stands at the vendor and is read there.

-- webhook_inbox: one row per event that came with a valid signature. Written by POST /webhooks/{fireflies,notion}; read by
-- the tick, which starts a run for what is open; closed by the batch of that run that writes what was announced, or by the
-- tick for echoes of our own writes; deleted by the tick once it is so old that a copy of it would be refused anyway.
CREATE TABLE webhook_inbox (
  id TEXT PRIMARY KEY,                  -- vendor and the event's own id, or sha256 of its body: a copy is the same row
  vendor TEXT NOT NULL CHECK (vendor IN ('fireflies', 'notion')),
  kind TEXT NOT NULL,                   -- of the event, as the vendor names it
  sync TEXT NOT NULL,                   -- lane that takes it up
  subject TEXT NOT NULL,                -- id of a meeting, a page or a data source
  by_us INTEGER NOT NULL DEFAULT 0,     -- 1: our own bot is its only author
  properties TEXT,                      -- JSON: ids of the properties that changed; null: not said
  event_ms INTEGER,                     -- the vendor's time of it; null: not said
  received_ms INTEGER NOT NULL,         -- world ms
  tries INTEGER NOT NULL DEFAULT 0,     -- reads that found it not ready yet
  not_before_ms INTEGER NOT NULL DEFAULT 0, -- world ms
  done_ms INTEGER,                      -- null: open
  outcome TEXT                          -- read, echo, nothing to read, not shown, not ready
) WITHOUT ROWID;
CREATE INDEX webhook_inbox_open ON webhook_inbox (sync, subject) WHERE done_ms IS NULL;
CREATE INDEX webhook_inbox_by_age ON webhook_inbox (received_ms);

-- webhook_tokens: verification tokens that came in a handshake at our open door, so they may be anybody's. One counts only
-- once the owner has confirmed it, and then no other takes its place. Written by the door and by the owner, read by both;
-- deleted when another is confirmed, by the owner, or when it has waited a day.
CREATE TABLE webhook_tokens (
  fingerprint TEXT PRIMARY KEY,         -- first digits of its sha256: what people call it by
  vendor TEXT NOT NULL CHECK (vendor = 'notion'),
  token TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  confirmed_ms INTEGER                  -- null: waits for the owner
) WITHOUT ROWID;
CREATE UNIQUE INDEX webhook_tokens_confirmed ON webhook_tokens (vendor) WHERE confirmed_ms IS NOT NULL;

-- A webhook named a person who edited the page between the reading that a push rests on and its landing: what they typed may
-- be what it replaced. World ms of that edit.
ALTER TABLE pushes ADD COLUMN suspected_ms INTEGER;
CREATE INDEX pushes_suspected ON pushes (sync, suspected_ms) WHERE suspected_ms IS NOT NULL;
CREATE INDEX pushes_by_page ON pushes (page_id, sent_ms);

-- Meetings that no listing has shown yet, and that the source has given when asked for them by id: shown, by that answer.
INSERT INTO discoveries (id, sync, kind, ceiling_ms, started_ms, completed_ms)
  VALUES ('announced', 'announced', 'fresh', 0, 0, 0);
