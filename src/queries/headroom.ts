import { d1Reading, diskReading, headroomsOf, type Headroom } from "../core/headroom.ts";
import { HEADROOM_WINDOW_MS } from "../core/policy.ts";
import type { Ports } from "../ports/ports.ts";

/**
 * How much room each store has, and when it is full at the pace of the last weeks. The database and a disk of ours are measured
 * now, so that it shows that they are full even where nothing can be written any more; the others as they were measured last
 * (vectors once an hour; the raw store and the largest row by cleanup). A store that was never measured is left out.
 */
export async function readHeadroom(
  ports: Pick<Ports, "storage" | "runs" | "freeBytes" | "world">,
): Promise<Headroom[]> {
  const { storage, runs, freeBytes, world } = ports;
  const nowMs = world.nowMs();
  const [{ items }, { sizeBytes }, free] = await Promise.all([
    storage.samples(nowMs - HEADROOM_WINDOW_MS),
    runs.health(),
    freeBytes(),
  ]);
  const live = [d1Reading(sizeBytes), ...(free === null ? [] : [diskReading(free)])];
  return headroomsOf(live, items, nowMs);
}
