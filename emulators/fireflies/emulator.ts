import { setTimeout as sleepFor } from "node:timers/promises";
import type { FaultPlan } from "../faults/plan.ts";
import { deliverDue } from "./deliveries.ts";
import type { Deliver } from "../world/deliver.ts";
import type { WorldClock } from "../world/clock.ts";
import type { LogEntry } from "../world/request-log.ts";
import { applyControl, type ControlReply } from "./control.ts";
import type { ControlInput } from "./control-ops.ts";
import { openWorld } from "./open-world.ts";
import type { Plan } from "./quota.ts";
import { routeRequest } from "./routes.ts";
import type { SourceMeeting } from "./source-meeting.ts";
import { toResponse, type WireReply } from "../world/wire-reply.ts";
import { nowOf } from "./world.ts";
import type { Behaviour } from "./world-state.ts";

/**
 * How to make or reopen a world.
 *
 * On reopening a `stateDir` the world goes on as it was: what is given here replaces what was stored, what is absent
 * stays. Seed, epoch, account and meetings belong to the making: a different seed or different meetings are refused.
 */
export type FirefliesOptions = {
  /** Folder of the world; absent: in memory. */
  stateDir?: string | undefined;
  /** Source of all chance; default 1. */
  seed?: number | undefined;
  /** World time at the making, epoch ms; default the real time of the making. */
  epochMs?: number | undefined;
  /** World milliseconds per real millisecond; default 1. */
  speed?: number | undefined;
  /** Real time, epoch ms. The only clock there is. */
  realNowMs: () => number;
  /** Real waiting, for slow replies. */
  sleep?: ((ms: number) => Promise<void>) | undefined;
  /** Meetings from elsewhere instead of the sample workspace. */
  meetings?: Iterable<SourceMeeting> | undefined;
  /** A name of their content, so that reopening need not read them again; default a hash of all of them. */
  meetingsHash?: string | undefined;
  /** Size of the sample workspace; default 60. */
  meetingsCount?: number | undefined;
  plan?: Plan | undefined;
  /** Calls a day whatever the plan; null for the plan's own budget again. */
  quotaPerDay?: number | null | undefined;
  faults?: FaultPlan | undefined;
  /** The account behind the key; default follows from the seed and the meetings served. */
  accountId?: string | undefined;
  behaviour?: Partial<Behaviour> | undefined;
  /** Carries webhooks; absent: none are sent. */
  deliver?: Deliver | undefined;
  /** How a sentence about the folder names the way out; default "another folder". */
  elsewhere?: string | undefined;
};

/** A running stand-in for the Fireflies API. */
export type FirefliesEmulator = {
  /** Answer like `fetch`: never compressed; a reset rejects, a cut body errors. */
  fetch(request: Request): Promise<Response>;
  /** Answer for a socket: compressed if the request allows it. */
  answer(request: Request): Promise<WireReply>;
  clock(): WorldClock;
  /** World time now, epoch ms. */
  nowMs(): number;
  /** Carry out one op; see `emulators/README.md`. */
  control(op: ControlInput): ControlReply;
  /** Every API request since the log was reset, oldest first, at most the last 10,000. */
  log(): LogEntry[];
  /** Hand over the webhooks that are due, and wait for it; tells how many. */
  deliverDue(): Promise<number>;
  accountId: string;
  /** Source of all chance in this world. */
  seed: number;
  /** Keys accepted at this moment. */
  keys(): readonly string[];
  close(): Promise<void>;
};

/**
 * Make or reopen an emulated Fireflies workspace.
 *
 * Deterministic: equal options, clock readings and requests give equal replies.
 *
 * @throws Error with one sentence for a person, if the folder is in use, unreadable, or holds another world
 */
export async function createFirefliesEmulator(options: FirefliesOptions): Promise<FirefliesEmulator> {
  const world = openWorld({ ...options, sleep: options.sleep ?? ((ms) => sleepFor(ms)) });
  return {
    fetch: async (request) => toResponse(await routeRequest(world, request, false)),
    answer: (request) => routeRequest(world, request, true),
    clock: () => world.state.clock,
    nowMs: () => nowOf(world),
    control: (op) => applyControl(world, op),
    log: () => world.log.entries(),
    deliverDue: () => deliverDue(world),
    accountId: world.state.account.id,
    seed: world.state.seed,
    keys: () => world.state.keys,
    close: async () => {
      if (world.database.isOpen) world.database.close();
    },
  };
}
