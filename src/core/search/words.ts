import { SEARCH_WORDS_MAX } from "../policy.ts";

/** Words of a question that say nothing about what is looked for, the verbs of asking included. English. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  `a about actually after again all also am an and any are as at be because been before being below between both but by
  can could describe did discuss discussed discussion discussions do does doing don down during each ever explain find for
  from further get go going gonna got had has have having he her here hers him his how i if in into is it its just kind
  kinda know let like ll me mean meeting meetings more most my no nor not now of off oh ok okay on once one only or other
  our ours out over own re really s said same say says she should show so some still such summarise summarize summary t
  talk talked talking tell than that the their theirs them then there these they thing things think this those thought
  through to too uh um under until up us ve very want was we well were what when where which while who whom whose why will
  with would yeah yes you your yours`.split(/\s+/),
);

/** As the index cuts them: letters and digits, with the marks that belong to them. */
const WORD = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{M}\p{Co}]*/gu;

/** What is looked for. */
export type SearchWords = {
  /** Distinct, in lower case, in the order of the question. */
  readonly words: readonly string[];
  /** True if the question has more words than are looked for. */
  readonly cut: boolean;
};

/** The words of a question. Where it has none but stop words, these are looked for. */
export function searchWords(question: string): SearchWords {
  const all = [...new Set(Array.from(question.matchAll(WORD), ([word]) => word.toLowerCase()))];
  const telling = all.filter((word) => !STOP_WORDS.has(word));
  const words = telling.length > 0 ? telling : all;
  return { words: words.slice(0, SEARCH_WORDS_MAX), cut: words.length > SEARCH_WORDS_MAX };
}

/**
 * A full-text expression that finds any of the words. Each is quoted, so that nothing in it is an operator of FTS5.
 *
 * @returns null if there is no word
 */
export function anyOf(words: readonly string[]): string | null {
  return words.length === 0 ? null : words.map((word) => `"${word.replaceAll('"', '""')}"`).join(" OR ");
}
