import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fingerprintOf } from "../core/webhooks/notion-event.ts";
import type { WebhookStatus } from "../queries/webhooks.ts";
import { readText, writeWhole } from "./data-files.ts";
import type { NotionWebhooks } from "./notion-vendor.ts";
import type { Product } from "./product.ts";

const SECRET_FILE = "webhook-secret";
const SECRET_BYTES = 32;

/** What the Fireflies emulator of a data directory signs its webhooks with; made once, kept with mode 0600. */
export async function webhookSecretOf(dataDir: string): Promise<string> {
  const path = join(dataDir, SECRET_FILE);
  const present = (await readText(path))?.trim() ?? "";
  if (present.length >= SECRET_BYTES) return present;
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString("hex");
  await writeWhole(path, secret);
  return secret;
}

/** How long a handshake may be on its way, and how often it is looked for, real ms. */
const HANDSHAKE_MS_MAX = 20_000;
const LOOK_EVERY_MS = 100;

/**
 * Do what a person does in the settings of both vendors, where the vendors are emulators of ours.
 *
 * @returns false if Notion's handshake did not arrive: syncs go on by their schedule alone
 */
export async function registerWebhooks(
  product: Pick<Product, "vendors" | "client" | "runtime" | "webhookSecret">,
): Promise<boolean> {
  const { vendors, client, runtime, webhookSecret } = product;
  if (webhookSecret !== null)
    vendors.fireflies?.announceTo?.(`${runtime.url}/webhooks/fireflies`, webhookSecret);
  const webhooks = vendors.notion?.webhooks ?? null;
  return webhooks === null || subscribe(webhooks, client, `${runtime.url}/webhooks/notion`);
}

/** Set up the subscription, wait for its token among those that wait here, confirm it, and paste it. */
async function subscribe(webhooks: NotionWebhooks, client: Product["client"], url: string): Promise<boolean> {
  const token = webhooks.subscribe(url, false);
  const name = await fingerprintOf(token);
  const { confirmed } = await ours(client);
  if (confirmed === name) {
    webhooks.verify(token);
    return true;
  }
  // That of an earlier subscription, at another address, has kept this one's handshake out: it is ours to drop.
  if (confirmed !== null) {
    await client.resetWebhooks();
    webhooks.subscribe(url, true);
  }
  for (let waitedMs = 0; waitedMs < HANDSHAKE_MS_MAX; waitedMs += LOOK_EVERY_MS) {
    if ((await ours(client)).waiting.some(({ fingerprint }) => fingerprint === name)) {
      await client.confirmWebhook(name);
      webhooks.verify(token);
      return true;
    }
    await delay(LOOK_EVERY_MS);
  }
  return false;
}

async function ours(client: Product["client"]): Promise<Pick<WebhookStatus, "confirmed" | "waiting">> {
  const { items } = await client.webhooks();
  return items.find(({ vendor }) => vendor === "notion") ?? { confirmed: null, waiting: [] };
}
