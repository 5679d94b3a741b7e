-- Indexes for what is asked while a run goes on and when it plans. Without them each asking reads a whole table, and
-- chunks carry their text: 20 ms for 9,400 of them, ten times a second.

-- How far vectors have come (status and reports of a running run).
CREATE INDEX chunks_by_planning ON chunks (planned_ms, document_id, sent_ms);
-- Embeddings that a run paid for (the end of a run).
CREATE INDEX chunks_by_run ON chunks (embedded_run_id) WHERE embedded_run_id IS NOT NULL;
-- How wide the fresh window is, and which meetings are tried again (the plan of a run).
CREATE INDEX sightings_by_date ON sightings (date_string);
CREATE INDEX sightings_failed ON sightings (last_seen_ms) WHERE state = 'failed';
-- Meetings without a record, and records without a meeting: the few that the balance of a run leaves out (its last page).
CREATE INDEX sightings_unsettled ON sightings (state) WHERE state <> 'live';
CREATE INDEX meetings_deleted ON meetings (deleted_ms) WHERE deleted_ms IS NOT NULL;
