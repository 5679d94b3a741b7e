/**
 * The rows of a list reply, told apart without parsing it. A GraphQL server answers the fields of a query in the order in
 * which they were asked for, so every transcript begins with the same key; an object that begins with it cannot stand
 * inside a JSON string, where the quotation mark would be escaped. Bytes, because decoding them costs as much as hashing.
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** One transcript as it came. */
export type WireRow = {
  /** Its bytes after the media link, which changes from read to read. */
  readonly content: Bytes;
  /** JSON text of the transcript without the media link it begins with. */
  json(): string;
  readonly audioUrl: string | null;
};

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
const OPENING = ENCODER.encode('{"data":{"transcripts":[');
const CLOSING = ENCODER.encode("]}}");
/** The media link, where it was asked for: always the first field. */
const MEDIA_LINK = /^\{"audio_url":(null|"(?:[^"\\]|\\.)*"),/;
/** A longer link is none. */
const MEDIA_LINK_BYTES_MAX = 8 * 1024;

/**
 * Cut a list reply into its rows.
 *
 * @param reply the reply's body
 * @param firstField the first field that the query asked for
 * @returns null if the reply has another shape (errors beside data, white space, other order): it must be parsed whole.
 *   Rows are not known to be JSON until they are parsed, except the last one, where a broken-off body would show.
 */
export function wireRowsOf(reply: Bytes, firstField: string): WireRow[] | null {
  const end = reply.length - CLOSING.length;
  if (!standsAt(reply, OPENING, 0) || end < OPENING.length || !standsAt(reply, CLOSING, end)) return null;
  const body = reply.subarray(OPENING.length, end);
  if (body.length === 0) return [];
  if (!standsAt(body, ENCODER.encode(`{"${firstField}":`), 0)) return null;
  const ends = [...placesOf(ENCODER.encode(`,{"${firstField}":`), body), body.length];
  const rows: WireRow[] = [];
  for (const [n, rowEnd] of ends.entries()) {
    const from = n === 0 ? 0 : (ends[n - 1] ?? 0) + 1;
    const row = wireRowOf(body.subarray(from, rowEnd), firstField);
    if (row === null) return null;
    rows.push(row);
  }
  return isJson(rows.at(-1)?.json() ?? "") ? rows : null;
}

/** Every place where some bytes stand, by Horspool's search: it looks at one byte in a dozen. */
function placesOf(part: Bytes, bytes: Bytes): number[] {
  const last = part.length - 1;
  const steps = new Uint8Array(256).fill(part.length);
  for (let n = 0; n < last; n += 1) steps[part[n] ?? 0] = last - n;
  const places: number[] = [];
  for (let at = 0; at + last < bytes.length; at += steps[bytes[at + last] ?? 0] ?? 1) {
    if (standsAt(bytes, part, at)) places.push(at);
  }
  return places;
}

function standsAt(bytes: Bytes, part: Bytes, at: number): boolean {
  for (let n = 0; n < part.length; n += 1) if (bytes[at + n] !== part[n]) return false;
  return true;
}

function wireRowOf(bytes: Bytes, firstField: string): WireRow | null {
  if (firstField !== "audio_url")
    return { content: bytes, json: () => DECODER.decode(bytes), audioUrl: null };
  const opening = DECODER.decode(bytes.subarray(0, MEDIA_LINK_BYTES_MAX));
  const [found, link] = MEDIA_LINK.exec(opening) ?? [];
  if (found === undefined || link === undefined || !isJson(link)) return null;
  const content = bytes.subarray(ENCODER.encode(found).length);
  const audioUrl = JSON.parse(link) as string | null;
  return { content, json: () => `{${DECODER.decode(content)}`, audioUrl: audioUrl === "" ? null : audioUrl };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
