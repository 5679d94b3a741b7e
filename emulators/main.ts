import { Command, InvalidArgumentError, Option } from "commander";
import { type FaultPlan, parseFaults } from "./faults/plan.ts";
import { createFirefliesEmulator, type FirefliesEmulator } from "./fireflies/emulator.ts";
import { FIREFLIES_DEMO_KEY } from "./fireflies/keys.ts";
import { readMeetingsFile } from "./fireflies/meetings-file.ts";
import { type Plan, PLANS } from "./fireflies/quota.ts";
import { serveFireflies } from "./fireflies/server.ts";
import { createNotionEmulator, type NotionEmulator } from "./notion/emulator.ts";
import { NOTION_DEMO_TOKEN } from "./notion/keys.ts";
import { serveNotion } from "./notion/server.ts";
import { notionContent, readClientsFile, readProjectsFile, sourcesOf } from "./notion/table-file.ts";
import { deliverByHttp } from "./world/deliver.ts";
import { encodeClock } from "./world/clock.ts";
import { parseDurationMs } from "./world/duration.ts";
import type { HttpServer } from "./world/http-server.ts";
import type { LineProblem } from "./world/jsonl-file.ts";

/** Exit codes of every command line of this project: wrong use, and could not run. */
const EXIT_USAGE = 2;
const EXIT_FAILED = 3;

type Options = {
  firefliesPort: number;
  notionPort: number;
  meetings?: string;
  meetingsCount?: number;
  projects?: string;
  projectsCount?: number;
  clients?: string;
  plan?: Plan;
  seed?: number;
  quotaPerDay?: number | "none";
  faults?: FaultPlan;
  speed?: number;
  advance?: number;
  stateDir?: string;
  webhookUrl?: string;
  webhookSecret?: string;
  json?: boolean;
};

const EXAMPLES = `
Examples:
  $ npm run emulators
  $ npm run emulators -- --fireflies-port 9101 --meetings meetings.jsonl.gz --plan free
  $ npm run emulators -- --fireflies-port 9101 --state-dir .data/world --speed 60 --advance 7d
  $ npm run emulators -- --notion-port 9102 --projects projects.jsonl --clients clients.jsonl
  $ npm run emulators -- --fireflies-port 9101 --faults seed=7,rate=0.2,kinds=429+cut+slow

Point the product at it:
  $ npm run sync -- --fireflies-url http://127.0.0.1:9101 --notion-url http://127.0.0.1:9102`;

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
    .addOption(
      new Option("--notion-port <port>", "port of the Notion API; 0 takes a free one")
        .argParser(wholeNumberFrom(0, PORT_MAX))
        .default(9102),
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
    .option(
      "--projects <file>",
      "projects to serve, FILE.jsonl or FILE.jsonl.gz; default those of the company",
    )
    .addOption(
      new Option("--projects-count <n>", "projects of the invented company (default: 44)")
        .argParser(wholeNumberFrom(1))
        .conflicts("projects"),
    )
    .option("--clients <file>", "clients to serve, FILE.jsonl or FILE.jsonl.gz; default those of the company")
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
    .option("--webhook-url <url>", "where Fireflies tells of meetings that arrive")
    .option("--webhook-secret <text>", "what it signs these webhooks with, 16 characters or more")
    .option("--state-dir <dir>", "folder that keeps the world; default in memory")
    .option("--json", "print one line of JSON instead of text")
    .allowExcessArguments(false)
    .addHelpText("after", EXAMPLES)
    .exitOverride();
}

/** Both vendors' emulators, running. */
type Running = {
  readonly fireflies: { readonly emulator: FirefliesEmulator; readonly url: string };
  readonly notion: { readonly emulator: NotionEmulator; readonly url: string };
};

async function start(options: Options): Promise<void> {
  const opened: { close(): Promise<void> }[] = [];
  // Servers first, then the worlds behind them.
  const stop = async (): Promise<void> => {
    for (const one of opened.toReversed()) await one.close();
  };
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.push(one);
    return one;
  };
  try {
    const { fireflies, notion } = await openWorlds(options, keep);
    const served = async (server: Promise<HttpServer>): Promise<string> => keep(await server).url;
    const running = {
      fireflies: {
        emulator: fireflies,
        url: await served(serveFireflies(fireflies, { port: options.firefliesPort })),
      },
      notion: { emulator: notion, url: await served(serveNotion(notion, { port: options.notionPort })) },
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop());
    announce(running, options);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One world: the clock is that of Fireflies. */
async function openWorlds(
  options: Options,
  keep: <T extends { close(): Promise<void> }>(one: T) => T,
): Promise<{ fireflies: FirefliesEmulator; notion: NotionEmulator }> {
  const file = fileOf(options.meetings, readMeetingsFile);
  const tables = {
    projects: fileOf(options.projects, readProjectsFile),
    clients: fileOf(options.clients, readClientsFile),
    projectsCount: options.projectsCount,
  };
  const elsewhere = "another folder with --state-dir";
  const fireflies = keep(
    await createFirefliesEmulator({
      realNowMs: () => Date.now(),
      ...options,
      quotaPerDay: options.quotaPerDay === "none" ? null : options.quotaPerDay,
      meetings: file?.meetings,
      meetingsHash: file?.contentHash,
      deliver: deliverByHttp,
      elsewhere,
    }),
  );
  if (options.advance) fireflies.control({ op: "advance", by: `${options.advance / 1_000}s` });
  if (options.webhookUrl !== undefined) announceTo(fireflies, options.webhookUrl, options.webhookSecret);
  const { seed, nowMs } = fireflies;
  const notion = keep(
    await createNotionEmulator({
      stateDir: options.stateDir,
      seed,
      nowMs,
      clockHeader: () => encodeClock(fireflies.clock()),
      content: () => notionContent({ ...tables, seed, epochMs: nowMs() }),
      sources: sourcesOf(tables),
      faults: options.faults,
      deliver: deliverByHttp,
      elsewhere,
    }),
  );
  return { fireflies, notion };
}

/** Have webhooks sent. @throws Error with the sentence that says what is wrong with the address or the secret */
function announceTo(fireflies: FirefliesEmulator, url: string, secret: string | undefined): void {
  const reply = fireflies.control({ op: "webhook", url, ...(secret === undefined ? {} : { secret }) });
  if (!reply.ok) throw new Error(`--webhook-url and --webhook-secret: ${reply.problem}`);
}

/** Read a file, if one is named, and say which of its lines are left out. */
function fileOf<T extends { readonly problems: readonly LineProblem[] }>(
  path: string | undefined,
  read: (path: string) => T,
): T | undefined {
  if (path === undefined) return undefined;
  const file = read(path);
  for (const { line, problem } of file.problems)
    process.stderr.write(`${path} line ${line}: ${problem}; left out.\n`);
  return file;
}

function announce({ fireflies, notion }: Running, options: Options): void {
  const key = fireflies.emulator.keys()[0] ?? FIREFLIES_DEMO_KEY;
  const token = notion.emulator.tokens()[0] ?? NOTION_DEMO_TOKEN;
  const databases = notion.emulator.databases().map(({ key: name, databaseId }) => [name, databaseId]);
  if (options.json) {
    const said = {
      fireflies: { url: fireflies.url, key },
      notion: { url: notion.url, token, databases: Object.fromEntries(databases) as Record<string, string> },
    };
    process.stdout.write(`${JSON.stringify(said)}\n`);
    return;
  }
  process.stdout.write(
    [
      `Fireflies API   ${fireflies.url}/graphql`,
      `key             ${key}`,
      `Notion API      ${notion.url}/v1`,
      `token           ${token}`,
      ...databases.map(([name = "", id = ""]) => `${name.padEnd(15)} ${id}`),
      `world           ${options.stateDir ?? "in memory, gone when this ends"}`,
      `control         POST /__control, GET /__control/log at either address (emulators/README.md)`,
      `use it          npm run sync -- --fireflies-url ${fireflies.url} --notion-url ${notion.url}`,
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
