/** Who is told of alerts, as the environment says it. Pure. */
import { ALERT_RECIPIENTS_MAX } from "./limits.ts";

/** What the environment names; a missing value and an empty one say the same. */
export type AlertVariables = {
  readonly webhookUrl?: string | undefined;
  readonly emailTo?: string | undefined;
  readonly emailFrom?: string | undefined;
};

export type AlertSettings = {
  /** Null: nothing is configured. */
  readonly webhook: { readonly url: string } | { readonly problem: string } | null;
  readonly email:
    | { readonly from: string; readonly to: readonly string[] }
    | { readonly problem: string }
    | null;
};

/**
 * Read the addresses of channels. A problem is a sentence that names the variable and never its value.
 *
 * @param isLocal a machine of ours may tell a neighbour without TLS
 * @param canMail whether there is a binding that sends mail
 */
export function alertSettings(
  variables: AlertVariables,
  { isLocal, canMail }: { readonly isLocal: boolean; readonly canMail: boolean },
): AlertSettings {
  const [url, to, from] = [variables.webhookUrl, variables.emailTo, variables.emailFrom].map(
    (text) => text?.trim() ?? "",
  ) as [string, string, string];
  return {
    webhook: url === "" ? null : webhookOf(url, isLocal),
    email: to === "" && from === "" ? null : emailOf({ to, from }, canMail),
  };
}

function webhookOf(url: string, isLocal: boolean): NonNullable<AlertSettings["webhook"]> {
  const protocols = isLocal ? ["https:", "http:"] : ["https:"];
  if (URL.canParse(url) && protocols.includes(new URL(url).protocol)) return { url };
  return { problem: "ALERT_WEBHOOK_URL is no address that begins with https://" };
}

/** Whether mail could go there at all: the service itself judges the rest. */
const ADDRESS = /^[^\s@,;<>]+@[^\s@,;<>]+$/;

function emailOf(
  { to, from }: { readonly to: string; readonly from: string },
  canMail: boolean,
): NonNullable<AlertSettings["email"]> {
  const recipients = to.split(",").map((text) => text.trim());
  if (to === "" || from === "")
    return { problem: "ALERT_EMAIL_TO and ALERT_EMAIL_FROM are both needed; one of them is not set" };
  if (!ADDRESS.test(from)) return { problem: "ALERT_EMAIL_FROM is no e-mail address" };
  if (recipients.length > ALERT_RECIPIENTS_MAX || !recipients.every((one) => ADDRESS.test(one)))
    return {
      problem: `ALERT_EMAIL_TO must be e-mail addresses with commas between them, at most ${ALERT_RECIPIENTS_MAX}`,
    };
  if (!canMail)
    return {
      problem:
        "ALERT_EMAIL_TO is set, and the Worker has no binding EMAIL that sends mail: docs/deploy.md, Alerts",
    };
  return { from, to: recipients };
}
