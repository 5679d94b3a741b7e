import { createHash } from "node:crypto";
import { withSpeed } from "../world/clock.ts";
import { createRandom, ulidAt } from "../world/random.ts";
import { type LogEntry, openRequestLog } from "../world/request-log.ts";
import { openStateRow } from "../world/state-row.ts";
import { giveUpWorldFile, inTransaction, openWorldFile } from "../world/world-file.ts";
import type { FirefliesOptions } from "./emulator.ts";
import { FIREFLIES_DEMO_KEY } from "./keys.ts";
import { type MeetingStore, openMeetingStore } from "./meeting-store.ts";
import { FRESH_QUOTA } from "./quota.ts";
import { createReplyCache } from "./reply-cache.ts";
import { ACCOUNT_OWNER } from "./sample/company.ts";
import { sampleMeetings } from "./sample/workspace.ts";
import type { SourceMeeting } from "./source-meeting.ts";
import { commit, type World } from "./world.ts";
import { NO_WEBHOOK } from "./webhook-state.ts";
import { DEFAULT_BEHAVIOUR, type WorldState } from "./world-state.ts";

const SAMPLE_COUNT = 60;
/** When every invented account was opened. */
const ACCOUNT_MADE_MS = Date.UTC(2024, 0, 8);
const WORLD_FILE = "fireflies.sqlite";

type OpenOptions = FirefliesOptions & { sleep: (ms: number) => Promise<void> };

/** Make a world or go on with the one in `stateDir`. @throws Error with one sentence for a person */
export function openWorld(options: OpenOptions): World {
  const database = openWorldFile(options.stateDir, WORLD_FILE, elsewhereOf(options));
  let isNew = false;
  try {
    const row = openStateRow<WorldState>(database);
    const log = openRequestLog<LogEntry>(database);
    const store = openMeetingStore(database);
    const stored = row.load();
    isNew = stored === null;
    const state = stored ? reopened(stored, options) : inTransaction(database, () => made(options, store));
    const world: World = {
      state,
      row,
      database,
      store,
      log,
      cache: createReplyCache(),
      realNowMs: options.realNowMs,
      sleep: options.sleep,
      deliver: options.deliver,
      inFlight: 0,
    };
    commit(world, () => undefined);
    return world;
  } catch (error) {
    giveUpWorldFile(database, isNew);
    throw isDiskFull(error)
      ? new Error(
          `The world in ${folderOf(options)} cannot be kept, because the disk is full: make room, or choose ${elsewhereOf(options)}.`,
          { cause: error },
        )
      : error;
  }
}

function elsewhereOf(options: OpenOptions): string {
  return options.elsewhere ?? "another folder";
}

function folderOf(options: OpenOptions): string {
  return options.stateDir ?? "memory";
}

/** SQLITE_FULL. Source: sqlite.org/rescode. */
function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 13;
}

/** Settings given replace those stored; absent ones stay. */
function withGiven(state: WorldState, options: OpenOptions): WorldState {
  return {
    ...state,
    plan: options.plan ?? state.plan,
    quotaPerDay: options.quotaPerDay === undefined ? state.quotaPerDay : options.quotaPerDay,
    faults: options.faults ?? state.faults,
    behaviour: { ...state.behaviour, ...options.behaviour },
  };
}

function reopened(stored: WorldState, options: OpenOptions): WorldState {
  const folder = folderOf(options);
  const elsewhere = elsewhereOf(options);
  if (options.seed !== undefined && options.seed !== stored.seed) {
    throw new Error(
      `The world in ${folder} was made with seed ${stored.seed}; choose ${elsewhere} for seed ${options.seed}.`,
    );
  }
  if (options.accountId !== undefined && options.accountId !== stored.account.id) {
    throw new Error(
      `The world in ${folder} belongs to account ${stored.account.id}; choose ${elsewhere} for another account.`,
    );
  }
  const asksForOther =
    (options.meetings && contentHashOf(options) !== stored.source.contentHash) ||
    (options.meetingsCount !== undefined && sampleHash(options.meetingsCount) !== stored.source.contentHash);
  if (asksForOther) {
    throw new Error(
      `The world in ${folder} was filled from other meetings, and refilling would drop its edits; choose ${elsewhere}, or the same meetings.`,
    );
  }
  const speed = options.speed ?? stored.clock.speed;
  // A world that was made before it could tell anybody anything.
  const { webhooks = NO_WEBHOOK } = stored as Partial<WorldState>;
  return withGiven(
    { ...stored, webhooks, clock: withSpeed(stored.clock, speed, options.realNowMs()) },
    options,
  );
}

function made(options: OpenOptions, store: MeetingStore): WorldState {
  const seed = options.seed ?? 1;
  const originRealMs = options.realNowMs();
  const originWorldMs = options.epochMs ?? originRealMs;
  const count = options.meetingsCount ?? SAMPLE_COUNT;
  const meetings = options.meetings ?? sampleMeetings({ seed, epochMs: originWorldMs, count });
  const { organizers, contentHash } = fill(
    store,
    meetings,
    options.meetings !== undefined && options.meetingsHash === undefined,
  );
  const email = options.meetings ? mostFrequent(organizers) : ACCOUNT_OWNER.email;
  const servedHash = options.meetings ? (options.meetingsHash ?? contentHash) : sampleHash(count);
  const state: WorldState = {
    clock: { originRealMs, originWorldMs, speed: options.speed ?? 1 },
    seed,
    source: {
      kind: options.meetings ? "given" : "sample",
      contentHash: servedHash,
    },
    account: {
      // Two workspaces of one seed that serve different meetings are two accounts.
      id: options.accountId ?? ulidAt(ACCOUNT_MADE_MS, createRandom(seed, `account of ${servedHash}`)),
      email: email ?? "owner@workspace.example",
      name: email === ACCOUNT_OWNER.email ? ACCOUNT_OWNER.name : "Workspace Owner",
    },
    keys: [FIREFLIES_DEMO_KEY],
    plan: "business",
    quotaPerDay: null,
    quota: FRESH_QUOTA,
    faults: null,
    nextFaults: [],
    behaviour: DEFAULT_BEHAVIOUR,
    requestCount: 0,
    arrivalCount: 0,
    later: [],
    webhooks: NO_WEBHOOK,
  };
  return withGiven(state, options);
}

/** Store every meeting; tells the numbers of meetings by organizer, and a hash of all that was stored. */
function fill(
  store: MeetingStore,
  meetings: Iterable<SourceMeeting>,
  isHashed: boolean,
): { organizers: Map<string, number>; contentHash: string } {
  const organizers = new Map<string, number>();
  const hash = createHash("sha256");
  for (const meeting of meetings) {
    if (store.isTaken(meeting.id))
      throw new Error(`Two meetings have the id ${meeting.id}; ids must differ.`);
    const body = store.add(meeting);
    if (isHashed) hash.update(body);
    const email = meeting.organizer_email;
    if (email) organizers.set(email, (organizers.get(email) ?? 0) + 1);
  }
  return { organizers, contentHash: hash.digest("hex") };
}

function mostFrequent(counts: Map<string, number>): string | undefined {
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

function sampleHash(count: number): string {
  return `sample of ${count}`;
}

/** The name of given meetings: as told, or the same hash as when they were stored. */
function contentHashOf({ meetings, meetingsHash }: OpenOptions): string {
  if (meetingsHash !== undefined) return meetingsHash;
  const hash = createHash("sha256");
  for (const meeting of meetings ?? []) hash.update(JSON.stringify(meeting));
  return hash.digest("hex");
}
