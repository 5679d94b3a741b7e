-- workspaces: whose records this database holds, one account a vendor. Written once, in the batch that stores the first
-- proven account; read with every key; never changed.
CREATE TABLE workspaces (
  vendor TEXT PRIMARY KEY,
  account_id TEXT NOT NULL              -- sha256
);
INSERT INTO workspaces (vendor, account_id)
  SELECT vendor, account_id FROM quota WHERE account_id IS NOT NULL ORDER BY quota.rowid
  ON CONFLICT (vendor) DO NOTHING;
