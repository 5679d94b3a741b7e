-- Telling people of alerts, and their word on them.

-- alerts.acked_ms, acked_by, ack_note: a person has it in hand; written by the API, once. settled: 1 once it is closed and
-- every channel has heard all that it is to hear; written by engine/telling.
ALTER TABLE alerts ADD COLUMN acked_ms INTEGER;
ALTER TABLE alerts ADD COLUMN acked_by TEXT;
ALTER TABLE alerts ADD COLUMN ack_note TEXT;
ALTER TABLE alerts ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
UPDATE alerts SET settled = 1 WHERE closed_ms IS NOT NULL;
CREATE INDEX alerts_unsettled ON alerts (opened_ms) WHERE settled = 0;

-- alert_deliveries: one notice of one alert over one channel; at most one of an alert and a channel is not over.
-- Written by engine/telling; read by the tick and the list of alerts; deleted by cleanup long after the alert closed.
CREATE TABLE alert_deliveries (
  alert_id TEXT NOT NULL,
  channel TEXT NOT NULL,                -- kind and a hash of the address: another address is another channel
  notice INTEGER NOT NULL,              -- 0: opened; n: told again for the nth time; -1: closed
  attempts INTEGER NOT NULL DEFAULT 0,  -- begun, those that were cut off included
  next_ms INTEGER,                      -- when it is tried, world time; null while not over: waits for a person
  outcome TEXT CHECK (outcome IN ('delivered', 'failed', 'dropped')),
  detail TEXT,                          -- of the last attempt that failed; never an address
  done_ms INTEGER,
  PRIMARY KEY (alert_id, channel, notice)
) WITHOUT ROWID;
CREATE UNIQUE INDEX alert_deliveries_open ON alert_deliveries (alert_id, channel) WHERE done_ms IS NULL;

-- alert_channels: how each address fares. Written by engine/telling and the test of a channel; read by the tick and status;
-- never deleted: one row for each address that was ever used.
CREATE TABLE alert_channels (
  channel TEXT PRIMARY KEY,
  claim TEXT,                           -- who sends over it at the moment
  claim_until_real_ms INTEGER NOT NULL DEFAULT 0,
  window_from_ms INTEGER NOT NULL DEFAULT 0, -- of the cap on messages
  window_messages INTEGER NOT NULL DEFAULT 0,
  not_before_ms INTEGER NOT NULL DEFAULT 0,  -- nothing is sent before, world time
  blocked INTEGER NOT NULL DEFAULT 0,   -- 1: refused for good; another address or a successful test lifts it
  failing_since_ms INTEGER,             -- null: the last message arrived, or there was none
  detail TEXT,                          -- why it fails
  last_ok_ms INTEGER
);
