import * as z from "zod";

/** Longest address that mail can be sent to, and its part before the @. Source: RFC 5321, 4.5.3.1. */
const ADDRESS_CHARACTERS_MAX = 254;
const LOCAL_CHARACTERS_MAX = 64;

/**
 * Both of zod's rules at once. Its own catches what people mistype: no dot in the domain, two dots, a dot at the end. The
 * one of HTML's `input type=email` knows what a host name is: labels of at most 63 characters that do not end in a hyphen.
 * What both refuse though a suite allows it is listed in docs/vendors/validation.md.
 */
const ADDRESS = z.email().regex(z.regexes.html5Email);

/** A checked address. Either half may be null, never both; an absent address is not checked. */
export type CheckedEmail = { readonly value: string | null; readonly problem: string | null };

/**
 * Check one e-mail address. Source: requirements, "Email validation: proper format".
 *
 * @param raw the text as it stands, without blanks around it: they are not forgiven here
 * @returns the address with its domain in lower case; or what is wrong, without the address itself. What stands before the
 *   @ keeps its letter case, for it is the receiving host's affair
 *
 * Whether the mailbox exists is never asked. Pure.
 */
export function checkEmail(raw: string): CheckedEmail {
  const at = raw.lastIndexOf("@");
  if (at < 0) return { value: null, problem: "is no e-mail address: it has no @" };
  if (raw.length > ADDRESS_CHARACTERS_MAX || at > LOCAL_CHARACTERS_MAX) {
    return { value: null, problem: "is too long for an e-mail address" };
  }
  if (!ADDRESS.safeParse(raw).success) return { value: null, problem: "is no proper e-mail address" };
  return { value: raw.slice(0, at) + raw.slice(at).toLowerCase(), problem: null };
}
