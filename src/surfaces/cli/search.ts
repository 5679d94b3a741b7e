import { styleText } from "node:util";
import type { Command } from "commander";
import { SEARCH_LIMIT_DEFAULT, SEARCH_LIMIT_MAX } from "../../core/policy.ts";
import { clockOf } from "../../core/search/clock.ts";
import { parseSearchRequest } from "../../core/search/request.ts";
import type { SearchHit, SearchReply } from "../../queries/search.ts";
import { refuseUsage } from "../exit-codes.ts";

/** What the command line may say of a search. */
export type SearchOptions = {
  readonly limit?: string;
  readonly from?: string;
  readonly to?: string;
  readonly participant?: string;
  readonly speaker?: string;
  readonly meeting?: string;
  readonly context?: boolean;
  readonly cursor?: string;
};

const EXAMPLES = `
Examples:
  npm run -s syncctl -- search "who should pay for the permit"
  npm run -s syncctl -- search crane delay --speaker Maya --from 2026-05-01 --context
  npm run -s syncctl -- search permit --limit 50 --json`;

/** Add what a search takes to its verb. */
export function withSearchOptions(verb: Command): Command {
  return verb
    .argument("<text...>", "what to look for, in plain words")
    .option("--limit <n>", `passages at once, 1 to ${SEARCH_LIMIT_MAX} (default: ${SEARCH_LIMIT_DEFAULT})`)
    .option("--from <day>", "meetings of this day or later, e.g. 2026-05-01")
    .option("--to <day>", "meetings of this day or earlier")
    .option(
      "--participant <who>",
      "meetings that somebody took part in: a name or an address, or its beginning",
    )
    .option("--speaker <name>", "passages in which somebody speaks: a name, or its beginning")
    .option("--meeting <id>", "passages of one meeting")
    .option("--context", "show what was said before and after as well")
    .option("--cursor <cursor>", "the next page, as the page before named it")
    .addHelpText("after", EXAMPLES);
}

/**
 * What the API is asked, checked here so that a mistake is found without it.
 *
 * @throws CommanderError with one sentence
 */
export async function searchParameters(
  text: readonly string[],
  options: SearchOptions,
): Promise<Record<string, string>> {
  const { limit, from, to, participant, speaker, meeting, context, cursor } = options;
  const given = { q: text.join(" "), limit, from, to, participant, speaker, meeting, cursor };
  const asked = Object.fromEntries(
    Object.entries({ ...given, context: context === true ? "1" : undefined }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  const request = await parseSearchRequest(new Map(Object.entries(asked)));
  if ("error" in request) return refuseUsage(request.error);
  return asked;
}

/** A page of hits for people. */
export function searchLines(reply: SearchReply): string[] {
  const { items, cursor, notes } = reply;
  return [
    ...(items.length === 0 ? ["Nothing was found."] : items.flatMap(hitLines)),
    ...notes.map((note) => `Note: ${note}.`),
    ...(cursor === null ? [] : [`More: --cursor ${cursor}`]),
  ];
}

function hitLines(hit: SearchHit): string[] {
  const snippet = hit.snippet.map(({ text, isMatch }) => (isMatch ? styleText("bold", text) : text)).join("");
  const who = hit.speaker ?? "somebody";
  const at = hit.startSeconds === null ? "" : ` at ${clockOf(hit.startSeconds)}`;
  return [
    `${hit.meeting.title} (${hit.meeting.dateTime.slice(0, 10)}), ${who}${at}`,
    ...(hit.before === null ? [] : indented(`[before] ${hit.before}`)),
    ...indented(snippet),
    ...(hit.after === null ? [] : indented(`[after] ${hit.after}`)),
    `    ${hit.link ?? `meeting ${hit.meeting.id}`}`,
    "",
  ];
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `    ${line}`);
}
