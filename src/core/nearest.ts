/** Share of a word's letters that may be wrong, and how few of them are always too few to count as wrong. Pure. */
const WRONG_SHARE_MAX = 0.4;
const WRONG_ALWAYS = 1;

/**
 * The known word that somebody probably meant: letter case, blanks, hyphens and underscores do not tell two words apart.
 *
 * @returns null if none is near
 */
export function nearestWord(word: string, known: readonly string[]): string | null {
  const meant = plain(word);
  const ranked = known
    .map((one) => ({ one, wrong: editDistance(meant, plain(one)) }))
    .toSorted((a, b) => a.wrong - b.wrong);
  const [best] = ranked;
  if (best === undefined) return null;
  const allowed = Math.max(WRONG_ALWAYS, Math.floor(best.one.length * WRONG_SHARE_MAX));
  return best.wrong <= allowed && best.wrong < plain(best.one).length ? best.one : null;
}

function plain(word: string): string {
  return word
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[\s_-]/g, "");
}

/** Letters added, left out, changed or swapped with their neighbour that lead from one word to the other. */
export function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let at = 1; at <= to.length; at += 1) {
      const isSame = from[row - 1] === to[at - 1];
      const isSwapped = from[row - 1] === to[at - 2] && from[row - 2] === to[at - 1];
      const ways = [
        above[at]! + 1,
        current[at - 1]! + 1,
        above[at - 1]! + (isSame ? 0 : 1),
        ...(isSwapped ? [before[at - 2]! + 1] : []),
      ];
      current.push(Math.min(...ways));
    }
    [before, above] = [above, current];
  }
  return above[to.length]!;
}
