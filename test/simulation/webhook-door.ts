import { createHmac } from "node:crypto";
import type { Delivery } from "../../emulators/world/deliver.ts";
import { createWebhookInbox } from "../../src/adapters/d1/webhook-inbox.ts";
import { webhookRoutes } from "../../src/surfaces/http/webhook-routes.ts";
import type { Ports } from "./life-ports.ts";
import type { ForgeryWay, VendorName } from "./scenario-parts.ts";
import type { Estate } from "./estate.ts";
import type { NotionSide } from "./notion-side.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What Fireflies signs with here. */
export const WEBHOOK_SECRET = "what-fireflies-signs-with-here";

/** Stands in every forged event: nothing of the estate may ever show it. */
export const FORGED_MARK = "forged-by-a-stranger";

/** Patience of a sender, virtual ms. Source: Fireflies docs, "Webhooks V2": an answer within 10 s. */
const ANSWER_MS_MAX = 10_000;

type Door = Pick<Ports, "inbox" | "wake" | "world">;

type Given = {
  readonly clock: VirtualClock;
  readonly estate: Estate;
  readonly notion: () => NotionSide | null;
  /** The ports of whoever listens now; null while no process runs. */
  readonly portsNow: () => Door | null;
  readonly breaches: string[];
  readonly count: (what: string) => void;
};

type Routes = ReturnType<typeof webhookRoutes>;
type Sent = {
  readonly vendor: VendorName;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

function routesOver(door: () => Door | null): Routes {
  const routes = webhookRoutes(() => {
    const open = door();
    if (open === null) throw new Error("nobody listens");
    return open;
  });
  routes.onError((_error, c) => c.json({ error: "the request failed" }, 500));
  return routes;
}

/** The open door: the program's own routes, to which the vendors and strangers send. */
export class WebhookDoor {
  readonly #given: Given;
  readonly #routes: Routes;
  /** Listens while the owner sets the subscriptions up. */
  #first: Door | null = null;
  #token = "";

  constructor(given: Given) {
    this.#given = given;
    this.#routes = routesOver(() => this.#first ?? given.portsNow());
  }

  /** Carries what a vendor sends, as its emulator asks. Rejects while no process listens. */
  async deliver({ url, headers, body }: Delivery): Promise<number> {
    const { clock, portsNow, count, breaches } = this.#given;
    const vendor = url.endsWith("/notion") ? "notion" : "fireflies";
    const isOurs = this.#isSigned(vendor, headers, body);
    if (this.#first === null && portsNow() === null) {
      count(`event: webhook of ${vendor}, nobody listens`);
      throw new TypeError("connection refused");
    }
    // A process that dies while it reads never answers.
    const late = clock.sleepUntil(clock.nowMs() + ANSWER_MS_MAX).then(() => 0);
    const status = await Promise.race([this.#send(this.#routes, { vendor, headers, body }), late]);
    count(`event: webhook of ${vendor}${isOurs ? "" : ", forged"}, ${status === 0 ? "no answer" : status}`);
    if (!isOurs && status >= 200 && status < 300)
      breaches.push(`law 10: ${vendor} was believed without a valid signature`);
    return status;
  }

  /** What the owner does once: name the address to both vendors, and confirm the token that Notion sends. */
  async setUp(): Promise<void> {
    const { estate, notion, clock } = this.#given;
    const inbox = createWebhookInbox(estate.d1);
    this.#first = { inbox, wake: () => Promise.resolve(), world: { nowMs: () => clock.nowMs() } as never };
    const side = notion();
    if (side !== null) {
      const reply = side.emulator.control({ op: "webhook", url: "https://sync.example/notion" });
      await clock.settle();
      const { items } = await inbox.tokens();
      await inbox.confirmToken(items[0]?.fingerprint ?? "", clock.nowMs());
      this.#token = (reply.ok ? reply.verificationToken : undefined) ?? "";
      side.emulator.control({ op: "webhook", verify: this.#token });
    }
    this.#first = null;
  }

  /** A stranger tries. Whatever the answer is, not a single row may change. */
  async forge(vendor: VendorName, way: ForgeryWay): Promise<void> {
    const { estate, clock, breaches, count } = this.#given;
    const atMs = clock.nowMs();
    const body = forgedBody(vendor, way, atMs);
    const secret = vendor === "notion" ? this.#token : WEBHOOK_SECRET;
    const signedText = way === "altered after signing" ? body.replace(FORGED_MARK, "m000") : body;
    const hex = createHmac("sha256", way === "altered after signing" ? secret : "a-secret-of-nobody")
      .update(signedText)
      .digest("hex");
    const header = vendor === "notion" ? "x-notion-signature" : "x-hub-signature";
    const headers = way === "unsigned" || way === "handshake" ? {} : { [header]: `sha256=${hex}` };
    const changesOf = async (): Promise<number> =>
      (await estate.d1.prepare("select total_changes() as n").first<number>("n")) ?? 0;
    const before = await changesOf();
    const routes = routesOver(() => ({
      inbox: createWebhookInbox(estate.d1),
      wake: () => Promise.resolve(void breaches.push("law 10: a forged webhook woke the tick")),
      world: { nowMs: () => clock.nowMs() } as never,
    }));
    const status = await this.#send(routes, { vendor, headers, body });
    count(`event: forged webhook of ${vendor}, ${way}, ${status}`);
    if (status < 400) breaches.push(`law 10: a webhook of ${vendor}, ${way}, was answered ${status}`);
    if ((await changesOf()) !== before)
      breaches.push(`law 10: a webhook of ${vendor}, ${way}, changed the database`);
  }

  async #send(routes: Routes, { vendor, headers, body }: Sent): Promise<number> {
    const env = {
      FIREFLIES_API_KEY: "set",
      FIREFLIES_WEBHOOK_SECRET: WEBHOOK_SECRET,
      ...(this.#given.notion() === null ? {} : { NOTION_TOKEN: "set" }),
    };
    const response = await routes.request(
      `/${vendor}`,
      { method: "POST", headers: { ...headers }, body },
      env,
    );
    return response.status;
  }

  /** Judged anew: by the bytes, with the secret of the vendor. */
  #isSigned(vendor: VendorName, headers: Readonly<Record<string, string>>, body: string): boolean {
    if (vendor === "notion") return true;
    const hex = createHmac("sha256", WEBHOOK_SECRET).update(body).digest("hex");
    const given = headers["x-hub-signature"];
    return given === hex || given === `sha256=${hex}`;
  }
}

function forgedBody(vendor: VendorName, way: ForgeryWay, atMs: number): string {
  if (way === "handshake") return JSON.stringify({ verification_token: FORGED_MARK });
  if (vendor === "fireflies")
    return JSON.stringify({ event: "meeting.transcribed", timestamp: atMs, meeting_id: FORGED_MARK });
  return JSON.stringify({
    id: FORGED_MARK,
    timestamp: new Date(atMs).toISOString(),
    type: "page.content_updated",
    authors: [{ id: FORGED_MARK, type: "person" }],
    entity: { id: FORGED_MARK, type: "page" },
    data: {},
  });
}
