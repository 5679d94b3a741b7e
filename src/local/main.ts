import { existsSync } from "node:fs";
import { Command } from "commander";
import { FREE_BYTES_MIN } from "./data-dir.ts";
import { requireSpace } from "./data-files.ts";
import { endingOf, refusalJson } from "./ending.ts";
import { runOnce } from "./one-shot.ts";
import { refuseEmulatorOptions, withRunOptions, type RunOptions } from "./options.ts";
import { EXIT, EXIT_WORDS } from "../surfaces/exit-codes.ts";
import { exitCode, outcomeJson } from "./outcome.ts";
import { startProduct, type Product } from "./product.ts";
import type { RuntimeLog } from "./runtime.ts";
import { pageLine, serve } from "./serve.ts";
import { registerWebhooks } from "./webhooks.ts";
import { isShown } from "./shown-log.ts";
import { codeOf, StartRefused } from "./start-refused.ts";
import { barWatcher, finalReport, isDrawable, lineWatcher } from "./terminal.ts";

const EXAMPLES = `
Examples:
  npm run sync                                      the sample workspace, from nothing to proven vectors
  npm run -s sync -- --meetings file.jsonl.gz --json   meetings of a file, the outcome as JSON
  npm start                                         the same, then every hour, with the page and the API on port 8787

With FIREFLIES_API_KEY or NOTION_TOKEN in .env the real services are used instead of the emulators, and a vendor without
a key is off. NOTION_PROJECTS_DATABASE_ID and NOTION_CLIENTS_DATABASE_ID name the databases; projects are written
to Notion once a plan was approved (syncctl run projects --dry-run), or with NOTION_MAY_WRITE=yes. PHONE_COUNTRY (US) is
that of numbers without one. sync.config.jsonc, if there is one here, says who wins on which field, and more: docs/config.md.
ALERT_WEBHOOK_URL, an incoming webhook as Slack has them, is told of alerts; ALERT_EMAIL_TO and ALERT_EMAIL_FROM by mail.
EMBEDDINGS chooses who makes the embeddings: lexical#<dimensions>, openai:<base url>#<model> or workers-ai:<model>.
${EXIT_WORDS}`;

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

function onLog(entry: RuntimeLog): void {
  if (isShown(entry)) log(entry.message);
}

async function sync(options: RunOptions): Promise<number> {
  return withProduct(options, { port: 0, hasPage: false }, (product) => oneShot(product, options));
}

async function start(options: RunOptions): Promise<number> {
  return withProduct(options, { port: 8_787, hasPage: true }, async (product) => {
    const sayPage = (): void => {
      const { runtime, token, dataDir } = product;
      const line = pageLine({ url: runtime.url, token, dataDir }, process.stdout.isTTY);
      if (options.json !== true) process.stdout.write(`${line}\n`);
    };
    // Before the first sync, which a large workspace keeps busy for long, and again below its report.
    sayPage();
    await oneShot(product, options);
    sayPage();
    if (!(await registerWebhooks(product)))
      log("The handshake of Notion's webhooks did not arrive: its syncs run on their schedule alone.");
    return serve(product, log);
  });
}

/** Start the product, do the work, and stop it again, whether the work ends, fails, or is interrupted by a signal. */
async function withProduct(
  options: RunOptions,
  defaults: { port: number; hasPage: boolean },
  work: (product: Product) => Promise<number>,
): Promise<number> {
  let product: Product | null = null;
  stopOnSignals(async () => product?.stop());
  product = await startProduct(options, { ...defaults, onLog });
  try {
    return await work(product);
  } finally {
    // Whatever ends it, workerd and the emulator must not keep a process alive that serves nothing.
    await product.stop();
  }
}

async function oneShot(product: Product, options: RunOptions): Promise<number> {
  const bars = isDrawable(process.stdout) && options.json !== true;
  const { problems: left } = product.vendors;
  for (const { path, line, problem } of left) log(`${path} line ${line}: ${problem}; left out.`);
  // Lines of meetings stood here alone once, and scripts know them by their number.
  const problems = left.map(
    ({ rows, line, problem }) => `${rows === "meetings" ? "" : `${rows} `}line ${line}: ${problem}`,
  );
  const outcome = await runOnce(product.client, bars ? barWatcher(process.stdout) : lineWatcher(log)).catch(
    async (error: unknown) => {
      // With its disk full not even the ledger can be read; that is the reason to name, and not the call that failed.
      await requireSpace(product.dataDir, options.dataDir, FREE_BYTES_MIN);
      throw error;
    },
  );
  const json = outcomeJson(outcome, product.dataDir, problems);
  if (options.json === true) printJsonOnce(json);
  else process.stdout.write(`${finalReport(outcome, json)}\n`);
  return exitCode(json);
}

let isJsonPrinted = false;

/**
 * Print the one object that --json promises, whatever the program comes to; nothing without --json. The command line is
 * looked at directly, for it may be what is wrong.
 */
function printJsonOnce(value: object): void {
  if (isJsonPrinted || !process.argv.includes("--json")) return;
  isJsonPrinted = true;
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** A signal stops cleanly, in two seconds at most. It may come twice: npm hands on what the terminal sent us already. */
function stopOnSignals(stop: () => Promise<void>): void {
  let isStopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      const sentence = "Stopping; unfinished runs go on at the next start.";
      log(sentence);
      printJsonOnce(refusalJson(sentence));
      void stop().finally(() => process.exit(EXIT.failed));
    });
  }
}

/** Take over `.env`, if there is one; what the environment itself says stands. */
function loadEnvironment(): void {
  if (!existsSync(".env")) return;
  try {
    process.loadEnvFile(".env");
  } catch (cause) {
    throw new StartRefused(
      `.env cannot be read (${codeOf(cause) ?? String(cause)}): make it a file of NAME=value lines, or remove it.`,
      { cause },
    );
  }
}

function program(): Command {
  const root = new Command("meeting-sync")
    .description("Keeps Fireflies meetings, R2, D1 and vectors in step, and proves it.")
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .showSuggestionAfterError()
    .hook("preAction", (_, command) => refuseEmulatorOptions(command, process.env));
  const finish = (work: (options: RunOptions) => Promise<number>) => async (options: RunOptions) => {
    process.exitCode = await work(options);
  };
  withRunOptions(root.command("sync").description("make every sync once, print the report, end")).action(
    finish(sync),
  );
  withRunOptions(
    root.command("start").description("make every sync once, then keep running on the schedule"),
  ).action(finish(start));
  for (const command of root.commands) command.exitOverride().addHelpText("after", EXAMPLES);
  return root;
}

try {
  loadEnvironment();
  await program().parseAsync();
} catch (error) {
  const { sentence, text, exitCode } = endingOf(error);
  if (text !== null) log(text);
  if (sentence !== null) printJsonOnce(refusalJson(sentence));
  process.exitCode = exitCode;
}
