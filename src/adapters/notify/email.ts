import type { AlertMessage } from "../../core/alert-message.ts";
import { HOUR_MS } from "../../core/durations.ts";
import { FailureError, type FailureKind } from "../../core/errors.ts";
import { sha256Hex } from "../../core/identity.ts";
import { inTime } from "../../core/in-time.ts";
import { ALERT_SEND_MS, UNNAMED_RATE_WAIT_MS } from "../../core/policy.ts";
import type { AlertChannel } from "../../ports/alert-channel.ts";
import type { World } from "../../ports/world.ts";

/** The part of Cloudflare's `send_email` binding that is used. */
export type EmailBinding = {
  send(message: {
    readonly from: string;
    readonly to: string[];
    readonly subject: string;
    readonly text: string;
    readonly html: string;
  }): Promise<unknown>;
};

/** Mail by Cloudflare's Email Service. */
export async function createEmailChannel(options: {
  readonly binding: EmailBinding;
  readonly from: string;
  readonly to: readonly string[];
  readonly world: Pick<World, "nowMs" | "timer">;
  /** What a person should know of it; null as a rule. */
  readonly note: string | null;
}): Promise<AlertChannel> {
  const { binding, from, to, world, note } = options;
  return {
    kind: "email",
    name: `email:${(await sha256Hex(JSON.stringify([from, to]))).slice(0, 16)}`,
    note,
    send: async (message) => {
      const mail = {
        from,
        to: [...to],
        subject: message.subject,
        text: textOf(message),
        html: htmlOf(message),
      };
      try {
        await inTime(binding.send(mail), world.timer(ALERT_SEND_MS), late);
      } catch (error) {
        throw error instanceof FailureError ? error : failureIn(error, world.nowMs());
      }
    },
  };
}

function late(): FailureError {
  return new FailureError({ kind: "timed_out", party: "alert-email", detail: "no answer in time" });
}

/** Codes of the binding. Source: Cloudflare docs, Email Service, Workers API, error codes. What is not here is the service's own fault. */
const KIND_OF_CODE: Readonly<Record<string, FailureKind>> = {
  E_SENDER_NOT_VERIFIED: "denied",
  E_SENDER_DOMAIN_NOT_AVAILABLE: "denied",
  E_RECIPIENT_NOT_ALLOWED: "denied",
  E_RECIPIENT_SUPPRESSED: "denied",
  E_RATE_LIMIT_EXCEEDED: "rate_limited",
  E_DAILY_LIMIT_EXCEEDED: "quota",
  E_VALIDATION_ERROR: "denied",
  E_FIELD_MISSING: "refused",
  E_TOO_MANY_RECIPIENTS: "denied",
  E_CONTENT_TOO_LARGE: "refused",
};

/** What a failure of the binding calls for. Its message is not kept: it may name the addresses. */
function failureIn(error: unknown, nowMs: number): FailureError {
  const { code } = (error ?? {}) as { code?: unknown };
  const known = typeof code === "string" && Object.hasOwn(KIND_OF_CODE, code) ? code : null;
  const kind = known === null ? "unreachable" : (KIND_OF_CODE[known] ?? "unreachable");
  const waits: Partial<Record<FailureKind, number>> = {
    rate_limited: nowMs + UNNAMED_RATE_WAIT_MS,
    // Nothing names the hour at which a day's share comes back.
    quota: nowMs + HOUR_MS,
  };
  const notBeforeMs = waits[kind];
  const remedy =
    kind === "denied"
      ? ": set ALERT_EMAIL_FROM and ALERT_EMAIL_TO to addresses that Cloudflare takes, or verify them and run: syncctl alerts test"
      : "";
  return new FailureError(
    {
      kind,
      party: "alert-email",
      detail: `the e-mail service answered ${known ?? "an error without a known code"}${remedy}`,
      ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
    },
    { cause: error },
  );
}

function textOf({ parts, notes }: AlertMessage): string {
  const blocks = parts.map(({ title, lines, command }) =>
    [title, ...lines, ...(command === null ? [] : [`Run: ${command}`])].join("\n"),
  );
  return [...blocks, ...notes].join("\n\n");
}

function htmlOf({ parts, notes }: AlertMessage): string {
  const blocks = parts.map(
    ({ title, lines, command }) =>
      `<h2>${escaped(title)}</h2>${lines.map((line) => `<p>${escaped(line)}</p>`).join("")}${
        command === null ? "" : `<pre>${escaped(command)}</pre>`
      }`,
  );
  return [...blocks, ...notes.map((note) => `<p>${escaped(note)}</p>`)].join("\n");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
