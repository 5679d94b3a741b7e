import { EXIT } from "../surfaces/exit-codes.ts";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type FaultPlan, parseFaults } from "../../emulators/faults/plan.ts";
import { parseDurationMs } from "../../emulators/world/duration.ts";
import { directoryName, webAddress } from "../surfaces/cli/arguments.ts";
import { realVendors, type Environment } from "./vendor-choice.ts";

/** What `npm run sync` and `npm start` understand. */
export type RunOptions = {
  readonly dataDir: string;
  readonly port?: number;
  readonly json?: boolean;
  readonly config?: string;
  readonly meetings?: string;
  readonly meetingsCount?: number;
  readonly projects?: string;
  readonly projectsCount?: number;
  readonly clients?: string;
  readonly firefliesUrl?: string;
  readonly notionUrl?: string;
  readonly quotaPerDay?: number | "none";
  readonly faults?: FaultPlan;
  readonly speed?: number;
  readonly advance?: string;
  readonly seed?: number;
  /** Milliseconds. */
  readonly vectorDelay?: number;
};

/** The product waits ten minutes for a vector to be seen; the stand-in must not take that long. */
const VECTOR_DELAY_MS_MAX = 5 * 60_000;

/** A number of the command line within bounds, or a sentence that says which. */
function numberBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
    }
    return value;
  };
}

const whole =
  (min: number, max: number): ((text: string) => number) =>
  (text) => {
    const value = numberBetween(min, max)(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError("It must be a whole number.");
    return value;
  };

function fileName(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must name a file.");
  return text;
}

/** Add the options that both commands share. */
export function withRunOptions(command: Command): Command {
  command
    .option("--data-dir <dir>", "where everything is kept; one workspace each", directoryName, ".data")
    .option("--json", "print exactly one JSON object on stdout; logs go to stderr")
    .option(
      "--config <file>",
      "the configuration file (default: sync.config.jsonc, if there is one)",
      fileName,
    )
    .addOption(
      new Option("--port <n>", "port of the API (sync: a free one; start: 8787)").argParser(whole(0, 65_535)),
    );
  withContentOptions(command);
  withWorldOptions(command);
  return command.addOption(
    new Option(
      "--vector-delay <time>",
      "how long the vector stand-in keeps a change invisible; production takes seconds (default: 0.1s)",
    ).argParser(vectorDelay),
  );
}

/** What the emulators serve, or where others run. */
function withContentOptions(command: Command): void {
  command
    .addOption(
      new Option("--meetings <file>", "serve the meetings of a .jsonl or .jsonl.gz file").conflicts([
        "firefliesUrl",
      ]),
    )
    .addOption(
      new Option("--meetings-count <n>", "meetings in the generated sample workspace")
        .argParser(whole(1, 200_000))
        .conflicts(["meetings", "firefliesUrl"]),
    )
    .addOption(
      new Option("--projects <file>", "serve the projects of a .jsonl or .jsonl.gz file").conflicts(
        "notionUrl",
      ),
    )
    .addOption(
      new Option("--projects-count <n>", "projects in the generated sample workspace")
        .argParser(whole(1, 100_000))
        .conflicts(["projects", "notionUrl"]),
    )
    .addOption(
      new Option("--clients <file>", "serve the clients of a .jsonl or .jsonl.gz file").conflicts(
        "notionUrl",
      ),
    )
    .option("--fireflies-url <url>", "use a Fireflies emulator that runs elsewhere", webAddress)
    .option("--notion-url <url>", "use a Notion emulator that runs elsewhere", webAddress);
}

/** How the emulated world behaves. */
function withWorldOptions(command: Command): void {
  command
    .addOption(
      new Option(
        "--quota-per-day <n>",
        "calls a day the emulated key may make; kept with the data directory until none lifts it",
      )
        .argParser(quota)
        .conflicts("firefliesUrl"),
    )
    .addOption(
      new Option(
        "--faults <spec>",
        "faults of our emulators, Fireflies and Notion, e.g. seed=7,rate=0.2; kept with the data directory until none ends them",
      )
        .argParser(faultPlan)
        .conflicts("firefliesUrl"),
    )
    .addOption(
      new Option("--speed <n>", "how much faster world time runs")
        .argParser(numberBetween(0.01, 100_000))
        .conflicts(["firefliesUrl", "notionUrl"]),
    )
    .addOption(
      new Option("--advance <time>", "move world time forward once, e.g. 7d")
        .argParser(span)
        .conflicts(["firefliesUrl", "notionUrl"]),
    )
    .addOption(
      new Option("--seed <n>", "seed of the generated sample workspace")
        .argParser(whole(0, 2 ** 31))
        .conflicts("firefliesUrl"),
    );
}

/** What only an emulator of ours can do; flags of the command line by the name of their value. */
const EMULATOR_OPTIONS = [
  "meetings",
  "meetingsCount",
  "projects",
  "projectsCount",
  "clients",
  "seed",
  "speed",
  "faults",
  "quotaPerDay",
  "advance",
] as const satisfies readonly (keyof RunOptions)[];

/**
 * Refuse options of emulators where a real service would be asked, which knows none of them. Beside a real service no
 * emulator of ours runs.
 *
 * @param command the command about to be carried out, its options parsed
 * @param environment FIREFLIES_API_KEY and NOTION_TOKEN, or nothing
 *
 * Ends the command as wrong use, with one sentence.
 */
export function refuseEmulatorOptions(command: Command, environment: Environment): void {
  const real = realVendors(environment, command.opts<RunOptions>());
  if (!real.fireflies && !real.notion) return;
  const given = command.options
    .filter((option) => EMULATOR_OPTIONS.some((name) => name === option.attributeName()))
    .filter((option) => command.getOptionValue(option.attributeName()) !== undefined)
    .map((option) => option.long);
  if (given.length === 0) return;
  const [name, title] = real.fireflies ? ["FIREFLIES_API_KEY", "Fireflies"] : ["NOTION_TOKEN", "Notion"];
  command.error(
    `error: ${name} is set, so the real ${title} would be asked, which knows nothing of ${given.join(", ")}: leave that out, or unset the key (environment or .env) for the emulator.`,
    { code: "sync.emulatorOptions", exitCode: EXIT.usage },
  );
}

function quota(text: string): number | "none" {
  return text === "none" ? text : whole(1, 1_000_000)(text);
}

function faultPlan(text: string): FaultPlan {
  try {
    return parseFaults(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function vectorDelay(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null || ms > VECTOR_DELAY_MS_MAX)
    throw new InvalidArgumentError("Write a span up to 5m, such as 2s.");
  return ms;
}

function span(text: string): string {
  if (parseDurationMs(text) === null)
    throw new InvalidArgumentError("Write a span such as 7d, 12h, 90m or 45s.");
  return text;
}
