import { userInfo } from "node:os";
import type { Command } from "commander";
import { acknowledgedWords, alertLines, channelWords, SHOWN_HERE_ONLY } from "../alert-lines.ts";
import type { ListedAlert } from "../../ports/alert-store.ts";
import type { ApiClient } from "../client.ts";
import { EXIT, refuseUsage as refuse } from "../exit-codes.ts";
import type { Said } from "./rebuild.ts";

const HELP = `
An alert opens once, is told when it opens, again after 1 h, 4 h, 12 h and then daily, and once more when it has closed by
itself. Acknowledging ends the reminders and nothing else; who was first stands. docs/runbook.md has a section for each kind.

Examples:
  npm run -s syncctl -- alerts                            what is open, who has it in hand, what became of its notices
  npm run -s syncctl -- alerts ack <id> --note "new key ordered"
  npm run -s syncctl -- alerts test                       a test over each channel, and what came of it`;

/** What may stand beside the words of the verb. */
export type AlertOptions = { readonly note?: string; readonly by?: string };

/** Add what the verb takes. */
export function withAlerts(verb: Command): Command {
  return verb
    .argument("[action]", '"ack" or "test"')
    .argument("[id]", "which alert")
    .option("--note <text>", "with ack: what is being done about it")
    .option("--by <name>", "with ack: who has it in hand (default: the name of this user)")
    .addHelpText("after", HELP);
}

/** What is open, or what became of an action. @throws CommanderError for words that mean nothing */
export async function alerts(
  client: ApiClient,
  [action, id]: readonly [string | undefined, string | undefined],
  options: AlertOptions,
): Promise<Said> {
  if (action !== "ack" && (options.note !== undefined || options.by !== undefined))
    return refuse("--note and --by go with ack");
  if (action === undefined) return list(client);
  if (action === "test") return id === undefined ? test(client) : refuse("test takes no id");
  if (action !== "ack") return refuse(`there is no "${action}" here; there are ack and test`);
  if (id === undefined) return refuse("ack needs <id>");
  const said = await client.acknowledgeAlert(id, {
    by: options.by ?? userName(),
    note: options.note ?? null,
  });
  return { code: 0, value: said, lines: [ackedLine(said)] };
}

/** What became of a word: who was first stands, so what stands is said; about a closed alert it comes too late. */
function ackedLine({ kind, subject, acknowledged, closedMs }: Omit<ListedAlert, "deliveries">): string {
  const name = `${kind} (${subject})`;
  if (closedMs !== null)
    return `${name} closed by itself at ${new Date(closedMs).toISOString()}: nothing more is told of it.`;
  const words = acknowledgedWords({ acknowledged }) ?? "";
  return `${name} is ${words}. It is not told again, stays open and closes by itself.`;
}

async function list(client: ApiClient): Promise<Said> {
  const listed = await client.alerts();
  const open = listed.items.filter(({ closedMs }) => closedMs === null);
  const closed = listed.items.filter(({ closedMs }) => closedMs !== null);
  const lines = [
    open.length === 0 ? "No open alerts." : `${open.length} open:`,
    ...open.flatMap(alertLines),
    ...(closed.length === 0 ? [] : ["Closed last:"]),
    ...closed.flatMap(alertLines),
    ...(listed.channels.length === 0 ? [`${SHOWN_HERE_ONLY}.`] : ["Channels:"]),
    ...listed.channels.map((channel) => `  ${channelWords(channel)}`),
  ];
  return { code: 0, value: listed, lines };
}

/** Exit code 1 unless a test arrived over every channel, and there is one. */
async function test(client: ApiClient): Promise<Said> {
  const tested = await client.testAlerts();
  const { items } = tested;
  const lines = items.map(({ kind, problem }) =>
    problem === null ? `${kind}: the test was taken` : `${kind}: ${problem}`,
  );
  const isWell = items.length > 0 && items.every(({ problem }) => problem === null);
  return {
    code: isWell ? EXIT.succeeded : EXIT.findings,
    value: tested,
    lines: items.length === 0 ? [`${SHOWN_HERE_ONLY}.`] : lines,
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without a name in the system's list.
    return "";
  }
}
