import { StartRefused } from "./start-refused.ts";

/** What an emulator tells of its world, as far as it does. Whatever runs at an address may tell anything. */
export type Tolerant = {
  readonly clock?: unknown;
  readonly account_id?: string;
  readonly workspace_id?: string;
  readonly databases?: readonly { readonly key: string; readonly id: string }[];
};

const ANSWER_MS_MAX = 10_000;

/**
 * Ask an emulator run elsewhere for its world.
 *
 * @param option the option that named the address, for the sentence
 * @returns null if what runs there does not tell
 * @throws StartRefused if nothing answers
 */
export async function emulatorWorldAt(url: string, option: string): Promise<Tolerant | null> {
  let response: Response;
  try {
    response = await fetch(`${url}/__world`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  } catch (cause) {
    throw new StartRefused(
      `Nothing answers at ${url}: start an emulator there (npm run emulators) or correct ${option}.`,
      { cause },
    );
  }
  const world: unknown = response.ok ? await response.json().catch(() => null) : null;
  return typeof world === "object" ? (world as Tolerant | null) : null;
}

/** Refuse the start for what an emulator or a file of rows says, which is a sentence already. */
export function refusedBy(error: unknown): never {
  throw new StartRefused(error instanceof Error ? error.message : String(error), { cause: error });
}
