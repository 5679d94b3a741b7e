-- Reports: what they add up over a week is found by time, and not by reading everything there ever was. For runs and sightings
-- the indexes of 0018 do.

-- attempts.decided_ms: world ms when it was decided what happens next; from there to next_ms nothing was done but wait. Written
-- by engine/durably with the failure. Null on calls that succeeded, and on older rows.
ALTER TABLE attempts ADD COLUMN decided_ms INTEGER;

CREATE INDEX attempts_failed ON attempts (at_ms) WHERE outcome NOT IN ('ok', 'not_yet');
CREATE INDEX alerts_by_close ON alerts (closed_ms);
CREATE INDEX quarantine_by_first ON quarantine (first_ms);
CREATE INDEX quarantine_by_end ON quarantine (resolved_ms);
