-- Budgets: what the vendor said apart from what is configured, and how long a window of it is.

-- quota.window_ms: how long a window of the budget lasts; null while it is not known. Written by engine/throttled with the
-- counter. budget is what the vendor said from here on: what was configured, or is common knowledge, is no longer stored.
ALTER TABLE quota ADD COLUMN window_ms INTEGER;
UPDATE quota SET budget = NULL WHERE vendor = 'notion';
