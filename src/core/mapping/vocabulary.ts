/**
 * Words of ours and the labels that people use for them, both ways. A label that is in no table is not guessed at: its
 * field is kept aside, and a person sees it as it was written. Pure.
 */
import { normaliseLabel } from "./label.ts";

/**
 * For each of our words its labels, the one to write first. Labels are compared without letter case, blanks, hyphens and
 * underscores; none stands under two words.
 */
export type Vocabulary<Word extends string> = Readonly<Record<Word, readonly string[]>>;

/** The word that a label means; null for an unknown label. */
export function wordOf<Word extends string>(vocabulary: Vocabulary<Word>, label: string): Word | null {
  const wanted = normaliseLabel(label);
  const words = Object.keys(vocabulary) as Word[];
  return words.find((word) => vocabulary[word].some((known) => normaliseLabel(known) === wanted)) ?? null;
}

/**
 * The label to write for a word.
 *
 * @param options names of the live options, exactly as Notion spells them
 * @param current what stands there now; kept where it means the same word, so that nobody's finer label is rewritten
 * @returns one of `options` or the current label; null where no option means the word, and nothing can be written
 *
 * Notion makes a new option of an unknown select label and refuses an unknown status, so only live options are written.
 */
export function labelFor<Word extends string>(
  vocabulary: Vocabulary<Word>,
  word: Word,
  options: readonly string[],
  current: string | null,
): string | null {
  if (current !== null && wordOf(vocabulary, current) === word) return current;
  for (const known of vocabulary[word]) {
    const option = options.find((name) => normaliseLabel(name) === normaliseLabel(known));
    if (option !== undefined) return option;
  }
  return null;
}
