/** When the search for a smaller cause is given up. */
export type ShrinkBounds = { readonly triesMax: number; readonly isTimeUp: () => boolean };

/**
 * Leave out whatever is not needed for a breach: ever smaller pieces, until no single one can go (delta debugging), or until
 * a bound is reached.
 *
 * @param parts with all of them the breach is there
 * @param isBroken whether it is there with these alone
 * @returns the parts that are left, in their order, and whether none of them can go
 */
export async function shrink(
  parts: readonly string[],
  isBroken: (parts: readonly string[]) => Promise<boolean>,
  { triesMax, isTimeUp }: ShrinkBounds,
): Promise<{ parts: readonly string[]; tries: number; isLeast: boolean }> {
  let left = parts;
  let tries = 0;
  let piece = Math.ceil(left.length / 2);
  for (;;) {
    const before = left.length;
    for (let at = 0; at < left.length;) {
      if (tries >= triesMax || isTimeUp()) return { parts: left, tries, isLeast: false };
      const fewer = [...left.slice(0, at), ...left.slice(at + piece)];
      tries += 1;
      if (await isBroken(fewer)) left = fewer;
      else at += piece;
    }
    if (piece > 1) piece = Math.ceil(piece / 2);
    else if (left.length === before) return { parts: left, tries, isLeast: true };
  }
}
