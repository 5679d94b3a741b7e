-- Full-text search over what was said (chunks) and over what meetings are about (meetings). Both are external-content
-- indexes: the text stands in its table alone, triggers keep the index in step, and the tables stay the truth. FTS5 blocks
-- `wrangler d1 export`; rely on Time Travel. A damaged index is rebuilt by
-- `INSERT INTO chunks_fts(chunks_fts) VALUES ('rebuild')`, and likewise for meetings_fts.

-- Who speaks in a chunk, and where each sentence begins: JSON [[offset in text, start second, place in speakers], ...].
ALTER TABLE chunks ADD COLUMN speakers TEXT NOT NULL DEFAULT '[]';
ALTER TABLE chunks ADD COLUMN moments TEXT NOT NULL DEFAULT '[]';

-- Neighbours of a passage. With everything that asking for them needs, for rows of chunks are wide.
CREATE INDEX chunks_by_position ON chunks (document_id, position, model, id) WHERE state = 'live';

-- chunk_texts: what chunks_fts indexes. A view, because a chunk whose text is gone keeps its row, and an index that lacks a
-- row of its content counts as damaged.
CREATE VIEW chunk_texts AS SELECT rowid AS chunk, text FROM chunks WHERE text IS NOT NULL;

-- chunks_fts: written by the triggers below; read by search.
CREATE VIRTUAL TABLE chunks_fts USING fts5(
  text, content = 'chunk_texts', content_rowid = 'chunk', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER chunks_text_added AFTER INSERT ON chunks WHEN new.text IS NOT NULL BEGIN
  INSERT INTO chunks_fts (rowid, text) VALUES (new.rowid, new.text);
END;
CREATE TRIGGER chunks_text_removed AFTER DELETE ON chunks WHEN old.text IS NOT NULL BEGIN
  INSERT INTO chunks_fts (chunks_fts, rowid, text) VALUES ('delete', old.rowid, old.text);
END;
CREATE TRIGGER chunks_text_changed AFTER UPDATE OF text ON chunks WHEN old.text IS NOT new.text BEGIN
  INSERT INTO chunks_fts (chunks_fts, rowid, text)
    SELECT 'delete', old.rowid, old.text WHERE old.text IS NOT NULL;
  INSERT INTO chunks_fts (rowid, text) SELECT new.rowid, new.text WHERE new.text IS NOT NULL;
END;
INSERT INTO chunks_fts (rowid, text) SELECT rowid, text FROM chunks WHERE text IS NOT NULL;

-- meetings_fts: written by the triggers below; read by search.
CREATE VIRTUAL TABLE meetings_fts USING fts5(
  title, topics, keywords, content = 'meetings', content_rowid = 'rowid', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER meetings_words_added AFTER INSERT ON meetings BEGIN
  INSERT INTO meetings_fts (rowid, title, topics, keywords) VALUES (new.rowid, new.title, new.topics, new.keywords);
END;
CREATE TRIGGER meetings_words_removed AFTER DELETE ON meetings BEGIN
  INSERT INTO meetings_fts (meetings_fts, rowid, title, topics, keywords)
    VALUES ('delete', old.rowid, old.title, old.topics, old.keywords);
END;
CREATE TRIGGER meetings_words_changed AFTER UPDATE OF title, topics, keywords ON meetings
  WHEN old.title <> new.title OR old.topics <> new.topics OR old.keywords <> new.keywords
BEGIN
  INSERT INTO meetings_fts (meetings_fts, rowid, title, topics, keywords)
    VALUES ('delete', old.rowid, old.title, old.topics, old.keywords);
  INSERT INTO meetings_fts (rowid, title, topics, keywords) VALUES (new.rowid, new.title, new.topics, new.keywords);
END;
INSERT INTO meetings_fts (rowid, title, topics, keywords) SELECT rowid, title, topics, keywords FROM meetings;
