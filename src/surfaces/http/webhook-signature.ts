const ENCODER = new TextEncoder();

/** With the name of the algorithm, or bare: the vendors' own documents contradict each other. */
const SIGNATURE = /^(?:sha256=)?([0-9a-f]{64})$/i;

/**
 * Whether a body was signed with a secret: HMAC-SHA-256 of its bytes as they came, in hexadecimal. `verify` of Web Crypto
 * compares in constant time.
 *
 * @param header as it came; absent: not signed
 */
export async function isSigned(
  body: Uint8Array<ArrayBuffer>,
  header: string | undefined,
  secret: string,
): Promise<boolean> {
  const hex = SIGNATURE.exec(header?.trim() ?? "")?.[1];
  if (hex === undefined || secret === "") return false;
  const signature = Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", ENCODER.encode(secret), algorithm, false, ["verify"]);
  return crypto.subtle.verify("HMAC", key, signature, body);
}
