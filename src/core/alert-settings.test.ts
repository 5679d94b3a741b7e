import { describe, expect, it } from "vitest";
import { alertSettings } from "./alert-settings.ts";
import { ALERT_RECIPIENTS_MAX } from "./limits.ts";

const DEPLOYED = { isLocal: false, canMail: true };
const HOOK = "https://hooks.slack.test/services/T0/B0/secret";
const FROM = "alerts@acme.test";

describe("alertSettings", () => {
  it("knows of no channel where nothing is set", () => {
    const none = { webhook: null, email: null };
    expect(alertSettings({}, DEPLOYED)).toEqual(none);
    expect(alertSettings({ webhookUrl: " ", emailTo: "", emailFrom: undefined }, DEPLOYED)).toEqual(none);
  });

  it("takes an https address, and a neighbour's without TLS on a machine of ours alone", () => {
    expect(alertSettings({ webhookUrl: ` ${HOOK}\n` }, DEPLOYED).webhook).toEqual({ url: HOOK });
    const near = { webhookUrl: "http://127.0.0.1:9/hook" };
    expect(alertSettings(near, { ...DEPLOYED, isLocal: true }).webhook).toEqual({ url: near.webhookUrl });
    expect(alertSettings(near, DEPLOYED).webhook).toEqual({
      problem: "ALERT_WEBHOOK_URL is no address that begins with https://",
    });
  });

  it("takes one recipient or several", () => {
    const read = (emailTo: string) => alertSettings({ emailTo, emailFrom: FROM }, DEPLOYED).email;
    expect(read("a@acme.test")).toEqual({ from: FROM, to: ["a@acme.test"] });
    const many = Array.from({ length: ALERT_RECIPIENTS_MAX }, (_, n) => `a${n}@acme.test`);
    expect(read(many.join())).toEqual({ from: FROM, to: many });
    expect(read("a@acme.test, b@acme.test")).toEqual({ from: FROM, to: ["a@acme.test", "b@acme.test"] });
  });

  it.each([
    ["only one of the two", { emailTo: "a@acme.test" }, /both needed/],
    ["only the other", { emailFrom: FROM }, /both needed/],
    [
      "no address to send from",
      { emailTo: "a@acme.test", emailFrom: "secret-word" },
      /ALERT_EMAIL_FROM is no/,
    ],
    [
      "no address to send to",
      { emailTo: "a@acme.test,secret-word", emailFrom: FROM },
      /ALERT_EMAIL_TO must be/,
    ],
    [
      "too many",
      {
        emailTo: Array.from({ length: ALERT_RECIPIENTS_MAX + 1 }, (_, n) => `a${n}@acme.test`).join(),
        emailFrom: FROM,
      },
      /at most 50/,
    ],
  ])("says in a sentence what is wrong with %s, without the value", (_, variables, sentence) => {
    const { email } = alertSettings(variables, DEPLOYED);
    expect(email).toEqual({ problem: expect.stringMatching(sentence) });
    expect(JSON.stringify(email)).not.toMatch(/secret-word|acme/);
  });

  it("says where the binding is described that is missing", () => {
    const { email } = alertSettings(
      { emailTo: "a@acme.test", emailFrom: FROM },
      { isLocal: false, canMail: false },
    );
    expect(email).toEqual({ problem: expect.stringContaining("docs/deploy.md, Alerts") });
  });
});
