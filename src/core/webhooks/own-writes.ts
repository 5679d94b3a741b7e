/** What an event of Notion has to do with our own writes. Pure. Source: protocols 5. */
import { ECHO_WAIT_MS, NOTION_LANDING_MS, WEBHOOK_SLACK_MS } from "../policy.ts";

/** A push as far as it explains an event. Times are world ms. */
export type NearbyPush = {
  readonly id: string;
  readonly kind: "create" | "update" | "trash";
  readonly outcome: "landed" | "not_landed" | "refused" | null;
  readonly readMs: number;
  readonly sentMs: number;
  readonly settledMs: number | null;
  /** Ids of the properties that it wrote. */
  readonly properties: readonly string[];
};

/** An event about a page. */
type PageEvent = {
  readonly kind: string;
  readonly eventMs: number | null;
  readonly receivedMs: number;
  readonly properties: readonly string[] | null;
};

/** Events that a push of each kind causes. */
const CAUSES: Readonly<Record<NearbyPush["kind"], ReadonlySet<string>>> = {
  create: new Set(["page.created", "page.properties_updated"]),
  update: new Set(["page.properties_updated"]),
  trash: new Set(["page.deleted"]),
};

/**
 * Judge an event whose only author is our own bot. It is an echo if what changed is what a push of ours wrote that has
 * landed, that is, whose values Notion has returned; it waits while such a push is under way; else it is looked at.
 */
export function echoOf(
  event: PageEvent,
  pushes: readonly NearbyPush[],
  nowMs: number,
): "echo" | "wait" | "look" {
  const { eventMs } = event;
  if (eventMs === null) return "look";
  const around = pushes.filter(
    (push) =>
      CAUSES[push.kind].has(event.kind) &&
      push.sentMs - WEBHOOK_SLACK_MS <= eventMs &&
      eventMs <= endOf(push) + WEBHOOK_SLACK_MS,
  );
  const explains = (some: readonly NearbyPush[]): boolean => {
    if (some.length === 0) return false;
    const isWhole = some.some(({ kind }) => kind !== "update");
    const written = new Set(some.flatMap(({ properties }) => properties.map(plainId)));
    return isWhole || (event.properties ?? []).every((id) => written.has(plainId(id)));
  };
  if (explains(around.filter(({ outcome }) => outcome === "landed"))) return "echo";
  const isUnderWay = explains(around.filter(({ outcome }) => outcome === "landed" || outcome === null));
  return isUnderWay && nowMs - event.receivedMs < ECHO_WAIT_MS ? "wait" : "look";
}

/**
 * Pushes into whose window a person's edit fell: from the reading that they rest on to their landing nothing protects what
 * is typed into the properties that they write. An event carries the time of the first change that it tells of.
 *
 * @returns their ids
 */
export function suspectedOf(event: PageEvent, pushes: readonly NearbyPush[]): string[] {
  const { eventMs, properties } = event;
  if (eventMs === null || event.kind !== "page.properties_updated") return [];
  const changed = properties === null ? null : new Set(properties.map(plainId));
  return pushes
    .filter(
      (push) =>
        push.kind === "update" &&
        push.outcome !== "refused" &&
        push.readMs - WEBHOOK_SLACK_MS <= eventMs &&
        eventMs <= endOf(push) &&
        (changed === null || push.properties.some((id) => changed.has(plainId(id)))),
    )
    .map(({ id }) => id);
}

/** By when a push has landed, if it ever does. */
function endOf({ sentMs, settledMs }: NearbyPush): number {
  return Math.max(settledMs ?? 0, sentMs) + (settledMs === null ? NOTION_LANDING_MS : 0);
}

/** Ids of properties come encoded for addresses, or not. */
function plainId(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
