import { createFirefliesEmulator } from "../../emulators/fireflies/emulator.ts";
import { FIREFLIES_DEMO_KEY } from "../../emulators/fireflies/keys.ts";
import {
  readMeetingsFile,
  type LineProblem,
  type MeetingsFile,
} from "../../emulators/fireflies/meetings-file.ts";
import { serveFireflies } from "../../emulators/fireflies/server.ts";
import { StartRefused } from "./start-refused.ts";
import type { RunOptions } from "./options.ts";

/** Where Fireflies is for this start: the real one, an emulator run elsewhere, or our own. */
export type FirefliesVendor = {
  readonly kind: "real" | "elsewhere" | "own";
  /** Null: the vendor's own address. */
  readonly url: string | null;
  readonly key: string;
  /** JSON of the clock that an emulator keeps; null with the real vendor. */
  readonly clock: string | null;
  /** Account of an emulated workspace: all emulators take one demo key, so the key does not tell them apart. */
  readonly account: string | null;
  /** Lines of a --meetings file that could not be loaded. */
  readonly problems: readonly LineProblem[];
  close(): Promise<void>;
};

/** The options, and what stands in the file that they name. */
type VendorOptions = RunOptions & { readonly meetingsFile: MeetingsFile | null };

/**
 * Find or start Fireflies. With a real key and no address the real service is meant; with an address, whatever runs
 * there; else an emulator of ours whose world is kept in the data directory.
 *
 * @throws StartRefused when the emulator's world cannot be opened, or nothing answers at the address
 */
export async function openFireflies(options: VendorOptions, statePath: string): Promise<FirefliesVendor> {
  const key = process.env["FIREFLIES_API_KEY"] ?? "";
  const none = { problems: [], close: async () => {} };
  if (options.firefliesUrl !== undefined) {
    const url = options.firefliesUrl.replace(/\/(graphql)?$/, "");
    return { kind: "elsewhere", url, key: key || FIREFLIES_DEMO_KEY, ...(await worldAt(url)), ...none };
  }
  if (key !== "") return { kind: "real", url: null, key, clock: null, account: null, ...none };
  return openOwn(options, statePath);
}

async function openOwn(options: VendorOptions, statePath: string): Promise<FirefliesVendor> {
  const file = options.meetingsFile;
  const emulator = await createFirefliesEmulator({
    stateDir: statePath,
    realNowMs: () => Date.now(),
    elsewhere: "another directory with --data-dir",
    ...(file === null ? {} : { meetings: file.meetings }),
    ...(options.meetingsCount === undefined ? {} : { meetingsCount: options.meetingsCount }),
    quotaPerDay: options.quotaPerDay === "none" ? null : options.quotaPerDay,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
    ...(options.speed === undefined ? {} : { speed: options.speed }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  }).catch((error: unknown) => {
    throw new StartRefused(error instanceof Error ? error.message : String(error));
  });
  if (options.advance !== undefined) await emulator.control({ op: "advance", by: options.advance });
  const server = await serveFireflies(emulator, { port: 0, host: "127.0.0.1" });
  return {
    kind: "own",
    url: server.url,
    key: FIREFLIES_DEMO_KEY,
    clock: JSON.stringify(emulator.clock()),
    account: emulator.accountId,
    problems: file?.problems ?? [],
    close: async () => {
      await server.close();
      await emulator.close();
    },
  };
}

/** Read a `--meetings` file. @throws StartRefused if it cannot be read or holds no meeting */
export function readMeetings(path: string): MeetingsFile {
  try {
    return readMeetingsFile(path);
  } catch (error) {
    throw new StartRefused(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Clock and account of an emulator run elsewhere; null if what runs there does not tell. */
async function worldAt(url: string): Promise<Pick<FirefliesVendor, "clock" | "account">> {
  try {
    const response = await fetch(`${url}/__world`, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) return { clock: null, account: null };
    const world = (await response.json()) as { clock?: unknown; account_id?: string };
    return {
      clock: world.clock === undefined ? null : JSON.stringify(world.clock),
      account: world.account_id ?? null,
    };
  } catch (error) {
    throw new StartRefused(
      `Nothing answers at ${url}: start an emulator there (npm run emulators) or correct --fireflies-url.`,
      { cause: error },
    );
  }
}
