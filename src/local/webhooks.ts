import { join } from "node:path";
import { fingerprintOf } from "../core/webhooks/notion-event.ts";
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

/** A handshake that another subscription is in the way of is begun anew once; it may be lost on the way as well. */
const HANDSHAKES_MAX = 3;

/** Do what a person does in the settings of both vendors, where the vendors are emulators of ours. */
export async function registerWebhooks(
  product: Pick<Product, "vendors" | "client" | "runtime" | "webhookSecret">,
): Promise<void> {
  const { vendors, client, runtime, webhookSecret } = product;
  if (webhookSecret !== null)
    vendors.fireflies?.announceTo?.(`${runtime.url}/webhooks/fireflies`, webhookSecret);
  const webhooks = vendors.notion?.webhooks ?? null;
  if (webhooks !== null) await subscribe(webhooks, client, `${runtime.url}/webhooks/notion`);
}

/** Set up the subscription, find its token among those that wait here, confirm it, and paste it. */
async function subscribe(webhooks: NotionWebhooks, client: Product["client"], url: string): Promise<void> {
  for (let tries = 0; tries < HANDSHAKES_MAX; tries += 1) {
    const token = webhooks.subscribe(url, tries > 0);
    const name = await fingerprintOf(token);
    await webhooks.deliver();
    const { items } = await client.webhooks();
    const mine = items.find(({ vendor }) => vendor === "notion");
    const isWaiting = mine?.waiting.some(({ fingerprint }) => fingerprint === name) === true;
    if (isWaiting) await client.confirmWebhook(name);
    if (isWaiting || mine?.confirmed === name) return webhooks.verify(token);
    // Of an earlier subscription, at another address: it is ours to drop.
    await client.resetWebhooks();
  }
}
