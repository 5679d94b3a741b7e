-- discoveries: how many ids a listing of everything has shown, each once, counted from the replies themselves and not from
-- what became of them: the one side of a run's balance. Notion's listings alone. Written with the pages of each reply; read
-- by the balance.
ALTER TABLE discoveries ADD COLUMN ids_listed INTEGER NOT NULL DEFAULT 0;
