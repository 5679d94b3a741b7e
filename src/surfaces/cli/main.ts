import { Command, CommanderError } from "commander";
import { ApiError, ApiUnreachable, type ApiClient } from "../client.ts";
import { directoryName, webAddress } from "./arguments.ts";
import { connectTo, NotRunning, type Place } from "./connect.ts";
import { runLines, statusLines } from "./lines.ts";
import { askRebuild, rebuildWish, watchRebuild } from "./rebuild.ts";
import { searchLines, searchParameters, withSearchOptions, type SearchOptions } from "./search.ts";

const EXIT = { usage: 2, failed: 3 } as const;

type Options = Place & { readonly json?: boolean };

const connect = (options: Options): Promise<ApiClient> => connectTo(options, process.env["API_TOKEN"]);

function print(options: Options, value: unknown, lines: () => readonly string[]): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(value)}\n` : `${lines().join("\n")}\n`);
}

function program(): Command {
  const root = new Command("syncctl")
    .description("Look at a running sync: a client of its HTTP API.")
    .addHelpText(
      "after",
      '\nExamples:\n  npm run -s syncctl -- status\n  npm run -s syncctl -- runs --json\n  npm run -s syncctl -- report <run>\n  npm run -s syncctl -- search "who should pay for the permit"\n  npm run -s syncctl -- rebuild chunks --scope from:2026-05-01 --watch',
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
    const { items } = await (await connect(options)).runs();
    print(options, items, () => items.map(runLines));
  });
  withSearchOptions(verb("search", "passages that answer: who said it, when, in which meeting")).action(
    async (text: string[], options: Options & SearchOptions) => {
      const asked = await searchParameters(text, options);
      const reply = await (await connect(options)).search(asked);
      print(options, reply, () => searchLines(reply));
    },
  );
  verb("report <run>", "everything about one run").action(async (runId: string, options: Options) => {
    const client = await connect(options);
    if (options.json === true) print(options, await client.run(runId), () => []);
    else process.stdout.write(await client.reportMarkdown(runId));
  });
  verb("rebuild <what>", "make records, chunks or vectors anew from what is stored, without the vendor")
    .option("--scope <what>", "meeting:<id> (repeatable), from:<day>, to:<day>", collected, [])
    .option("--watch", "show how far it is until it is over")
    .action(rebuild);
  return root.exitOverride().showSuggestionAfterError();
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
  const show = (line: string): void => void process.stderr.write(`${line}\n`);
  const end = await watchRebuild(client, asked.id, show);
  print(options, end.value, () => end.lines);
  process.exitCode = end.code;
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
