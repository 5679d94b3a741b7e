import { open, readFile, rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf, StartRefused } from "./start-refused.ts";

/**
 * Write a file so that a reader sees the old content or the new one, never a part, not even after a power cut.
 *
 * @param content a string as it is, anything else as JSON; the file's mode is 0600
 */
export async function writeWhole(path: string, content: unknown): Promise<void> {
  const text = typeof content === "string" ? `${content}\n` : `${JSON.stringify(content, null, 2)}\n`;
  const draft = `${path}.${process.pid}.draft`;
  try {
    const file = await open(draft, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await removeFile(draft).catch(() => undefined);
    throw error;
  }
}

/**
 * Create a file with nothing in it, mode 0600, if there is none.
 *
 * A present one is not even opened: closing it again would drop the locks that this process has on it.
 */
export async function createEmpty(path: string): Promise<void> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.close();
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/** A file's text; undefined when there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** A file's JSON; undefined when there is no file or no JSON in it. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Remove a file if it is there. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

/**
 * Refuse a directory whose disk is nearly full, before anything is written to it.
 *
 * @param absolute the directory; where it does not exist yet, its nearest existing parent is asked
 * @param path how the sentence names it
 */
export async function requireSpace(absolute: string, path: string, freeBytesMin: number): Promise<void> {
  let place = absolute;
  for (;;) {
    try {
      const { bavail, bsize } = await statfs(place);
      if (bavail * bsize >= freeBytesMin) return;
      const freeMb = Math.floor((bavail * bsize) / 1024 ** 2);
      const neededMb = Math.ceil(freeBytesMin / 1024 ** 2);
      throw new StartRefused(
        `The disk of ${path} has ${freeMb} MB left and ${neededMb} MB are needed: make room, or choose another directory with --data-dir.`,
      );
    } catch (error) {
      if (codeOf(error) !== "ENOENT" || dirname(place) === place) throw error;
      place = dirname(place);
    }
  }
}
