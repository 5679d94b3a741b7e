import { chmodSync, closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Open the SQLite file of an emulated world, or one in memory.
 *
 * Write-ahead logging keeps every committed statement through a SIGKILL. The file is held exclusively: two emulators
 * on one world would answer each other's clients from stale indexes. It holds whole transcripts, so only its owner
 * may read it, whoever may enter the folder.
 *
 * @param stateDir folder of the world, made if absent; undefined for a world in memory
 * @param name file name inside the folder
 * @param elsewhere how a sentence names the way out, such as "another folder"
 * @throws Error with one sentence for a person, if the folder cannot be written or another emulator holds the world
 */
export function openWorldFile(stateDir: string | undefined, name: string, elsewhere: string): DatabaseSync {
  if (stateDir === undefined) return new DatabaseSync(":memory:");
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    keepPrivate(join(stateDir, name));
    const database = new DatabaseSync(join(stateDir, name));
    database.exec("pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = normal;");
    database.exec("begin immediate; commit;");
    return database;
  } catch (cause) {
    const isHeld = cause instanceof Error && /locked/.test(cause.message);
    throw new Error(
      isHeld
        ? `Another emulator is running on the world in ${stateDir}; stop it or choose ${elsewhere}.`
        : `The world in ${stateDir} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
}

/** SQLite gives the files beside a database the mode of the database; those of an earlier start may have another. */
function keepPrivate(path: string): void {
  // A present one is not opened: closing it again would drop the locks that this process may have on it.
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(`${path}${suffix}`)) chmodSync(`${path}${suffix}`, 0o600);
  }
}

/**
 * Close the file of a world that could not be made or opened. One that was being made goes altogether: the log of what it
 * did not finish would fill a disk that was too small for it.
 */
export function giveUpWorldFile(database: DatabaseSync, isNew: boolean): void {
  const path = database.location();
  database.close();
  if (!isNew || path === null) return;
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
}

/** Run `work` in one transaction: all of it or nothing. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("begin immediate");
  try {
    const result = work();
    database.exec("commit");
    return result;
  } catch (cause) {
    // On a full disk SQLite has rolled back by itself; the reason must not be lost behind a second failure.
    if (database.isTransaction) database.exec("rollback");
    throw cause;
  }
}
