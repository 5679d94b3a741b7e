import type { ListedAlert } from "../ports/alert-store.ts";
import type { Ports } from "../ports/ports.ts";

/** What came of a person's word that they have an alert in hand. */
export type Acknowledged =
  | { readonly alert: Omit<ListedAlert, "deliveries"> }
  | { readonly refused: string; readonly why: "unknown" | "closed" };

/**
 * Note that a person has an alert in hand: it is not told again, stays open and shown, and closes by itself. Saying it twice
 * changes nothing, and who was first stands.
 */
export async function acknowledgeAlert(
  { alerts, world }: Ports,
  id: string,
  { by, note }: { readonly by: string; readonly note: string | null },
): Promise<Acknowledged> {
  const alert = await alerts.acknowledge(id, { atMs: world.nowMs(), by, note });
  if (alert === null) return { refused: "there is no alert of that id", why: "unknown" };
  if (alert.acknowledged !== null || alert.closedMs === null) return { alert };
  return {
    refused: `that alert closed by itself at ${new Date(alert.closedMs).toISOString()}`,
    why: "closed",
  };
}
