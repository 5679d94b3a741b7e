import { setTimeout as sleepFor } from "node:timers/promises";
import { toResponse, type WireReply } from "../world/wire-reply.ts";
import { applyControl, type NotionControlReply } from "./control.ts";
import type { NotionControlInput } from "./control-ops.ts";
import { deliverDue } from "./deliveries.ts";
import type { NotionEdit } from "./edit-log.ts";
import type { GivenPlan } from "./faults.ts";
import { settleLateWrites } from "./late-writes.ts";
import type { NotionLogEntry } from "./log-entry.ts";
import { openWorld } from "./open-world.ts";
import { databasesOf, type NotionDatabaseState, type NotionPageState, pagesOf } from "./oracle.ts";
import { routeRequest } from "./routes.ts";
import type { NotionSeed } from "./seed.ts";
import type { Deliver } from "../world/deliver.ts";
import type { World } from "./world.ts";

/**
 * How to make or reopen a world.
 *
 * On reopening a `stateDir` the world goes on as it was: what is given here replaces what was stored, what is absent
 * stays. Seed and content belong to the making: others are refused.
 */
export type NotionOptions = {
  /** Folder of the world; absent: in memory. */
  stateDir?: string | undefined;
  /** Source of all chance; default 1. */
  seed?: number | undefined;
  /** World time now, epoch ms: the clock belongs to whoever starts the world, and never goes back. */
  nowMs: () => number;
  /** Real waiting, for slow bodies. */
  sleep?: ((ms: number) => Promise<void>) | undefined;
  /** Value of the header `x-world-clock`, or null for none. */
  clockHeader?: (() => string | null) | undefined;
  /** What the world begins with; asked for only when it is made. */
  content: () => NotionSeed;
  /** A name of the content: a world that was filled from another is refused. Default a hash, not checked later. */
  contentHash?: string | undefined;
  /** Where rows come from, by key of their database: other ones are refused on reopening. Absent: whatever is there. */
  sources?: Readonly<Record<string, string>> | undefined;
  /** Requests per 60 s window and token; null: no limit; default 180. */
  requestsPerMinute?: number | null | undefined;
  /** World milliseconds until queries see a change; default 2,000. */
  indexLagMs?: number | undefined;
  /** Rows that one query yields at most; default 10,000. */
  resultCap?: number | undefined;
  faults?: GivenPlan | undefined;
  /** How a sentence about the folder names the way out; default "another folder". */
  elsewhere?: string | undefined;
  /** Carries webhooks; absent: none are sent. */
  deliver?: Deliver | undefined;
};

/** A running stand-in for the Notion API. */
export type NotionEmulator = {
  /** Answer like `fetch`: a lost connection rejects, a cut body errors. */
  fetch(request: Request): Promise<Response>;
  /** Answer for a socket. */
  answer(request: Request): Promise<WireReply>;
  /** Carry out one op; see `emulators/README.md`. */
  control(op: NotionControlInput): NotionControlReply;
  /** Every API request since the log was reset, oldest first, at most the last 10,000. */
  log(): NotionLogEntry[];
  /** Everything anybody ever wrote to a property of a page, in order. */
  edits(): NotionEdit[];
  /** The pages of a database as they are now, in the trash or not. @throws Error for a key that is not there */
  pages(databaseKey: string): NotionPageState[];
  databases(): NotionDatabaseState[];
  /** Tokens accepted at this moment. */
  tokens(): readonly string[];
  /** Hand over the webhooks that are due, and wait for it; tells how many. Also begun by every request and op. */
  deliverDue(): Promise<number>;
  botId: string;
  workspaceId: string;
  close(): Promise<void>;
};

/**
 * Make or reopen an emulated Notion workspace.
 *
 * Deterministic: equal options, clock readings and requests give equal replies. Nothing depends on timers.
 *
 * @throws Error with one sentence for a person, if the folder is in use, unreadable, or holds another world
 */
export async function createNotionEmulator(options: NotionOptions): Promise<NotionEmulator> {
  const world = openWorld({ ...options, sleep: options.sleep ?? ((ms) => sleepFor(ms)) });
  const settled = <T>(read: (world: World) => T): T => {
    settleLateWrites(world);
    return read(world);
  };
  const answer = async (request: Request): Promise<WireReply> => {
    const reply = await routeRequest(world, request);
    void deliverDue(world);
    return reply;
  };
  return {
    fetch: async (request) => toResponse(await answer(request)),
    answer,
    control: (op) => {
      const reply = applyControl(world, op);
      void deliverDue(world);
      return reply;
    },
    log: () => world.log.entries(),
    edits: () => settled(({ edits }) => edits.entries()),
    pages: (databaseKey) => settled(() => pagesOf(world, databaseKey)),
    databases: () => databasesOf(world),
    tokens: () => world.state.tokens,
    deliverDue: () => settled(() => deliverDue(world)),
    botId: world.state.botId,
    workspaceId: world.state.workspaceId,
    close: async () => {
      if (world.database.isOpen) world.database.close();
    },
  };
}
