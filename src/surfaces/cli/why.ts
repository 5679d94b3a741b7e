import { Argument, type Command } from "commander";
import { LINEAGE_KINDS, type Lineage } from "../../core/lineage.ts";
import type { ApiClient } from "../client.ts";
import type { Said } from "./rebuild.ts";

const HELP = `
Oldest first. Values that were replaced are shown; what was said in meetings is not.

Examples:
  npm run -s syncctl -- why meeting <Fireflies id>
  npm run -s syncctl -- why project <record id, page id or job number>
  npm run -s syncctl -- why client <record id or page id> --json`;

/** Add what the verb takes. */
export function withWhy(verb: Command): Command {
  return verb
    .addArgument(new Argument("<kind>", "what the record is").choices(LINEAGE_KINDS))
    .argument("<id>", "of the record, of its transcript or page, or a project's job number")
    .addHelpText("after", HELP);
}

/** The life of a record. @throws ApiError where the id means nothing */
export async function lifeOf(client: ApiClient, kind: string, id: string): Promise<Said> {
  const life = await client.why(kind, id);
  return { code: 0, value: life, lines: lifeLines(life) };
}

/** A life as lines: what it is, where it stands, what happened. */
function lifeLines(life: Lineage): string[] {
  const { kind, recordId, sourceId, name, now, events, more } = life;
  const ids =
    recordId === sourceId || sourceId === null ? recordId : `${recordId ?? "no record"}, ${sourceId}`;
  const width = Math.max(...now.map(({ where }) => where.length));
  return [
    `${kind} ${ids ?? sourceId ?? ""}${name === null ? "" : `: ${name}`}`,
    "",
    "Now",
    ...now.map(({ where, says }) => `    ${where.padEnd(width)}  ${says}`),
    "",
    "Life",
    ...more.map(({ what, count }) => `    and ${count} older of the kind "${what}"`),
    ...events.map(
      ({ atMs, says, runId }) =>
        `    ${new Date(atMs).toISOString()}  ${says}${runId === null ? "" : `  (${runId})`}`,
    ),
  ];
}
