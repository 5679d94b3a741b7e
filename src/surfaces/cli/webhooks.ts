import type { Command } from "commander";
import type { WebhookStatus } from "../../queries/webhooks.ts";
import type { ApiClient } from "../client.ts";
import { refuseUsage as refuse } from "../exit-codes.ts";
import type { Said } from "./rebuild.ts";

const HELP = `
Notion sends a verification token once, when its webhook is set up; anybody could send one. So it waits here: paste it into
Notion's settings, and if Notion accepts it, confirm it. Only then events that are signed with it count.

Examples:
  npm run -s syncctl -- webhooks
  npm run -s syncctl -- webhooks confirm <fingerprint>   Notion has accepted the token of that name
  npm run -s syncctl -- webhooks reset                   forget it, before another subscription is set up`;

/** Add what the verb takes. */
export function withWebhooks(verb: Command): Command {
  return verb
    .argument("[action]", '"confirm" or "reset"')
    .argument("[fingerprint]", "which token")
    .addHelpText("after", HELP);
}

/** What is set up and what waits, or what became of an action. @throws CommanderError for words that mean nothing */
export async function webhooks(client: ApiClient, action?: string, fingerprint?: string): Promise<Said> {
  if (action === undefined) {
    const list = await client.webhooks();
    return { value: list, lines: list.items.flatMap(webhookLines), code: 0 };
  }
  if (action === "reset") {
    await client.resetWebhooks();
    return {
      value: { ok: true },
      lines: ["Forgotten: events of Notion are refused until a token is confirmed."],
      code: 0,
    };
  }
  if (action !== "confirm") return refuse(`there is no "${action}" here; there are confirm and reset`);
  if (fingerprint === undefined) return refuse("confirm needs <fingerprint>");
  const said = await client.confirmWebhook(fingerprint);
  return {
    value: said,
    lines: [`Confirmed: events of Notion that are signed with ${fingerprint} count.`],
    code: 0,
  };
}

function webhookLines({ vendor, state, open, lastReceivedMs, confirmed, waiting }: WebhookStatus): string[] {
  const when = (ms: number): string => new Date(ms).toISOString();
  const last = lastReceivedMs === null ? "none received yet" : `last received ${when(lastReceivedMs)}`;
  const token = confirmed === null ? "" : ` (token ${confirmed})`;
  return [
    `${vendor.padEnd(9)}  ${`/webhooks/${vendor}`.padEnd(19)}  ${state}${token}  ${open} open, ${last}`,
    ...waiting.map(
      (one) =>
        `  handshake of ${when(one.receivedMs)}: paste ${one.token} into Notion, then: webhooks confirm ${one.fingerprint}`,
    ),
  ];
}
