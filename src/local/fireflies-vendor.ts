import { createFirefliesEmulator, type FirefliesEmulator } from "../../emulators/fireflies/emulator.ts";
import { FIREFLIES_DEMO_KEY } from "../../emulators/fireflies/keys.ts";
import { readMeetingsFile, type MeetingsFile } from "../../emulators/fireflies/meetings-file.ts";
import { serveFireflies } from "../../emulators/fireflies/server.ts";
import { deliverByHttp } from "../../emulators/world/deliver.ts";
import { decodeClock, worldNowMs, type WorldClock } from "../../emulators/world/clock.ts";
import { emulatorWorldAt, refusedBy, type Tolerant } from "./emulator-elsewhere.ts";
import type { RunOptions } from "./options.ts";
import { StartRefused } from "./start-refused.ts";

/** Where Fireflies is for this start, and how the Worker gets in. */
export type FirefliesVendor = {
  /** Null: the vendor's own address. */
  readonly url: string | null;
  readonly key: string;
  /** Clock that an emulator keeps, as it stands now; null with the real vendor, or if an emulator tells none. */
  readonly clock: () => WorldClock | null;
  /** The clock asked for again, where somebody else may have moved it. */
  readonly refresh: () => Promise<void>;
  /** Account of an emulated workspace: all emulators take one demo key, so the key does not tell them apart. */
  readonly account: string | null;
  /** Source of all chance in a world of ours; null elsewhere. */
  readonly seed: number | null;
  /** Have its webhooks sent to an address from now on; null where that is not ours to say. */
  readonly announceTo: ((url: string, secret: string) => void) | null;
  close(): Promise<void>;
};

const NONE = { seed: null, announceTo: null, refresh: async () => {}, close: async () => {} };

/** The real service. */
export function realFireflies(key: string): FirefliesVendor {
  return { ...NONE, url: null, key, clock: () => null, account: null };
}

/**
 * An emulator that runs elsewhere.
 *
 * @throws StartRefused when nothing answers there
 */
export async function firefliesAt(address: string, key: string): Promise<FirefliesVendor> {
  const url = address.replace(/\/(graphql)?$/, "");
  const world = await emulatorWorldAt(url, "--fireflies-url");
  let { clock } = clockIn(world);
  return {
    ...NONE,
    url,
    key: key || FIREFLIES_DEMO_KEY,
    account: world?.account_id ?? null,
    clock: () => clock,
    refresh: async () => {
      // An emulator that does not answer any more is found missing by whoever needs it.
      const now = await emulatorWorldAt(url, "--fireflies-url").catch(() => null);
      clock = clockIn(now).clock ?? clock;
    },
  };
}

function clockIn(world: Tolerant | null): { clock: WorldClock | null } {
  return { clock: decodeClock(JSON.stringify(world?.clock ?? null)) };
}

/** What an emulator of ours is made or opened with. */
export type OwnFireflies = {
  readonly options: RunOptions;
  readonly meetings: MeetingsFile | null;
  readonly stateDir: string;
  /** Clock of an emulator run elsewhere, whose world this one shares; null: it has its own. */
  readonly shared: WorldClock | null;
};

/**
 * An emulator of ours, its world kept in the data directory.
 *
 * @throws StartRefused when the world cannot be opened
 */
export async function ownFireflies(own: OwnFireflies): Promise<FirefliesVendor> {
  const { options, meetings, shared } = own;
  const emulator = await createFirefliesEmulator({
    stateDir: own.stateDir,
    realNowMs: () => Date.now(),
    elsewhere: "another directory with --data-dir",
    deliver: deliverByHttp,
    ...(meetings === null ? {} : { meetings: meetings.meetings }),
    ...(options.meetingsCount === undefined ? {} : { meetingsCount: options.meetingsCount }),
    quotaPerDay: options.quotaPerDay === "none" ? null : options.quotaPerDay,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
    ...(options.speed === undefined ? {} : { speed: options.speed }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(shared === null ? {} : { speed: shared.speed, epochMs: worldNowMs(shared, Date.now()) }),
  }).catch(refusedBy);
  try {
    if (options.advance !== undefined) emulator.control({ op: "advance", by: options.advance });
    if (shared !== null) catchUp(emulator, shared);
    const server = await serveFireflies(emulator, { port: 0, host: "127.0.0.1" });
    return {
      url: server.url,
      key: FIREFLIES_DEMO_KEY,
      clock: () => emulator.clock(),
      refresh: async () => {},
      account: emulator.accountId,
      seed: emulator.seed,
      announceTo: (url, secret) => void emulator.control({ op: "webhook", url, secret }),
      close: async () => {
        await server.close();
        await emulator.close();
      },
    };
  } catch (error) {
    await emulator.close();
    throw error;
  }
}

/** Two clocks of one world may not lie further apart than a start takes. */
const APART_MS_MAX = 60_000;

/** Bring a world that was opened again to the time of the one that it shares. @throws StartRefused if it is ahead */
function catchUp(emulator: FirefliesEmulator, shared: WorldClock): void {
  const behindMs = worldNowMs(shared, Date.now()) - emulator.nowMs();
  if (behindMs > 0) emulator.control({ op: "advance", by: `${behindMs / 1_000}s` });
  if (behindMs >= -APART_MS_MAX) return;
  throw new StartRefused(
    "The world at --notion-url is at an earlier time than this data directory has seen: advance that emulator, or choose another directory with --data-dir.",
  );
}

/** Read a `--meetings` file. @throws StartRefused if it cannot be read or holds no meeting */
export function readMeetings(path: string): MeetingsFile {
  try {
    return readMeetingsFile(path);
  } catch (error) {
    return refusedBy(error);
  }
}
