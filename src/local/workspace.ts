import { createHash } from "node:crypto";
import { join } from "node:path";
import { readJson, readText, writeWhole } from "./data-files.ts";
import { StartRefused } from "./start-refused.ts";

/** Format of everything in a data directory. A change that an older program would misread raises it. */
export const DATA_FORMAT_VERSION = 1;

/** The account that a data directory belongs to, and the key that proved it. Hashes: neither is readable here. */
interface Account {
  readonly accountHash: string;
  readonly keyHash: string;
}

/** `workspace.json`. */
interface WorkspaceFile {
  readonly formatVersion: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly accounts: Readonly<Record<string, Account>>;
}

/** Whose data a data directory holds. */
export interface Workspace {
  readonly createdAt: string;
  /** Whether a key was proved before, so that the vendor need not be asked whose it is. */
  isKnownKey(vendor: string, key: string): boolean;
  /**
   * Tie the directory to the account that a key belongs to.
   *
   * Throws `StartRefused` when the directory belongs to another account of that vendor: mixing two workspaces would
   * make the one look deleted in the other. Source: design, "Doors", real accounts.
   */
  claim(vendor: string, owner: { readonly accountId: string; readonly key: string }): Promise<void>;
}

/**
 * Read a directory's `workspace.json`, or found the workspace.
 *
 * @param directory absolute
 * @param path how a sentence names the directory
 *
 * Throws `StartRefused` for a newer format or an unreadable file; both leave it untouched.
 */
export async function openWorkspace(directory: string, path: string): Promise<Workspace> {
  const filePath = join(directory, "workspace.json");
  let file = await readWorkspace(filePath, path);
  if (file === undefined) {
    file = { formatVersion: DATA_FORMAT_VERSION, createdAt: new Date().toISOString(), accounts: {} };
    await writeWhole(filePath, file);
  }
  let current = file;

  return {
    createdAt: file.createdAt,
    isKnownKey: (vendor, key) => current.accounts[vendor]?.keyHash === hashOf(key),
    async claim(vendor, owner) {
      const account = { accountHash: hashOf(owner.accountId), keyHash: hashOf(owner.key) };
      const present = current.accounts[vendor];
      if (present !== undefined && present.accountHash !== account.accountHash) {
        throw new StartRefused(
          `${path} holds the data of another ${vendor} account: use the key of that account, or choose another directory with --data-dir.`,
        );
      }
      if (present?.keyHash === account.keyHash) return;
      current = { ...current, accounts: { ...current.accounts, [vendor]: account } };
      await writeWhole(filePath, current);
    },
  };
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
  return { formatVersion: file.formatVersion, createdAt: file.createdAt, accounts: file.accounts ?? {} };
}

/** Keys and account ids are long and random, so a plain hash cannot be turned back. */
function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
