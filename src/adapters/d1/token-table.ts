import type { WebhookInbox, WebhookToken } from "../../ports/webhook-inbox.ts";
import { statement, type Database } from "./database.ts";

type Methods = Pick<WebhookInbox, "tokens" | "offerToken" | "confirmToken" | "dropTokens">;

/** Verification tokens that came in handshakes: anybody's, until the owner confirms one. */
export function tokenTable(database: Database): Methods {
  const all = (): Promise<WebhookToken[]> =>
    database.rows<WebhookToken>(
      `select fingerprint, token, received_ms as receivedMs, confirmed_ms as confirmedMs
       from webhook_tokens order by received_ms, fingerprint`,
    );
  return {
    tokens: async () => ({ items: await all(), cursor: null }),
    offerToken: async ({ fingerprint, token, receivedMs }, waitingMax) => {
      await database.batch([
        // One statement, so that two at once neither pass the bound nor a confirmation.
        statement(
          `insert into webhook_tokens (fingerprint, vendor, token, received_ms) select ?1, 'notion', ?2, ?3
           where not exists (select 1 from webhook_tokens where confirmed_ms is not null)
             and (select count(*) from webhook_tokens) < ?4 on conflict (fingerprint) do nothing`,
          fingerprint,
          token,
          receivedMs,
          waitingMax,
        ),
      ]);
      const items = await all();
      if (items.some((one) => one.fingerprint === fingerprint)) return "waits";
      return items.some(({ confirmedMs }) => confirmedMs !== null) ? "set up" : "full";
    },
    confirmToken: async (fingerprint, nowMs) => {
      const exists = "exists (select 1 from webhook_tokens where fingerprint = ?1)";
      await database.batch([
        statement(`delete from webhook_tokens where fingerprint <> ?1 and ${exists}`, fingerprint),
        statement(
          "update webhook_tokens set confirmed_ms = coalesce(confirmed_ms, ?2) where fingerprint = ?1",
          fingerprint,
          nowMs,
        ),
      ]);
      return (await all()).some((one) => one.fingerprint === fingerprint);
    },
    dropTokens: async () => {
      await database.batch([statement("delete from webhook_tokens")]);
    },
  };
}
