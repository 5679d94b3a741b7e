import { EXIT } from "../surfaces/exit-codes.ts";

/**
 * The runner declines to start, for a reason the person at the keyboard can remove.
 *
 * `message` is one sentence: what is wrong and what to do. Source: design, "Doors".
 */
export class StartRefused extends Error {
  override readonly name: string = "StartRefused";
  /** Exit code of the CLI for "could not run". */
  readonly exitCode: number = EXIT.failed;
}

/** A setting that means nothing: as wrong a usage as an unknown option. */
export class BadSetting extends StartRefused {
  override readonly name = "BadSetting";
  override readonly exitCode = EXIT.usage;
}

/** Another live process owns the data directory. */
export class DataDirBusy extends StartRefused {
  override readonly name = "DataDirBusy";
  readonly pid: number | undefined;
  readonly url: string | undefined;

  /**
   * @param path the data directory
   * @param owner what its `runtime.json` says of the owner; nothing while that is not written yet
   */
  constructor(path: string, owner: { readonly pid?: number; readonly url?: string }) {
    const who = owner.pid === undefined ? "another process" : `process ${owner.pid}`;
    const where = owner.url === undefined ? "which is still starting" : owner.url;
    super(`${path} is in use by ${who} (${where}): stop it, or choose another directory with --data-dir.`);
    this.pid = owner.pid;
    this.url = owner.url;
  }
}

/** What the codes of the operating system mean to the person who chose the directory. */
const CAUSES: Record<string, string> = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system is read-only",
  ENOTDIR: "a file is in the way",
  EEXIST: "a file is in the way",
  EISDIR: "a directory is in the way of a file",
  ENOSPC: "the disk is full",
  EIO: "the disk reports an error",
  EDQUOT: "the disk quota is used up",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its symbolic links go in a circle",
};

/**
 * Turn a failed file operation into a refusal with one sentence.
 *
 * @param error what the operation threw; anything without a known code comes back unchanged
 * @param path the directory that could not be used, as the sentence should name it
 */
export function refusalOf(error: unknown, path: string): unknown {
  const code = codeOf(error);
  const reason = code === undefined ? undefined : CAUSES[code];
  if (reason === undefined) return error;
  return new StartRefused(
    `${path} cannot hold the data, because ${reason} (${code}): repair that, or choose another directory with --data-dir.`,
    { cause: error },
  );
}

/** The operating system's code of an error, such as `ENOENT`; undefined for any other error. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
