import {
  ECHOES_PER_TICK,
  WEBHOOK_KEEP_MS,
  WEBHOOK_ROWS_PER_CLEANING,
  WEBHOOK_SLACK_MS,
  WEBHOOK_TOKEN_WAIT_MS,
} from "../core/policy.ts";
import { echoOf } from "../core/webhooks/own-writes.ts";
import type { SyncName } from "../ports/run-store.ts";
import type { Ports } from "../ports/ports.ts";

/**
 * What webhooks have announced: echoes of our own writes are closed, old rows deleted, and what is left names the syncs that
 * are to take it up. One read if there is nothing.
 *
 * @returns syncs whose vendor is configured, with something announced whose time has come
 */
export async function announcedSyncs(
  ports: Pick<Ports, "inbox" | "world" | "source" | "notion">,
): Promise<SyncName[]> {
  const { inbox, world, source, notion } = ports;
  const nowMs = world.nowMs();
  const oldBefore = { rowsMs: nowMs - WEBHOOK_KEEP_MS, tokensMs: nowMs - WEBHOOK_TOKEN_WAIT_MS };
  let due = await inbox.due(nowMs, oldBefore);
  if (due.hasOwn) {
    await judgeOwn(ports, nowMs);
    due = await inbox.due(nowMs, oldBefore);
  }
  if (due.hasOld) await inbox.clean({ ...oldBefore, limit: WEBHOOK_ROWS_PER_CLEANING });
  return due.syncs.filter((sync) => {
    if (sync === "fireflies") return source !== null;
    return (sync === "clients" || sync === "projects") && notion !== null && notion.databases[sync] !== null;
  });
}

/** Events of our own bot: nothing is read for what we have written ourselves. */
async function judgeOwn({ inbox }: Pick<Ports, "inbox">, nowMs: number): Promise<void> {
  const { items } = await inbox.ownEvents(nowMs, ECHOES_PER_TICK);
  const judged = items.map((event) => ({ id: event.id, as: echoOf(event, event.pushes, nowMs) }));
  const idsOf = (as: "echo" | "wait" | "look"): string[] =>
    judged.filter((one) => one.as === as).map(({ id }) => id);
  await inbox.judged({
    nowMs,
    againMs: nowMs + WEBHOOK_SLACK_MS,
    echoes: idsOf("echo"),
    waiting: idsOf("wait"),
    others: idsOf("look"),
  });
}
