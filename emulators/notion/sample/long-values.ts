/*
 * Values at the edges of what Notion takes: a run of text holds 2000 UTF-16 units, an e-mail address 200 characters
 * in a write, although a longer one may stand in an old row.
 */

const RUN_CHARACTERS_MAX = 2_000;
const LONG_EMAIL_CHARACTERS = 400;

const SENTENCES = [
  "The retaining wall drains to the creek path, and the county wants the outfall moved by eight feet.",
  "Two of the footings were poured in the rain; cores are at the laboratory.",
  "The owner asked for a price without the garage and has not answered since.",
  "Stone for the porch comes from the quarry that closes in November.",
];

/** Three runs and a bit of ordinary sentences, with line breaks. */
export const LONG_NOTE = Array.from(
  { length: 90 },
  (_, i) => `${i + 1}. ${SENTENCES[i % SENTENCES.length]!}`,
).join("\n");

const DOMAIN = "@example.net";

/** Units 1999 and 2000 are one character. */
export const PAIR_AT_THE_CUT_NOTE = `${LONG_NOTE.slice(0, RUN_CHARACTERS_MAX - 1)}🏗 and so on.`;

/** No dot stands beside another, so that nothing but the length is wrong with it. */
export const LONG_EMAIL = `${"site.office.".repeat(40).slice(0, LONG_EMAIL_CHARACTERS - DOMAIN.length - 1)}x${DOMAIN}`;
