import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createApiClient, type ApiClient } from "../client.ts";
import { tokenProof } from "../http/token.ts";
import { isRunning } from "./process-identity.ts";
import { asRuntimeRecord, isToken, RUNTIME_FILE, TOKEN_FILE } from "./runtime-record.ts";

/** Nothing that may be talked to; one sentence, exit 3. */
export class NotRunning extends Error {}

/** Where a command's API is. */
export type Place = {
  readonly dataDir: string;
  /** Address of the API instead of the one on the data directory. */
  readonly url?: string;
};

/** How long a server may take to say that it is there. */
const HEALTH_TIMEOUT_MS = 10_000;
const NONCE_BYTES = 16;

/**
 * A client for the runner that serves a data directory, or for an address.
 *
 * @param environmentToken content of API_TOKEN, if it is set
 *
 * The token leaves only to a server that has proven to know it: the port of a runner that was killed may be anybody's.
 * Throws `NotRunning` otherwise.
 */
export async function connectTo(place: Place, environmentToken: string | undefined): Promise<ApiClient> {
  const url = place.url === undefined ? await runnerUrl(place.dataDir) : place.url.replace(/\/+$/, "");
  const token = environmentToken ?? (await readToken(place));
  await requireProof(url, token, place);
  return createApiClient(url, token);
}

/** Address of the runner on a data directory, which must be alive: its record outlives a SIGKILL. */
async function runnerUrl(dataDir: string): Promise<string> {
  const path = join(dataDir, RUNTIME_FILE);
  const text = await readOwn(path);
  if (text === undefined) throw nothingRuns(dataDir);
  const record = asRuntimeRecord(parsed(text));
  if (record === undefined) {
    throw new NotRunning(
      `${path} is damaged: start the runner again with npm start (end it first if it still runs), or name another --data-dir.`,
    );
  }
  if (!isRunning(record.node)) throw nothingRuns(dataDir);
  if (record.url === undefined) {
    throw new NotRunning(
      `The runner of ${dataDir} (process ${record.node.pid}) is still starting: try again soon.`,
    );
  }
  return record.url;
}

async function readToken({ dataDir, url }: Place): Promise<string> {
  const path = join(dataDir, TOKEN_FILE);
  const text = (await readOwn(path))?.trim();
  if (text !== undefined && isToken(text)) return text;
  if (url !== undefined)
    throw new NotRunning(`There is no token for ${url}: set API_TOKEN to the one of that server.`);
  throw text === undefined
    ? nothingRuns(dataDir)
    : new NotRunning(`${path} does not hold a token: restore it.`);
}

async function requireProof(url: string, token: string, place: Place): Promise<void> {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))).toString("hex");
  const given = await askProof(`${url}/healthz?nonce=${nonce}`).catch((cause: unknown) => {
    throw new NotRunning(
      place.url === undefined
        ? `The runner of ${place.dataDir} does not answer at ${url}: look at what it prints.`
        : `Nothing answers at ${url}: start what should, or correct --url.`,
      { cause },
    );
  });
  if (given === (await tokenProof(token, nonce))) return;
  throw new NotRunning(
    place.url === undefined
      ? `What answers at ${url} is not the runner of ${place.dataDir}, so it was not sent the token: start the runner again with npm start.`
      : `What answers at ${url} does not know the token, so it was not sent: correct --url, or set API_TOKEN to its token.`,
  );
}

/** What the server says to the nonce; undefined from one that does not understand. */
async function askProof(url: string): Promise<unknown> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS), redirect: "error" });
  return (parsed(await reply.text()) as { proof?: unknown } | undefined | null)?.proof;
}

/** A file of the data directory; undefined if there is none. */
async function readOwn(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new NotRunning(
      code === "EACCES" || code === "EPERM"
        ? `${path} may not be read by this user (${code}): be the user who started the runner.`
        : `${path} cannot be read (${code}): repair it, or name another --data-dir.`,
      { cause },
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nothingRuns(dataDir: string): NotRunning {
  return new NotRunning(
    `Nothing is running on ${dataDir}: start it with npm start, or name another --data-dir.`,
  );
}
