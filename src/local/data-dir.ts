import { chmod, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { createEmpty, readJson, readText, removeFile, requireSpace, writeWhole } from "./data-files.ts";
import { identify, isRunning, type ProcessIdentity } from "../surfaces/cli/process-identity.ts";
import {
  asRuntimeRecord,
  isToken,
  RUNTIME_FILE,
  TOKEN_FILE,
  type RuntimeRecord,
} from "../surfaces/cli/runtime-record.ts";
import { endProcess } from "./processes.ts";
import { codeOf, DataDirBusy, refusalOf, StartRefused } from "./start-refused.ts";
import { checkWorkspace, LOCK_FILE, refuseForeign } from "./workspace.ts";

/** What is known of the runtime once it is ready. */
export type ReadyRuntime = Required<Pick<RuntimeRecord, "workerd" | "port" | "url">>;

/** A data directory that this process owns until `close`. */
export interface DataDir {
  /** Absolute. */
  readonly path: string;
  /** Where workerd keeps D1, R2, queues, Workflows and Durable Objects. */
  readonly statePath: string;
  /** For files that nothing needs after the process ended; emptied by every start. */
  readonly scratchPath: string;
  /** Where the launcher notes the pid of workerd. */
  readonly workerdPidPath: string;
  /** The key to every door: 32 random bytes as hex, made once per data directory. */
  readonly token: string;
  /** Write `runtime.json`, so that others find the runtime and know whom they would disturb. */
  recordRuntime(ready: ReadyRuntime): Promise<void>;
  /** Remove `runtime.json` and let others in. Once is enough; more is harmless. */
  close(): Promise<void>;
}

/** Less free space than this and a start is refused: SQLite needs room for its journal to stop cleanly. */
export const FREE_BYTES_MIN = 64 * 1024 * 1024;

const WORKERD_PID_FILE = "workerd.pid";
const STATE = "state";
const SCRATCH = "scratch";
/** Two starts at once disturb each other for the time of one system call. */
const LOCK_WAIT_MS = 250;
/** How long a refused start waits for the winner to become nameable. */
const OWNER_WAIT_MS = 2_000;
const OWNER_POLL_MS = 50;
const ORPHAN_WAIT_MS = 5_000;

/**
 * Open a data directory for this process alone, creating what is missing.
 *
 * @param path relative to the working directory, or absolute
 * @param freeBytesMin free space that the disk must have
 *
 * A workerd that outlived its node is ended, and what dead processes left behind is removed. Throws `DataDirBusy` when
 * a live process owns it, `StartRefused` when it cannot be used: not writable, in the way, full, somebody else's, or of a newer format.
 * A refused start leaves at most an empty directory and an empty lock file.
 */
export async function openDataDir(path: string, freeBytesMin: number = FREE_BYTES_MIN): Promise<DataDir> {
  const absolute = resolve(path);
  try {
    await requireSpace(absolute, path, freeBytesMin);
    await makeDirectory(absolute);
    await refuseForeign(absolute, path);
    const lock = await takeLock(absolute, path);
    try {
      return await occupy(absolute, path, lock);
    } catch (error) {
      lock.close();
      throw error;
    }
  } catch (error) {
    throw refusalOf(error, path);
  }
}

/**
 * Find the runtime that serves a data directory.
 *
 * @returns undefined when none runs there; without `url` while it is still starting
 */
export async function findRuntime(path: string): Promise<RuntimeRecord | undefined> {
  const record = asRuntimeRecord(await readJson(join(resolve(path), RUNTIME_FILE)));
  return record !== undefined && isRunning(record.node) ? record : undefined;
}

/**
 * The token of a data directory, for a client that did not start the runtime.
 *
 * @returns undefined when the directory has none yet
 */
export async function readToken(path: string): Promise<string | undefined> {
  const text = (await readText(join(resolve(path), TOKEN_FILE)))?.trim();
  return text !== undefined && isToken(text) ? text : undefined;
}

async function makeDirectory(absolute: string): Promise<void> {
  const created = await mkdir(absolute, { recursive: true, mode: 0o700 });
  // The mode above is subject to the umask only in its narrowing; this says it for every umask.
  if (created !== undefined) await chmod(absolute, 0o700);
}

/**
 * The lock is an SQLite lock on an empty file: the kernel holds it for this process and takes it back when the process
 * ends in whatever way, so it can be neither stale nor taken twice, which no scheme of marker files gives.
 */
async function takeLock(absolute: string, path: string): Promise<DatabaseSync> {
  const lockPath = join(absolute, LOCK_FILE);
  await createEmpty(lockPath);
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(lockPath, { timeout: LOCK_WAIT_MS });
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    const code = sqliteCode(error);
    if (code === SQLITE_BUSY) throw await busy(absolute, path);
    if (code === SQLITE_NOTADB) {
      throw new StartRefused(
        `${lockPath} is not the lock of this program: remove it, nothing of yours is kept in it.`,
        { cause: error },
      );
    }
    throw code === undefined
      ? error
      : Object.assign(new Error(lockPath, { cause: error }), { code: ERRNO[code] });
  }
}

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/** SQLite's codes (READONLY, IOERR, FULL, CANTOPEN) as those of the operating system. Source: sqlite.org/rescode. */
const ERRNO: Record<number, string> = { 8: "EROFS", 10: "EIO", 13: "ENOSPC", 14: "EACCES" };

function sqliteCode(error: unknown): number | undefined {
  if (codeOf(error) !== "ERR_SQLITE_ERROR") return undefined;
  // The upper bits only tell variants of one code apart.
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}

async function busy(absolute: string, path: string): Promise<DataDirBusy> {
  const deadlineMs = performance.now() + OWNER_WAIT_MS;
  for (;;) {
    const owner = await findRuntime(absolute);
    if (owner?.url !== undefined || performance.now() > deadlineMs) {
      return new DataDirBusy(path, {
        ...(owner && { pid: owner.node.pid }),
        ...(owner?.url && { url: owner.url }),
      });
    }
    await delay(OWNER_POLL_MS);
  }
}

async function occupy(absolute: string, path: string, lock: DatabaseSync): Promise<DataDir> {
  await checkWorkspace(absolute, path);
  await endLeftovers(absolute, path);
  const node = identify(process.pid);
  if (node === undefined) throw new Error("this process cannot identify itself");
  // Whoever made the directory may have left it open to others; what is said in meetings is not for them.
  await mkdir(join(absolute, STATE), { recursive: true, mode: 0o700 });
  const token = await tokenOf(absolute);
  const start = { node, startedAt: new Date().toISOString() };
  await writeWhole(join(absolute, RUNTIME_FILE), start);

  let isOpen = true;
  return {
    path: absolute,
    statePath: join(absolute, STATE),
    scratchPath: join(absolute, SCRATCH),
    workerdPidPath: join(absolute, WORKERD_PID_FILE),
    token,
    async recordRuntime(ready) {
      // A restart of workerd may end after the close, when the file is no longer ours to write.
      if (isOpen) await writeWhole(join(absolute, RUNTIME_FILE), { ...start, ...ready });
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await removeOwnFiles(absolute, node);
      lock.close();
    },
  };
}

/** What a node that died without stopping left behind: perhaps a workerd that still writes, and its record. */
async function endLeftovers(absolute: string, path: string): Promise<void> {
  const record = asRuntimeRecord(await readJson(join(absolute, RUNTIME_FILE)));
  // The lock is ours, so a live owner here means a file system that ignores locks.
  if (record !== undefined && record.node.pid !== process.pid && isRunning(record.node)) {
    throw new DataDirBusy(path, { pid: record.node.pid, ...(record.url && { url: record.url }) });
  }
  if (record?.workerd !== undefined) await endProcess(record.workerd, ORPHAN_WAIT_MS);
  await removeFile(join(absolute, WORKERD_PID_FILE));
  await rm(join(absolute, SCRATCH), { recursive: true, force: true });
}

/** If the directory was deleted and made anew by another process meanwhile, its files are that one's. */
async function removeOwnFiles(absolute: string, node: ProcessIdentity): Promise<void> {
  const record = asRuntimeRecord(await readJson(join(absolute, RUNTIME_FILE)));
  if (record?.node.pid !== node.pid || record.node.startTime !== node.startTime) return;
  await removeFile(join(absolute, RUNTIME_FILE));
  await removeFile(join(absolute, WORKERD_PID_FILE));
}

async function tokenOf(absolute: string): Promise<string> {
  const tokenPath = join(absolute, TOKEN_FILE);
  const present = await readToken(absolute);
  if (present !== undefined) {
    await chmod(tokenPath, 0o600);
    return present;
  }
  if ((await readText(tokenPath)) !== undefined) {
    throw new StartRefused(
      `${tokenPath} does not hold a token of this program: restore it, or remove it for a new one.`,
    );
  }
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const token = Buffer.from(bytes).toString("hex");
  await writeWhole(tokenPath, token);
  return token;
}
