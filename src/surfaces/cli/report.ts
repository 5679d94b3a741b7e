import type { Command } from "commander";
import type { ApiClient } from "../client.ts";
import { refuseUsage as refuse } from "../exit-codes.ts";
import { markdownOf } from "../report/markdown.ts";
import { runDocument } from "../report/run-document.ts";
import { weekDocument } from "../report/week-document.ts";

const HELP = `
Of a run: items by verdict, where the time went, calls and retries, errors and how each was resolved, counts before and after,
quarantine, and what would make it better. Of a week: the same over seven days, the success metrics, and how old data was when
it could be found. Every figure is named with the query that yields it. Ids of runs: npm run -s syncctl -- runs

Examples:
  npm run -s syncctl -- report 01KQ5V8Y3M2R6T9W0X4Z7B1D5F
  npm run -s syncctl -- report week --until 2026-06-01 --sync projects
  npm run -s syncctl -- report week --html > week.html    one file with plots: opens anywhere, prints well`;

export type ReportOptions = {
  readonly json?: boolean;
  readonly html?: boolean;
  readonly until?: string;
  readonly sync?: string;
};

/** How a report is written. */
type Form = "markdown" | "json" | "html";

/** Add what the verb takes. */
export function withReport(verb: Command): Command {
  return verb
    .usage("<run, or week> [options]")
    .option("--html", "print one page that holds everything it needs, with plots")
    .option("--until <day>", "last day of the week, UTC (default: the seven days until now)")
    .option("--sync <name>", "the week of one sync alone")
    .addHelpText("after", HELP);
}

/** The form that is asked for; options that contradict each other or what is reported on are a mistake in usage. */
export function reportForm(of: string, { json, html, until, sync }: ReportOptions): Form {
  if (json === true && html === true)
    refuse("--json and --html are two forms of a report: ask for one of them");
  if (of !== "week" && (until !== undefined || sync !== undefined))
    refuse(
      `--${until === undefined ? "sync" : "until"} goes with "report week", not with the report of a run`,
    );
  if (html === true) return "html";
  return json === true ? "json" : "markdown";
}

/**
 * A report, as it is to be printed.
 *
 * @param of id of a run, or `week`
 */
export async function report(
  client: ApiClient,
  of: string,
  { form, until, sync }: ReportOptions & { readonly form: Form },
): Promise<string> {
  const asked = { ...(until === undefined ? {} : { until }), ...(sync === undefined ? {} : { sync }) };
  const read = of === "week" ? await client.weekReport(asked) : await client.runReport(of);
  if (form === "json") return `${JSON.stringify(read)}\n`;
  const document = read.kind === "week" ? weekDocument(read) : runDocument(read);
  if (form === "markdown") return markdownOf(document);
  // Loaded only here: it is large, and every other verb does without.
  const { pageOf } = await import("./report-page.ts");
  return pageOf(document, read.madeMs);
}
