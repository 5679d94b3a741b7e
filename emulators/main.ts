import { Command, InvalidArgumentError, Option } from "commander";
import { type FaultPlan, parseFaults } from "./faults/plan.ts";
import { createFirefliesEmulator } from "./fireflies/emulator.ts";
import { FIREFLIES_DEMO_KEY } from "./fireflies/keys.ts";
import { type MeetingsFile, readMeetingsFile } from "./fireflies/meetings-file.ts";
import { type Plan, PLANS } from "./fireflies/quota.ts";
import { serveFireflies } from "./fireflies/server.ts";
import { parseDurationMs } from "./world/duration.ts";

/** Exit codes of every command line of this project: wrong use, and could not run. */
const EXIT_USAGE = 2;
const EXIT_FAILED = 3;

type Options = {
  firefliesPort: number;
  meetings?: string;
  meetingsCount?: number;
  plan?: Plan;
  seed?: number;
  quotaPerDay?: number | "none";
  faults?: FaultPlan;
  speed?: number;
  advance?: number;
  stateDir?: string;
  json?: boolean;
};

const EXAMPLES = `
Examples:
  $ npm run emulators -- --fireflies-port 9101
  $ npm run emulators -- --fireflies-port 9101 --meetings meetings.jsonl.gz --plan free
  $ npm run emulators -- --fireflies-port 9101 --state-dir .data/world --speed 60 --advance 7d
  $ npm run emulators -- --fireflies-port 9101 --faults seed=7,rate=0.2,kinds=429+cut+slow

Point the product at it:
  $ npm run sync -- --fireflies-url http://127.0.0.1:9101`;

const PORT_MAX = 65_535;

function wholeNumberFrom(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const isFit = text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max;
    const bound = max === Number.MAX_SAFE_INTEGER ? "up" : `to ${max}`;
    if (!isFit) throw new InvalidArgumentError(`It must be a whole number from ${min} ${bound}.`);
    return value;
  };
}

function quotaFrom(text: string): number | "none" {
  return text === "none" ? text : wholeNumberFrom(0)(text);
}

function speedFrom(text: string): number {
  const speed = Number(text);
  if (!(speed > 0 && speed <= 1e6)) throw new InvalidArgumentError("It must be above 0 and at most 1000000.");
  return speed;
}

function durationFrom(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null) throw new InvalidArgumentError("Write a span such as 7d, 12h, 90m or 45s.");
  return ms;
}

function faultsFrom(text: string): FaultPlan {
  try {
    return parseFaults(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function commandLine(): Command {
  return new Command("emulators")
    .description("Stand-ins for the vendors' APIs, for tests and for trying the product without accounts.")
    .addOption(
      new Option("--fireflies-port <port>", "port of the Fireflies API; 0 takes a free one")
        .argParser(wholeNumberFrom(0, PORT_MAX))
        .default(9101),
    )
    .option(
      "--meetings <file>",
      "meetings to serve, FILE.jsonl or FILE.jsonl.gz; default an invented company",
    )
    .addOption(
      new Option("--meetings-count <n>", "size of the invented company's history (default: 60)")
        .argParser(wholeNumberFrom(0))
        .conflicts("meetings"),
    )
    .addOption(new Option("--plan <plan>", "what the account pays for (default: business)").choices(PLANS))
    .option("--seed <n>", "source of all chance (default: 1)", wholeNumberFrom(0))
    .option(
      "--quota-per-day <n>",
      "calls a day, whatever the plan; a world keeps it until none gives the plan its own again",
      quotaFrom,
    )
    .option(
      "--faults <spec>",
      "seed=7,rate=0.2[,kinds=429+500+504+html+cut+partial+errors200+slow+reset]; a world keeps them until none ends them",
      faultsFrom,
    )
    .option("--speed <n>", "world seconds per real second (default: 1)", speedFrom)
    .option("--advance <span>", "move the world forward once, such as 7d", durationFrom)
    .option("--state-dir <dir>", "folder that keeps the world; default in memory")
    .option("--json", "print one line of JSON instead of text")
    .allowExcessArguments(false)
    .addHelpText("after", EXAMPLES)
    .exitOverride();
}

async function start(options: Options): Promise<void> {
  const file = options.meetings === undefined ? null : readMeetingsFile(options.meetings);
  if (file && options.meetings) reportProblems(file, options.meetings);
  const emulator = await createFirefliesEmulator({
    realNowMs: () => Date.now(),
    ...options,
    quotaPerDay: options.quotaPerDay === "none" ? null : options.quotaPerDay,
    meetings: file?.meetings,
    meetingsHash: file?.contentHash,
    elsewhere: "another folder with --state-dir",
  });
  if (options.advance) emulator.control({ op: "advance", by: `${options.advance / 1_000}s` });
  const server = await serveFireflies(emulator, { port: options.firefliesPort });
  const stop = async (): Promise<void> => {
    await server.close();
    await emulator.close();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop());
  announce(server.url, emulator.keys()[0] ?? FIREFLIES_DEMO_KEY, options);
}

function reportProblems({ problems }: MeetingsFile, path: string): void {
  for (const { line, problem } of problems)
    process.stderr.write(`${path} line ${line}: ${problem}; left out.\n`);
}

function announce(url: string, key: string, options: Options): void {
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ fireflies: { url, key } })}\n`);
    return;
  }
  process.stdout.write(
    [
      `Fireflies API   ${url}/graphql`,
      `key             ${key}`,
      `world           ${options.stateDir ?? "in memory, gone when this ends"}`,
      `control         POST ${url}/__control, GET ${url}/__control/log (emulators/README.md)`,
      `use it          npm run sync -- --fireflies-url ${url}`,
      "Ctrl-C ends it.",
      "",
    ].join("\n"),
  );
}

async function main(): Promise<void> {
  const command = commandLine();
  try {
    command.parse();
  } catch (error) {
    const code = (error as { code?: string }).code ?? "";
    process.exitCode = code.startsWith("commander.help") ? 0 : EXIT_USAGE;
    return;
  }
  try {
    await start(command.opts<Options>());
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

await main();
