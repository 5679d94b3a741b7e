import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { readJson, readText, writeWhole } from "./data-files.ts";
import { StartRefused } from "./start-refused.ts";

/** Format of everything in a data directory. A change that an older program would misread raises it. */
export const DATA_FORMAT_VERSION = 1;

const WORKSPACE_FILE = "workspace.json";
/** Made first, so that a start that was refused or killed may have left it alone in a directory. */
export const LOCK_FILE = "lock";

/** `workspace.json`. */
interface WorkspaceFile {
  readonly formatVersion: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/**
 * Refuse a directory that holds files of somebody else: what is done in a data directory (emptying the scratch folder,
 * renewing records) would destroy them. Touches nothing.
 *
 * @param directory absolute; it exists
 * @param path how a sentence names the directory
 *
 * Throws `StartRefused` for a directory that is neither ours nor empty.
 */
export async function refuseForeign(directory: string, path: string): Promise<void> {
  // Listed before the file is looked for: whatever another start makes at this moment, it makes after that file.
  const names = await readdir(directory);
  if ((await readText(join(directory, WORKSPACE_FILE))) !== undefined) return;
  for (const name of names) {
    if (await isOurLeftover(directory, name)) continue;
    throw new StartRefused(
      `${path} holds other files (such as ${name}) and no ${WORKSPACE_FILE}, so it is no data directory: name an empty or a new directory with --data-dir.`,
    );
  }
}

/** What a start may leave before the workspace is founded: the empty lock with its journal, the draft of the file. */
async function isOurLeftover(directory: string, name: string): Promise<boolean> {
  if (/^workspace\.json\.\d+\.draft$/.test(name) || name === `${LOCK_FILE}-journal`) return true;
  if (name !== LOCK_FILE) return false;
  const file = await lstat(join(directory, name));
  return file.isFile() && file.size === 0;
}

/**
 * Found a directory's `workspace.json`, or check the one there. Whose data the directory holds stands in its database
 * (`quota.account_id`), where the engine compares it with the account of each new key.
 *
 * @param directory absolute
 * @param path how a sentence names the directory
 *
 * Throws `StartRefused` for a newer format or an unreadable file; both leave it untouched.
 */
export async function checkWorkspace(directory: string, path: string): Promise<void> {
  const filePath = join(directory, WORKSPACE_FILE);
  if ((await readWorkspace(filePath, path)) !== undefined) return;
  await writeWhole(filePath, { formatVersion: DATA_FORMAT_VERSION, createdAt: new Date().toISOString() });
}

async function readWorkspace(filePath: string, path: string): Promise<WorkspaceFile | undefined> {
  if ((await readText(filePath)) === undefined) return undefined;
  const file = (await readJson(filePath)) as Partial<WorkspaceFile> | undefined | null;
  if (typeof file?.formatVersion !== "number" || typeof file.createdAt !== "string") {
    throw new StartRefused(
      `${filePath} is damaged: restore it from a copy, or choose another directory with --data-dir.`,
    );
  }
  if (file.formatVersion > DATA_FORMAT_VERSION) {
    throw new StartRefused(
      `${path} was written by a newer version (format ${file.formatVersion}, this one knows ${DATA_FORMAT_VERSION}): update the program, or choose another directory with --data-dir.`,
    );
  }
  return { formatVersion: file.formatVersion, createdAt: file.createdAt };
}
