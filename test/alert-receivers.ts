/** Who receives alerts in tests: an incoming webhook as strict as Slack's, and a catcher of mail. */
import { createServer } from "node:http";
import { once } from "node:events";
import * as z from "zod";
import type { EmailBinding } from "../src/adapters/notify/email.ts";

/** What Slack takes of a message like ours; anything else is `invalid_payload`. Source: Slack docs, Block Kit. */
const PAYLOAD = z.strictObject({
  text: z.string().min(1).max(40_000),
  blocks: z
    .array(
      z.discriminatedUnion("type", [
        z.strictObject({
          type: z.literal("header"),
          text: z.strictObject({
            type: z.literal("plain_text"),
            text: z.string().min(1).max(150),
            emoji: z.boolean(),
          }),
        }),
        z.strictObject({
          type: z.literal("section"),
          text: z.strictObject({ type: z.literal("mrkdwn"), text: z.string().min(1).max(3_000) }),
        }),
      ]),
    )
    .min(1)
    .max(50),
});

/** How the webhook behaves until told otherwise. */
type Behaviour =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | "no connection"
  | "never answers"
  | "reply lost";

export type SlackReceiver = {
  /** Texts that it took, oldest first. */
  readonly taken: string[];
  /** Requests of any outcome. */
  requests: number;
  behaviour: Behaviour;
  fetch(request: Request): Promise<Response>;
};

/** An incoming webhook. It refuses what Slack refuses. */
export function slackReceiver(): SlackReceiver {
  const receiver: SlackReceiver = {
    taken: [],
    requests: 0,
    behaviour: { status: 200 },
    fetch: async (request) => {
      receiver.requests += 1;
      const { behaviour } = receiver;
      if (behaviour === "no connection") throw new TypeError("fetch failed");
      if (behaviour === "never answers") return never(request.signal);
      const status = behaviour === "reply lost" ? 200 : behaviour.status;
      if (status !== 200) return new Response(null, { status, headers: headersOf(behaviour) });
      const read = PAYLOAD.safeParse(JSON.parse(await request.text()));
      if (!read.success) return new Response("invalid_payload", { status: 400 });
      receiver.taken.push(read.data.text);
      if (behaviour === "reply lost") throw new TypeError("terminated");
      return new Response("ok");
    },
  };
  return receiver;
}

function headersOf(behaviour: Behaviour): Record<string, string> {
  return typeof behaviour === "string" ? {} : { ...behaviour.headers };
}

async function never(signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

/** The receiver behind a port of this machine. */
export async function listening(receiver: SlackReceiver): Promise<{ url: string; close(): void }> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", async () => {
      const request = new Request(`http://127.0.0.1${incoming.url ?? "/"}`, {
        method: "POST",
        body: Buffer.concat(chunks),
      });
      try {
        const reply = await receiver.fetch(request);
        outgoing.writeHead(reply.status, Object.fromEntries(reply.headers)).end(await reply.text());
      } catch {
        outgoing.destroy();
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/services/T0/B0/secret-of-the-hook`,
    close: () => void server.close(),
  };
}

type Mail = Parameters<EmailBinding["send"]>[0];

/** A binding that keeps what it is given; with a code it refuses, in words that name the recipient as the real one's do. */
export type MailCatcher = EmailBinding & { readonly mails: Mail[]; code: string | null };

export function mailCatcher(): MailCatcher {
  const catcher: MailCatcher = {
    mails: [],
    code: null,
    send: async (mail) => {
      if (catcher.code !== null)
        throw Object.assign(new Error(`email to ${mail.to.join()} not allowed`), { code: catcher.code });
      catcher.mails.push(mail);
      return { messageId: `<${catcher.mails.length}@mail.test>` };
    },
  };
  return catcher;
}
