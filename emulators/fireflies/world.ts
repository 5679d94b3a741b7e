import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../world/world-file.ts";
import type { Deliver } from "../world/deliver.ts";
import { encodeClock, WORLD_CLOCK_HEADER, worldNowMs } from "../world/clock.ts";
import type { LogEntry, RequestLog } from "../world/request-log.ts";
import type { StateRow } from "../world/state-row.ts";
import type { MeetingStore } from "./meeting-store.ts";
import type { ReplyCache } from "./reply-cache.ts";
import type { WorldState } from "./world-state.ts";

/** An open world: what requests read and control ops change. */
export type World = {
  state: WorldState;
  row: StateRow<WorldState>;
  database: DatabaseSync;
  store: MeetingStore;
  log: RequestLog<LogEntry>;
  cache: ReplyCache;
  realNowMs: () => number;
  sleep: (ms: number) => Promise<void>;
  /** Carries webhooks; absent: none are sent. */
  deliver?: Deliver | undefined;
  /** Requests being answered at this moment. */
  inFlight: number;
};

/** World time now, epoch ms. */
export function nowOf(world: World): number {
  return worldNowMs(world.state.clock, world.realNowMs());
}

/** Change the world and its state row in one transaction, so that a kill leaves all of it or nothing. */
export function commit<T>(world: World, work: () => T): T {
  return inTransaction(world.database, () => {
    const result = work();
    world.row.save(world.state);
    return result;
  });
}

/** Headers of every response, whatever else happens to it. */
export function clockHeader(world: World): Record<string, string> {
  return { [WORLD_CLOCK_HEADER]: encodeClock(world.state.clock) };
}
