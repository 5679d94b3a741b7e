import parseNumber, { isSupportedCountry } from "libphonenumber-js/max";

/**
 * A checked phone number.
 * - `valid`: by the full metadata of libphonenumber; `e164` is set
 * - `kept`: digits and standard separators, but no number that is in use where it is; kept as written, and flagged
 * - `quarantined`: anything else; the field is kept aside as written
 */
export type CheckedPhone = {
  readonly e164: string | null;
  /** Digits after `x` or `ext.`; E.164 has no place for them. */
  readonly extension: string | null;
  readonly verdict: "valid" | "kept" | "quarantined";
  /** One sentence without the number; null if valid. */
  readonly problem: string | null;
};

/** Beyond it libphonenumber does not look either. */
const CHARACTERS_MAX = 250;
/** The shortest numbers in use, those of emergency services. */
const DIGITS_MIN = 3;

/**
 * A parameter of `tel:` links. The library judges it by regular expressions that remember their last match, so that the
 * same text is a number in one call and none in the next (libphonenumber-js 1.13.16, its pull request 498).
 */
const PHONE_CONTEXT = ";phone-context=";

/** The requirements' "digits and standard separators", and an extension at the end. */
const DIGITS_AND_SEPARATORS =
  /^[\p{Nd}\s\p{Dash_Punctuation}+().[\]/~]+(?:(?:[;,]?\s*(?:x|ext\.?|extension)|#)[\s:=.]*\p{Nd}+)?$/iu;

const NOT_ONLY_DIGITS = "has more than digits and the separators of phone numbers";

/**
 * Check one phone number. Source: requirements, "Phone validation: digits and standard separators".
 *
 * @param raw the text as it stands
 * @param country ISO 3166 code of the row's own region, else of the configured country, for numbers without a country
 *   code; null or an unknown code: only international numbers can be valid
 *
 * A bad number never costs the record, only this field. Where it disagrees with the public test suites is listed in
 * docs/vendors/validation.md. Pure.
 */
export function checkPhone(raw: string, country: string | null): CheckedPhone {
  // Full-width digits and plus signs are the same signs; the `tel:` of a link is no part of its number.
  const text = raw
    .normalize("NFKC")
    .trim()
    .replace(/^tel:\s*/i, "");
  if (text === "") return quarantined("is empty");
  if (text.length > CHARACTERS_MAX) return quarantined("is too long for a phone number");
  if (text.includes(PHONE_CONTEXT)) return quarantined(NOT_ONLY_DIGITS);
  const region = country?.toUpperCase() ?? "";
  const number = parseNumber(text, {
    ...(isSupportedCountry(region) ? { defaultCountry: region } : {}),
    // The whole text has to be the number: a sentence with a number in it is not one.
    extract: false,
  });
  if (number?.isValid() === true) {
    return { e164: number.number, extension: number.ext ?? null, verdict: "valid", problem: null };
  }
  if (!DIGITS_AND_SEPARATORS.test(text)) return quarantined(NOT_ONLY_DIGITS);
  if (text.replaceAll(/\P{Nd}/gu, "").length < DIGITS_MIN)
    return quarantined("is too short for a phone number");
  const problem =
    text.startsWith("+") || isSupportedCountry(region)
      ? "is no number in use by libphonenumber's metadata"
      : "has no country code, and no country is known for it";
  return { e164: null, extension: null, verdict: "kept", problem };
}

function quarantined(problem: string): CheckedPhone {
  return { e164: null, extension: null, verdict: "quarantined", problem };
}
