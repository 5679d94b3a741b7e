import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A line that could not be taken, with its 1-based number and one clause that says why. */
export type LineProblem = { line: number; problem: string };

/** What the lines of a file are, in the words of the sentences for a person. */
export type LineKind = {
  /** Such as `meeting` and `meetings`. */
  readonly one: string;
  readonly many: string;
  /** What tells two of them apart, such as `id`. */
  readonly identity: string;
};

/** One line understood, or the clause that says why it was not. */
export type LineRead<T> = { readonly identity: string; readonly item: T } | { readonly problem: string };

/** What a file of lines held. `contentHash` is the sha256 of the unpacked bytes. */
export type JsonlFile<T> = { items: T[]; problems: LineProblem[]; contentHash: string };

/**
 * Read `FILE.jsonl` or `FILE.jsonl.gz`, one JSON object a line; empty lines are skipped.
 *
 * A malformed line becomes a problem and the others still load; so does one whose identity an earlier line had. Gzip
 * is recognised by its first bytes, not by name.
 *
 * @param read understands the object of one line (1-based number); never throws
 * @throws Error with one sentence for a person, if the file cannot be read, unpacked, or holds no item at all
 */
export function readJsonlFile<T>(
  path: string,
  kind: LineKind,
  read: (object: Readonly<Record<string, unknown>>, line: number) => LineRead<T>,
): JsonlFile<T> {
  const bytes = unpack(path, readBytes(path, kind));
  const contentHash = createHash("sha256").update(bytes).digest("hex");
  const items: T[] = [];
  const problems: LineProblem[] = [];
  const firstLineOf = new Map<string, number>();
  for (const { line, text } of linesOf(bytes)) {
    if (text.trim() === "") continue;
    const parsed = parseObject(text);
    const taken = "problem" in parsed ? parsed : read(parsed.object, line);
    if ("problem" in taken) {
      problems.push({ line, problem: taken.problem });
      continue;
    }
    const earlier = firstLineOf.get(taken.identity);
    if (earlier !== undefined) {
      problems.push({ line, problem: `the ${kind.identity} is the same as on line ${earlier}` });
      continue;
    }
    firstLineOf.set(taken.identity, line);
    items.push(taken.item);
  }
  if (items.length === 0) {
    const why = problems[0] ? `line ${problems[0].line}: ${problems[0].problem}` : "it has no lines";
    throw new Error(
      `${path} holds no ${kind.one}: ${why}. One ${kind.one} as a JSON object on each line is expected.`,
    );
  }
  return { items, problems, contentHash };
}

function readBytes(path: string, kind: LineKind): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EISDIR"
          ? "it is a folder"
          : `it cannot be read (${code})`;
    throw new Error(`The ${kind.many} file ${path} was not loaded: ${why}.`, { cause });
  }
}

function unpack(path: string, bytes: Buffer): Buffer {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip && path.endsWith(".gz")) {
    throw new Error(`${path} ends in .gz but is not gzip; rename it or compress it.`);
  }
  if (!isGzip) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new Error(`${path} cannot be unpacked: the gzip data is damaged or cut off.`, { cause });
  }
}

/** Lines are split on bytes, so a file above the longest JavaScript string still loads. */
function* linesOf(bytes: Buffer): Generator<{ line: number; text: string }> {
  let start = 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    const skipsBom = line === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    yield { line, text: bytes.toString("utf8", skipsBom ? 3 : start, end) };
    start = end + 1;
  }
}

function parseObject(text: string): { object: Record<string, unknown> } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "is not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { problem: "is not a JSON object" };
  return { object: value as Record<string, unknown> };
}
