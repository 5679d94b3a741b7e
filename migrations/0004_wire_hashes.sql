-- What a meeting looked like on the wire when it was last read, media links left out. Whoever comes in the same bytes is
-- unchanged and need not be parsed: most of an hourly run, which lists 50 whole transcripts to find nothing new.
ALTER TABLE sightings ADD COLUMN wire_hash TEXT NOT NULL DEFAULT ''; -- sha256; empty: not known, so it is read
CREATE INDEX sightings_by_wire ON sightings (wire_hash) WHERE wire_hash <> '';
