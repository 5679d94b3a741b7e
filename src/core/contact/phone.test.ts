import { describe, expect, it } from "vitest";
import { checkPhone } from "./phone.ts";

describe("checkPhone", () => {
  it.each([
    ["(212) 736-5000", "US", "+12127365000"],
    ["+1 212.736.5000", null, "+12127365000"],
    ["030 901820", "DE", "+4930901820"],
    ["030 901820", "de", "+4930901820"],
    ["+49 30 901820", "US", "+4930901820"],
    ["＋49 30 901820", "ZZ", "+4930901820"],
    ["tel:+49-30-901820", null, "+4930901820"],
    ["02 1234 5678", "IT", "+390212345678"],
  ])("brings %s (%s) into its international form", (raw, country, e164) => {
    expect(checkPhone(raw, country)).toEqual({ e164, extension: null, verdict: "valid", problem: null });
  });

  it.each(["x 12", "ext. 12", "extension 12", ";ext=12", "#12"])("takes an extension as in %s", (written) => {
    expect(checkPhone(`(212) 736-5000 ${written}`, "US")).toEqual({
      e164: "+12127365000",
      extension: "12",
      verdict: "valid",
      problem: null,
    });
  });

  it.each([
    ["555-0100", "US"],
    ["+1 (212) 36-50", "US"],
    ["212/736.5000 ext 12", "FR"],
    ["212 736 5000 / 212 736 5001", "US"],
    ["911", "US"],
  ])("keeps %s (%s): digits and separators, though no number in use", (raw, country) => {
    expect(checkPhone(raw, country)).toEqual({
      e164: null,
      extension: null,
      verdict: "kept",
      problem: "is no number in use by libphonenumber's metadata",
    });
  });

  it("says what is missing when a national number has no country", () => {
    const problem = "has no country code, and no country is known for it";
    expect(checkPhone("(212) 736-5000", null)).toMatchObject({ verdict: "kept", problem });
    expect(checkPhone("(212) 736-5000", "ZZ")).toMatchObject({ verdict: "kept", problem });
  });

  it.each([
    ["call the office", "has more than digits and the separators of phone numbers"],
    ["1-800-FLOWERS", "has more than digits and the separators of phone numbers"],
    ["my number is (212) 736-5000", "has more than digits and the separators of phone numbers"],
    ["anna@harbour.example", "has more than digits and the separators of phone numbers"],
    ["tel:331-6005;phone-context=+64-3", "has more than digits and the separators of phone numbers"],
    ["12", "is too short for a phone number"],
    ["+---", "is too short for a phone number"],
    [" ", "is empty"],
    ["1".repeat(251), "is too long for a phone number"],
  ])("puts %s aside with a sentence", (raw, problem) => {
    expect(checkPhone(raw, "US")).toEqual({ e164: null, extension: null, verdict: "quarantined", problem });
  });

  it("says the same of the same text every time", () => {
    const texts = ["tel:331-6005;phone-context=+64-3", "tel:+64-3-331-6005", "+64 3 331 6005", "331-6005 x2"];
    const once = texts.map((text) => checkPhone(text, "NZ"));
    expect(texts.map((text) => checkPhone(text, "NZ"))).toEqual(once);
    expect(texts.toReversed().map((text) => checkPhone(text, "NZ"))).toEqual(once.toReversed());
  });
});
