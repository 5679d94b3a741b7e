/** Names that come from content. Only `crypto.subtle.digest` is used, which is deterministic. */

const ENCODER = new TextEncoder();

/** Longest text hashed without a buffer of its own: a quarter of the time of encoding it goes into making that. */
const SHORT_TEXT_UNITS_MAX = 256 * 1024;
/** Used within one synchronous stretch: `digest` takes its copy of the bytes before it returns. */
const scratch = new Uint8Array(3 * SHORT_TEXT_UNITS_MAX);

function encoded(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > SHORT_TEXT_UNITS_MAX) return ENCODER.encode(text);
  return scratch.subarray(0, ENCODER.encodeInto(text, scratch).written);
}

/** sha256 of UTF-8 text or bytes, as bytes. */
async function sha256(content: string | Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = typeof content === "string" ? encoded(content) : content;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** sha256 of UTF-8 text or bytes, as 64 lower-case hex digits. */
export async function sha256Hex(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  return Array.from(await sha256(content), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What a vector id stands for: the same parts always give the same id, so an id always means the same bytes. */
export type VectorIdParts = {
  readonly documentId: string;
  readonly text: string;
  /** 0 for the first chunk of the document with this text, 1 for the second, ... */
  readonly repetition: number;
  readonly model: string;
  readonly metadata: Readonly<Record<string, string | number>>;
  /** Rises each time the same parts come back after their id was given up, because ids are single-use. */
  readonly generation: number;
};

/** Id of a vector: 43 characters of base64url, under Vectorize's 64 bytes. Source: protocols 6. */
export async function vectorId(parts: VectorIdParts): Promise<string> {
  const metadata = Object.entries(parts.metadata).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const named = [parts.documentId, parts.text, parts.repetition, parts.model, metadata, parts.generation];
  const base64 = btoa(String.fromCharCode(...(await sha256(JSON.stringify(named)))));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Key of an embedding: the same model and text never need to be embedded twice. */
export function embeddingKey(model: string, text: string): Promise<string> {
  return sha256Hex(JSON.stringify([model, text]));
}

/**
 * Where a revision of a meeting lies in R2. An id that is not plain enough for a key is replaced by its hash.
 * Source: requirements (`fireflies-transcripts/`), design 8.
 */
export async function revisionKey(meetingId: string, contentHash: string): Promise<string> {
  return `${await revisionFolder(meetingId)}${contentHash}.json.gz`;
}

/** What the keys of all revisions of a meeting begin with. */
export async function revisionFolder(meetingId: string): Promise<string> {
  const folder = /^[A-Za-z0-9_-]{1,64}$/.test(meetingId) ? meetingId : `x-${await sha256Hex(meetingId)}`;
  return `fireflies-transcripts/${folder}/`;
}
