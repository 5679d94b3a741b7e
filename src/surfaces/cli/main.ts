import { Command, CommanderError } from "commander";
import { ApiError, ApiUnreachable, type ApiClient } from "../client.ts";
import { EXIT, EXIT_WORDS, refuseUsage } from "../exit-codes.ts";
import { directoryName, webAddress } from "./arguments.ts";
import { CONFIG_FILE, readConfig } from "./config.ts";
import { connectTo, NotRunning, type Place } from "./connect.ts";
import {
  actionOf,
  conflicts,
  history,
  reviews,
  withConflicts,
  withHistory,
  withReviews,
} from "./decisions.ts";
import { alerts, withAlerts, type AlertOptions } from "./alerts.ts";
import { approveDeletions, deletions, DELETIONS_HELP, restoreMeeting } from "./deletions.ts";
import { runLines, statusLines } from "./lines.ts";
import { askRebuild, rebuildWish, watchRebuild, type Said } from "./rebuild.ts";
import { runAsked, withRun, type RunOptions } from "./run.ts";
import { report, reportForm, withReport, type ReportOptions } from "./report.ts";
import { webhooks, withWebhooks } from "./webhooks.ts";
import { lifeOf, withWhy } from "./why.ts";
import { verify, withVerify, type VerifyOptions } from "./verify.ts";
import { searchLines, searchParameters, withSearchOptions, type SearchOptions } from "./search.ts";

type Options = Place & { readonly json?: boolean };

const connect = (options: Options): Promise<ApiClient> => connectTo(options, process.env["API_TOKEN"]);

function print(options: Options, value: unknown, lines: () => readonly string[]): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(value)}\n` : `${lines().join("\n")}\n`);
}

function program(): Command {
  const root = new Command("syncctl")
    .description("Look at a running sync and tell it what to do: a client of its HTTP API.")
    .addHelpText(
      "after",
      `\nExamples:\n  npm run -s syncctl -- status\n  npm run -s syncctl -- run all --watch\n  npm run -s syncctl -- runs --json\n  npm run -s syncctl -- report week --html > week.html\n  npm run -s syncctl -- search "who should pay for the permit"\n  npm run -s syncctl -- rebuild chunks --scope from:2026-05-01 --watch\n\n--json prints what the API answers: a list is {"items": [...]}.\n${EXIT_WORDS}`,
    );
  const verb = (name: string, description: string): Command =>
    root
      .command(name)
      .description(description)
      .option("--data-dir <dir>", "data directory of the runner", directoryName, ".data")
      .option("--url <url>", "address of the API instead; its token in API_TOKEN", webAddress)
      .option("--json", "print one JSON value")
      .exitOverride();
  verb("status", "where everything stands: what runs, what waits, what is wrong").action(
    async (options: Options) => {
      const status = await (await connect(options)).status();
      print(options, status, () => statusLines(status));
    },
  );
  verb("runs", "the latest runs, newest first").action(async (options: Options) => {
    const list = await (await connect(options)).runs();
    print(options, list, () => list.items.map(runLines));
  });
  withRun(verb("run", "make a sync now, or all of them")).action(
    async (sync: string, options: Options & RunOptions) =>
      conclude(options, await runAsked(await connect(options), sync, options, show)),
  );
  addDecisions(verb);
  addDeletions(verb);
  addWatching(verb);
  withSearchOptions(verb("search", "passages that answer: who said it, when, in which meeting")).action(
    async (text: string[], options: Options & SearchOptions) => {
      const asked = await searchParameters(text, options);
      const reply = await (await connect(options)).search(asked);
      print(options, reply, () => searchLines(reply));
    },
  );
  addWhy(verb);
  withReport(verb("report <run>", "everything about one run, or about a week")).action(
    async (of: string, options: Options & ReportOptions) => {
      const form = reportForm(of, options);
      process.stdout.write(await report(await connect(options), of, { ...options, form }));
    },
  );
  verb("rebuild <what>", "make records, chunks or vectors anew from what is stored, without the vendor")
    .option("--scope <what>", "meeting:<id> (repeatable), from:<day>, to:<day>", collected, [])
    .option("--watch", "show how far it is until it is over")
    .action(rebuild);
  root
    .command("config")
    .description("check a configuration file, and print it as the text that wrangler.jsonc takes")
    .argument("[file]", "the file", CONFIG_FILE)
    .exitOverride()
    .action(printConfig);
  return root.exitOverride().showSuggestionAfterError();
}

/** The verb that tells the life of one record. */
function addWhy(verb: (name: string, description: string) => Command): void {
  withWhy(
    verb("why", "the whole life of one record: where it came from, what became of it, where it lies"),
  ).action(async (kind: string, id: string, options: Options) =>
    conclude(options, await lifeOf(await connect(options), kind, id)),
  );
}

/** Verbs for what is wrong, for what vendors announce, and for proof. */
function addWatching(verb: (name: string, description: string) => Command): void {
  withAlerts(verb("alerts", "what is wrong, who has it in hand, and how people were told")).action(
    async (action: string | undefined, id: string | undefined, options: Options & AlertOptions) =>
      conclude(options, await alerts(await connect(options), [action, id], options)),
  );
  withWebhooks(verb("webhooks", "what vendors announce: what is set up, what waits for you")).action(
    async (action: string | undefined, fingerprint: string | undefined, options: Options) =>
      conclude(options, await webhooks(await connect(options), action, fingerprint)),
  );
  withVerify(verb("verify", "prove that nothing is missing, mend what is, and prove it again")).action(
    async (options: Options & VerifyOptions) =>
      conclude(options, await verify(await connect(options), options, show)),
  );
}

/** Verbs for what people decide. */
function addDecisions(verb: (name: string, description: string) => Command): void {
  withConflicts(verb("conflicts", "fields that were edited on both sides, and which value stands")).action(
    async (
      action: string | undefined,
      id: string | undefined,
      side: string | undefined,
      options: Options & { all?: boolean },
    ) => {
      const words = actionOf([action, id, side], "resolve", ["<id>", "<notion or d1>"]);
      conclude(options, await conflicts(await connect(options), words, options.all === true));
    },
  );
  withReviews(verb("reviews", "pages that may be a record known already, and which it is")).action(
    async (
      action: string | undefined,
      id: string | undefined,
      record: string | undefined,
      options: Options,
    ) => {
      const words = actionOf([action, id, record], "decide", ["<id>", "<record id or new>"]);
      conclude(options, await reviews(await connect(options), words));
    },
  );
  withHistory(verb("history", "values of a record that were replaced, and putting one back")).action(
    async (...given: readonly unknown[]) => {
      const [sync, record, action, entry, options] = given as [
        string,
        string,
        string | undefined,
        string | undefined,
        Options,
      ];
      const words = actionOf([action, entry], "restore", ["<entry>"]);
      conclude(options, await history(await connect(options), { sync, record }, words));
    },
  );
}

/** Verbs for meetings that are gone from the source. */
function addDeletions(verb: (name: string, description: string) => Command): void {
  verb("deletions", "meetings that the source does not show any more, and what became of them")
    .addHelpText("after", DELETIONS_HELP)
    .action(async (options: Options) => conclude(options, await deletions(await connect(options))));
  verb("approve-deletions <evidence>", "take the meetings that wait for deleted, exactly as they were listed")
    .addHelpText("after", DELETIONS_HELP)
    .action(async (evidence: string, options: Options) =>
      conclude(options, await approveDeletions(await connect(options), evidence)),
    );
  verb("restore <id>", "undo the deletion of a meeting")
    .addHelpText("after", DELETIONS_HELP)
    .action(async (id: string, options: Options) =>
      conclude(options, await restoreMeeting(await connect(options), id)),
    );
}

/** As a JSON string, for that is what stands between quotes in wrangler.jsonc. */
function printConfig(file: string): void {
  const read = readConfig(file);
  if ("problem" in read) refuseUsage(read.problem);
  process.stdout.write(`${JSON.stringify(read.text)}\n`);
}

function show(line: string): void {
  process.stderr.write(`${line}\n`);
}

function conclude(options: Options, said: Said): void {
  print(options, said.value, () => said.lines);
  process.exitCode = said.code;
}

function collected(word: string, words: readonly string[]): string[] {
  return [...words, word];
}

async function rebuild(
  what: string,
  options: Options & { scope: readonly string[]; watch?: boolean },
): Promise<void> {
  const wish = rebuildWish(what, options.scope);
  const client = await connect(options);
  const asked = await askRebuild(client, wish);
  if (options.watch !== true) {
    print(options, asked.value, () => asked.lines);
    return;
  }
  conclude(options, await watchRebuild(client, asked.id, show));
}

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said its own; what we found wrong is still to be said.
    if (!error.code.startsWith("commander.")) process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
  } else {
    const expected = [NotRunning, ApiError, ApiUnreachable].some((kind) => error instanceof kind);
    process.stderr.write(`${expected && error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof ApiError && error.status === 400 ? EXIT.usage : EXIT.failed;
  }
}
