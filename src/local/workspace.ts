import { join } from "node:path";
import { readJson, readText, writeWhole } from "./data-files.ts";
import { StartRefused } from "./start-refused.ts";

/** Format of everything in a data directory. A change that an older program would misread raises it. */
export const DATA_FORMAT_VERSION = 1;

/** `workspace.json`. */
interface WorkspaceFile {
  readonly formatVersion: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
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
  const filePath = join(directory, "workspace.json");
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
