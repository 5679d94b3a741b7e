import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Open the SQLite file of an emulated world, or one in memory.
 *
 * Write-ahead logging keeps every committed statement through a SIGKILL. The file is held exclusively: two emulators
 * on one world would answer each other's clients from stale indexes.
 *
 * @param stateDir folder of the world, made if absent; undefined for a world in memory
 * @param name file name inside the folder
 * @throws Error with one sentence for a person, if the folder cannot be written or another emulator holds the world
 */
export function openWorldFile(stateDir: string | undefined, name: string): DatabaseSync {
  if (stateDir === undefined) return new DatabaseSync(":memory:");
  try {
    mkdirSync(stateDir, { recursive: true });
    const database = new DatabaseSync(join(stateDir, name));
    database.exec("pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = normal;");
    database.exec("begin immediate; commit;");
    return database;
  } catch (cause) {
    const isHeld = cause instanceof Error && /locked/.test(cause.message);
    throw new Error(
      isHeld
        ? `Another emulator is running on the world in ${stateDir}; stop it or choose another folder.`
        : `The world in ${stateDir} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
}

/** Run `work` in one transaction: all of it or nothing. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("begin immediate");
  try {
    const result = work();
    database.exec("commit");
    return result;
  } catch (cause) {
    database.exec("rollback");
    throw cause;
  }
}
