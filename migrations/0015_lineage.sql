-- The life of one record is asked for by its id: what each run said of it, and how its conflicts were settled. Without
-- these, each asking would read every verdict and every conflict there ever was.
CREATE INDEX run_items_by_item ON run_items (item_id);
CREATE INDEX conflicts_by_record ON conflicts (sync, record_id, at_ms);
