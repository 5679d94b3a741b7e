import type { Ports } from "../ports/ports.ts";

/** Webhooks of one vendor, for its owner: what is set up and what waits. Times are world ms. */
export type WebhookStatus = {
  readonly vendor: "fireflies" | "notion";
  /** `off`: the vendor is not configured at all. */
  readonly state: "set up" | "not set up" | "waits for you" | "off";
  readonly open: number;
  readonly lastReceivedMs: number | null;
  /** Name of the token that counts; null where there is none. */
  readonly confirmed: string | null;
  /** Tokens of handshakes: whose they are, Notion tells when one is pasted there. */
  readonly waiting: readonly {
    readonly fingerprint: string;
    readonly token: string;
    readonly receivedMs: number;
  }[];
};

/**
 * Where the webhooks of both vendors stand.
 *
 * @param hasSecret whether Fireflies' secret is set
 */
export async function readWebhooks(
  { inbox, source, notion }: Pick<Ports, "inbox" | "source" | "notion">,
  hasSecret: boolean,
): Promise<{ items: WebhookStatus[] }> {
  const [counts, tokens] = await Promise.all([inbox.counts(), inbox.tokens()]);
  const arrived = (vendor: WebhookStatus["vendor"]): Pick<WebhookStatus, "open" | "lastReceivedMs"> => {
    const { open = 0, lastReceivedMs = null } = counts.items.find((one) => one.vendor === vendor) ?? {};
    return { open, lastReceivedMs };
  };
  const confirmed = tokens.items.find(({ confirmedMs }) => confirmedMs !== null)?.fingerprint ?? null;
  const waiting = tokens.items
    .filter(({ confirmedMs }) => confirmedMs === null)
    .map(({ fingerprint, token, receivedMs }) => ({ fingerprint, token, receivedMs }));
  const shaken = waiting.length > 0 ? "waits for you" : "not set up";
  return {
    items: [
      {
        vendor: "fireflies",
        state: source === null ? "off" : hasSecret ? "set up" : "not set up",
        ...arrived("fireflies"),
        confirmed: null,
        waiting: [],
      },
      {
        vendor: "notion",
        state: notion === null ? "off" : confirmed === null ? shaken : "set up",
        ...arrived("notion"),
        confirmed,
        waiting,
      },
    ],
  };
}
