-- Ids that were given up and looked for the last time are asked about at no beat of the clock any more: they leave the index
-- that each beat reads, which else grew with every edit there ever was. One that an index shows again is looked for anew.
UPDATE chunks SET rechecks = 0 WHERE state = 'dead';
DROP INDEX chunks_dead;
CREATE INDEX chunks_dead ON chunks (dead_ms) WHERE state IN ('dead', 'gone') AND rechecks < 2;
