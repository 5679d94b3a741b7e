import { describe, expect, it } from "vitest";
import { checkEmail } from "./email.ts";

describe("checkEmail", () => {
  it.each([
    ["anna@harbour.example", "anna@harbour.example"],
    ["Anna.O'Neil+site@HARBOUR.Example", "Anna.O'Neil+site@harbour.example"],
    ["a@b.co", "a@b.co"],
    [`${"a".repeat(64)}@harbour.example`, `${"a".repeat(64)}@harbour.example`],
  ])("takes %s, and lowers the domain alone", (raw, value) => {
    expect(checkEmail(raw)).toEqual({ value, problem: null });
  });

  it.each([
    "",
    "(blank)",
    "anna",
    "anna@",
    "@harbour.example",
    "anna@harbour",
    "anna..o@harbour.example",
    "anna@harbour..example",
    "anna@-harbour.example",
    "anna@harbour-.example",
    `anna@${"h".repeat(64)}.example`,
    "anna@harbour.example, otto@harbour.example",
    "Anna <anna@harbour.example>",
    " anna@harbour.example",
    "anna@harbour.example\n",
    "anna@192.0.2.1",
  ])("refuses %j, and does not repeat it", (raw) => {
    const { value, problem } = checkEmail(raw);
    expect(value).toBeNull();
    expect(problem).toMatch(/^is (?:no|too) [^"]+$/);
    expect(problem).not.toContain("anna");
  });

  it("refuses what is longer than mail can be sent to", () => {
    const domain = `${"d".repeat(63)}.${"d".repeat(63)}.${"d".repeat(57)}.example`;
    expect(checkEmail(`${"a".repeat(61)}@${domain}`)).toEqual({
      value: null,
      problem: "is too long for an e-mail address",
    });
    const longest = `${"a".repeat(254 - domain.length - 1)}@${domain}`;
    expect([longest.length, checkEmail(longest).value]).toEqual([254, longest]);
    expect(checkEmail(`${"a".repeat(65)}@harbour.example`).value).toBeNull();
  });
});
