import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { failure, type Options } from "./options.ts";
import { hunt } from "./planted-hunt.ts";
import { replay } from "./replay.ts";
import { simulate } from "./simulate.ts";

const BROKEN = 1;
const USAGE = 2;
const SEEDS_MAX = 10_000_000;

const HELP = `
A seed decides everything: meetings and what becomes of them, faults, crashes, slow calls, late effects. Its history
is held against the laws of ARCHITECTURE.md, every fifth one also against a program that begins when all is over. The same seed
gives the same verdict.

Ends with 1 if a law was broken or a planted bug lived, with 130 after Ctrl-C, with 2 for a mistake on the command line.

Examples:
  npm run simulate -- --seeds 10000                 on all cores; what was exercised, and what was not
  npm run simulate -- --seeds 1000 --first 50001    others
  npm run simulate -- --seed 4711                   one seed, with what happened in it
  npm run simulate -- --seed 4711 --keep faultRate,e3-5,m0   parts of it alone, as a shrunk seed is replayed
  npm run simulate -- --planted                     is each planted bug caught within 200 seeds?
  npm run simulate -- --planted "no fence" --seeds 50
  npm run simulate -- --seeds 4 --long              histories of a month, for their figures`;

function countOf(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > SEEDS_MAX)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${SEEDS_MAX}.`);
  return count;
}

const program = new Command("simulate")
  .description(
    "Run the whole road, from schedule to proof, over a simulated world that breaks at every joint.",
  )
  .option("--seeds <n>", "how many seeds (default 1000; 200 for each planted bug)", countOf)
  .option("--first <n>", "the first of them (default 1)", countOf)
  .addOption(
    new Option("--seed <n>", "one seed, and what happened in it")
      .argParser(countOf)
      .conflicts(["seeds", "first", "planted"]),
  )
  .option("--keep <parts>", "with --seed: these parts of its world alone")
  .option("--bug <name>", "with a planted bug in the program")
  .addOption(
    new Option(
      "--planted [name]",
      "plant each bug, or one, and show the seed and the law that catch it",
    ).conflicts(["bug", "long", "keep"]),
  )
  .option("--long", "histories of a month in place of two days")
  .option("--trace", "with --seed: every call")
  .option("--no-shrink", "leave a seed that broke a law as it is")
  .option("--threads <n>", "how many threads, by default one a core", countOf, availableParallelism())
  .option("--json", "print one JSON object on stdout; progress goes to stderr")
  .addHelpText("after", HELP)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) })
  .action(async (options: Options) => {
    if (options.seed === undefined && (options.keep !== undefined || options.trace === true))
      program.error("error: --keep and --trace go with --seed.");
    const isWell =
      options.planted !== undefined
        ? await hunt(options)
        : options.seed === undefined
          ? await simulate(options)
          : await replay({ ...options, seed: options.seed });
    process.exitCode ??= isWell ? 0 : BROKEN;
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else {
    process.stderr.write(`error: ${failure(error)}\n`);
    process.exitCode = USAGE;
  }
}
