/**
 * Is a client that is about to be inserted already there? Looked for by page, then by e-mail, phone, and name with
 * company. A wrong yes writes one client over another, a wrong no makes two of one: so what is not certain waits for a
 * person. Source: requirements, "Check for duplicates before inserting". Pure.
 */
import { normaliseLabel } from "../mapping/label.ts";

/** What tells clients apart. E-mail and phone only if they passed their check; the phone in E.164. */
export type ClientIdentity = {
  /** The Notion page that the row is bound to, or that the new client comes from. */
  readonly pageId: string | null;
  readonly email: string | null;
  readonly phoneE164: string | null;
  readonly phoneExtension: string | null;
  readonly name: string;
  readonly company: string | null;
};

export type StoredClient = ClientIdentity & { readonly id: string };

/** What two clients have in common, the strongest first. */
type DuplicateSign = "page" | "email" | "phone" | "name";

/** Keys of a client in which its duplicates are looked up, the strongest first; null where it has none. */
export type DuplicateKeys = {
  readonly email: string | null;
  readonly phone: string | null;
  readonly name: string;
  readonly company: string | null;
};

/**
 * - `certain`: the row that the client is; it is updated instead of a new one inserted
 * - `doubtful`: rows that may be the same client, with what speaks for it, the strongest first. Without a certain one
 *   the client waits in the review list
 */
export type Duplicates = {
  readonly certain: { readonly id: string; readonly by: readonly DuplicateSign[] } | null;
  readonly doubtful: readonly { readonly id: string; readonly by: readonly DuplicateSign[] }[];
};

/**
 * The keys of a client. An e-mail address loses its letter case altogether, for no host in use keeps two mailboxes apart
 * by it; an extension makes a phone another one; names and companies lose case, blanks and punctuation, not their legal
 * form (`Acme Ltd` and `Acme Inc.` are two).
 */
export function duplicateKeys(client: ClientIdentity): DuplicateKeys {
  const { email, phoneE164, phoneExtension, name, company } = client;
  return {
    email: email?.toLowerCase() ?? null,
    phone: phoneE164 === null || phoneExtension === null ? phoneE164 : `${phoneE164};ext=${phoneExtension}`,
    name: normaliseName(name),
    company: company === null ? null : normaliseName(company) || null,
  };
}

/**
 * Compare a new client with rows that may be it.
 *
 * @param existing rows that share a page or one of the keys; others do no harm
 *
 * Certain is the row of the same page. Else a row that no page has, if two signs agree and none speaks against: name and
 * e-mail, or name and phone, or name and company, while e-mails and phones that both have are the same (with the same
 * e-mail the phone may differ: people change it sooner). Several such rows, a row of another page, or a single sign are
 * doubtful: a mailbox or a switchboard can be shared. The same name in two known companies is no sign at all.
 */
export function findDuplicates(candidate: ClientIdentity, existing: readonly StoredClient[]): Duplicates {
  const samePage = existing.find((row) => candidate.pageId !== null && row.pageId === candidate.pageId);
  if (samePage !== undefined) return { certain: { id: samePage.id, by: ["page"] }, doubtful: [] };
  const keys = duplicateKeys(candidate);
  const found = existing
    .map((row) => ({ row, ...compare(keys, duplicateKeys(row)) }))
    .filter(({ by }) => by.length > 0)
    .toSorted((a, b) => strength(b.by) - strength(a.by));
  const certain = found.filter(({ row, isCertain }) => row.pageId === null && isCertain);
  const only = certain.length === 1 ? certain[0] : undefined;
  return {
    certain: only === undefined ? null : { id: only.row.id, by: only.by },
    doubtful: found.filter((one) => one !== only).map(({ row, by }) => ({ id: row.id, by })),
  };
}

function compare(ours: DuplicateKeys, theirs: DuplicateKeys) {
  const email = agree(ours.email, theirs.email);
  const phone = agree(ours.phone, theirs.phone);
  const company = agree(ours.company, theirs.company);
  const isSameName = ours.name !== "" && ours.name === theirs.name;
  const by: DuplicateSign[] = [];
  if (email === "same") by.push("email");
  if (phone === "same") by.push("phone");
  if (isSameName && company !== "different") by.push("name");
  const isCertain =
    by.includes("name") &&
    (email === "same" ||
      (email !== "different" && (phone === "same" || (phone === "unknown" && company === "same"))));
  return { by, isCertain };
}

function agree(ours: string | null, theirs: string | null): "same" | "different" | "unknown" {
  if (ours === null || theirs === null) return "unknown";
  return ours === theirs ? "same" : "different";
}

/** One strong sign outweighs all weaker ones together. */
function strength(by: readonly DuplicateSign[]): number {
  const weights = { page: 8, email: 4, phone: 2, name: 1 };
  return by.reduce((sum, sign) => sum + weights[sign], 0);
}

function normaliseName(name: string): string {
  return normaliseLabel(name.replaceAll(/[\p{Punctuation}\p{Symbol}]+/gu, " "));
}
