-- proofs: one going over of everything, or of what changed and a slice of the rest. Asked for by surfaces and by
-- pipelines/verify itself, which alone writes it from then on; read by proof (API, syncctl, one-shot); kept, the newest
-- hundred of them.
CREATE TABLE proofs (
  id TEXT PRIMARY KEY,
  mode TEXT NOT NULL CHECK (mode IN ('complete', 'daily')),
  asked_ms INTEGER NOT NULL,            -- world time
  ended_ms INTEGER,
  state TEXT NOT NULL                   -- JSON: how far it is, and its figures so far (core/proof.ts)
) WITHOUT ROWID;
-- One at a time.
CREATE UNIQUE INDEX proofs_open ON proofs (ended_ms IS NULL) WHERE ended_ms IS NULL;
CREATE INDEX proofs_ended ON proofs (mode, ended_ms) WHERE ended_ms IS NOT NULL;

-- findings: what a proof found to be otherwise than the ledger says. Written by pipelines/verify (found, verified) and by the
-- pipeline that mends it (repair); read by both, by proof, and by the tick; kept.
CREATE TABLE findings (
  id TEXT PRIMARY KEY,
  domain TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,                -- id of a meeting or a page, or the name of an index
  mender TEXT,                          -- sync whose runs mend it; null: a person has to
  cause TEXT NOT NULL,                  -- one sentence
  found_ms INTEGER NOT NULL,            -- world time
  run_id TEXT NOT NULL,                 -- the run that found it
  proof_id TEXT NOT NULL,               -- the last proof that saw it so
  repair TEXT,                          -- what was done, or why nothing could be
  repaired_ms INTEGER,                  -- null: still to be mended
  tries INTEGER NOT NULL DEFAULT 0,     -- times it was mended or could not be
  again_ms INTEGER,                     -- not before this, world time
  verified_ms INTEGER                   -- a later proof saw it as it should be; null: open
) WITHOUT ROWID;
CREATE UNIQUE INDEX findings_open ON findings (kind, subject) WHERE verified_ms IS NULL;
CREATE INDEX findings_to_mend ON findings (mender, repaired_ms) WHERE verified_ms IS NULL;
CREATE INDEX findings_by_time ON findings (found_ms);

-- Which objects of the raw store are revisions of now.
CREATE INDEX sightings_by_key ON sightings (revision_key);
