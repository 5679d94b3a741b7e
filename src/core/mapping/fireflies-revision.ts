/**
 * The revision of a transcript: one JSON text for one content, whatever order the source sends its fields in.
 * Left out is what changes without the meeting having changed: signed media links.
 */

/** What a reply says of one transcript, before anything is known of its shape. */
export type RawTranscript = Readonly<Record<string, unknown>>;

/**
 * JSON text with sorted keys, without media links. A reply whose keys come sorted, as our query asks for them, is
 * written out as it is; sorting costs three times as much.
 */
export function revisionOf(transcript: RawTranscript): string {
  // Not by `delete`: it would turn the object into a dictionary, which takes twice as long to write.
  const { audio_url: _audio, video_url: _video, ...content } = transcript;
  return JSON.stringify(isSorted(content) ? content : sorted(content));
}

function isSorted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let previous = "";
  const fields = value as Record<string, unknown>;
  for (const key in fields) {
    if (key < previous) return false;
    previous = key;
    if (!isSorted(fields[key])) return false;
  }
  return true;
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/**
 * When a signed link stops working, world ms, read from its `Expires` parameter (epoch seconds).
 *
 * @returns null if the link does not say
 */
export function expiryOf(url: string): number | null {
  const match = /[?&](?:Expires|expires|X-Expires)=(\d{9,13})/.exec(url);
  if (match?.[1] === undefined) return null;
  const value = Number(match[1]);
  return value < 1e11 ? value * 1_000 : value;
}
