/** A text to be ranked. */
export type RankedText = { readonly id: string; readonly meeting: string; readonly text: string };

const WORD = /[a-z0-9]+(?:'[a-z]+)?/g;
const K1 = 1.2;
const B = 0.75;

/**
 * BM25 in its plainest form, the floor of the retrieval bench: no stop words, no stems, nothing known of meetings.
 *
 * @returns a function that ranks all texts, or those of one meeting, for a question: ids, best first
 */
export function plainBm25(
  texts: readonly RankedText[],
): (question: string, meeting: string | null) => string[] {
  const words = texts.map(({ text }) => text.toLowerCase().match(WORD) ?? []);
  const averageLength = words.reduce((sum, list) => sum + list.length, 0) / Math.max(1, texts.length);
  const postings = new Map<string, Map<number, number>>();
  for (const [place, list] of words.entries()) {
    for (const word of list) {
      const posting = postings.get(word) ?? new Map<number, number>();
      posting.set(place, (posting.get(place) ?? 0) + 1);
      postings.set(word, posting);
    }
  }
  return (question, meeting) => {
    const scores = new Map<number, number>();
    for (const word of question.toLowerCase().match(WORD) ?? []) {
      const posting = postings.get(word) ?? new Map<number, number>();
      const rarity = Math.log(1 + (texts.length - posting.size + 0.5) / (posting.size + 0.5));
      for (const [place, times] of posting) {
        if (meeting !== null && texts[place]?.meeting !== meeting) continue;
        const length = (words[place]?.length ?? 0) / averageLength;
        const weight = (times * (K1 + 1)) / (times + K1 * (1 - B + B * length));
        scores.set(place, (scores.get(place) ?? 0) + rarity * weight);
      }
    }
    return [...scores].toSorted(([a, x], [b, y]) => y - x || a - b).map(([place]) => texts[place]?.id ?? "");
  };
}
