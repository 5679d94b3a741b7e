import { ANNOUNCED_WAITS_MS } from "../core/policy.ts";
import type { Announced } from "../ports/webhook-inbox.ts";
import { durably } from "./durably.ts";
import type { RunContext } from "./run-context.ts";
import { commitPage, pageOf, type Progress } from "./source-commit.ts";
import { keepOne } from "./source-pages.ts";

/**
 * What webhooks have announced and nobody has read yet; null for a run that they have not called.
 *
 * @param limit meetings at most
 * @param when tells two askings of one run apart
 */
export async function announcedMeetings(
  context: RunContext,
  limit: number,
  when: "first" | "left",
): Promise<readonly Announced[] | null> {
  if (context.run.trigger !== "webhook") return null;
  const { inbox, world } = context.ports;
  return durably(context, `announced, ${when}`, async () => {
    const { items } = await inbox.open("fireflies", { nowMs: world.nowMs(), limit });
    return items;
  });
}

/** Meetings that webhooks have announced, one by one. One that is not ready is asked for again a few times, later. */
export async function fetchAnnounced(
  context: RunContext,
  announced: readonly Announced[],
  progress: Progress,
): Promise<void> {
  const { inbox, world } = context.ports;
  for (const { subject: id, tries } of announced) {
    const observedMs = await durably(context, `announced:${id} begun`, async () => world.nowMs());
    const wanted = { id, dateString: "", rowHash: null };
    const one = await durably(context, `announced:${id}`, (scope) =>
      keepOne(context, scope, wanted, { lenient: false, use: "webhook" }),
    );
    const waitMs = ANNOUNCED_WAITS_MS[tries] ?? null;
    if (one.isShown) {
      const page = pageOf(id, one, observedMs);
      await commitPage(context, `announced ${id}`, progress, { page, after: null, waitMs });
      continue;
    }
    // Nothing is known of it by this: it may come late, or belong to somebody whose meetings this key does not see.
    await durably(context, `left:${id}`, () => {
      const nowMs = world.nowMs();
      const reason = progress.taken.has(id) ? null : "announced, and the source does not show it to this key";
      const againMs = waitMs === null ? null : nowMs + waitMs;
      const left = { runId: context.run.id, subject: id, observedMs, nowMs, againMs, reason };
      return inbox.putOff(context.fence, left);
    });
  }
}
