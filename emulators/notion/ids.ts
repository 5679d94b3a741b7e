import { createHash } from "node:crypto";

/** A UUID that follows from a seed and a label; equal ones give equal ids on every machine. */
export function uuidOf(seed: number, label: string): string {
  const hex = createHash("sha256").update(`${seed}/${label}`).digest("hex");
  const variant = "89ab"[Number.parseInt(hex[16] ?? "0", 16) % 4];
  return dashed(`${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`);
}

/** An id as Notion returns it, with dashes and in lower case; null if the text is no id. */
export function readId(text: string): string | null {
  const bare = text.replaceAll("-", "").toLowerCase();
  const isId = /^[0-9a-f]{32}$/.test(bare) && (!text.includes("-") || dashed(bare) === text.toLowerCase());
  return isId ? dashed(bare) : null;
}

function dashed(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Characters of property ids; most of them look different in a URL. A dot is left out: two would be a path. */
const PROPERTY_ID_CHARACTERS = ":;<=>?@[]^_`{|}~ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const PROPERTY_ID_LENGTH = 4;

/** A property id, URL-encoded as Notion shows it. The title's is always `title`. Source: vendor docs, "Page properties". */
export function propertyIdOf(seed: number, label: string): string {
  const bytes = createHash("sha256").update(`${seed}/${label}`).digest();
  const characters = [...bytes.subarray(0, PROPERTY_ID_LENGTH)].map(
    (byte) => PROPERTY_ID_CHARACTERS[byte % PROPERTY_ID_CHARACTERS.length],
  );
  return encodeURIComponent(characters.join(""));
}

/** A text without URL encoding; texts that are none are returned as they are. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
