/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w,.-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`;
}

/** The one command that replays a seed, or parts of it. */
export function replayCommand(
  seed: number,
  {
    bug,
    keep,
    isLong,
  }: { bug?: string | null | undefined; keep?: string | undefined; isLong?: boolean } = {},
): string {
  const words = [
    "npm run simulate -- --seed",
    String(seed),
    ...(keep === undefined ? [] : ["--keep", quoted(keep)]),
    ...(bug == null ? [] : ["--bug", quoted(bug)]),
    ...(isLong === true ? ["--long"] : []),
  ];
  return words.join(" ");
}
