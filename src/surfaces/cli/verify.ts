import type { Command } from "commander";
import type { RunReport } from "../../queries/status.ts";
import type { ApiClient } from "../client.ts";
import { EXIT } from "../exit-codes.ts";
import { proofLines } from "../proof-lines.ts";
import { proveAndMend } from "../proving.ts";
import { runLines } from "./lines.ts";
import type { Said } from "./rebuild.ts";
import { watchToEnd } from "./watching.ts";

const HELP = `
Holds the source, R2, D1, chunks, full text, vectors and pages of Notion against each other. What is wrong is named with its
cause, mended by the sync that owns it, and looked at again. Exit code: 0 nothing was found, 1 something was (mended or not),
3 the proof did not come to its end.

Examples:
  npm run -s syncctl -- verify               what changed, and a slice of the rest; complete once a week
  npm run -s syncctl -- verify --complete
  npm run -s syncctl -- verify --last --json what the newest proof has come to, without a new one`;

/** Add what the verb takes. */
export function withVerify(verb: Command): Command {
  return verb
    .option("--complete", "prove everything, and list Notion anew")
    .option("--last", "only print the newest proof")
    .addHelpText("after", HELP);
}

export type VerifyOptions = { readonly complete?: boolean; readonly last?: boolean };

/** Prove, mend, prove again; or say what the newest proof has come to. */
export async function verify(
  client: ApiClient,
  { complete, last }: VerifyOptions,
  show: (line: string) => void,
): Promise<Said> {
  if (last === true) {
    const report = await client.proof(null);
    const isClean = report.proof?.endedMs != null && report.open === 0;
    return { code: isClean ? EXIT.succeeded : EXIT.findings, value: report, lines: proofLines(report) };
  }
  const { reports, report } = await proveAndMend(client, complete === true, (id) =>
    watchToEnd(client, id, show),
  );
  const runs = reports.map(({ run }) => run);
  const lines = [...runs.map((run) => runLines(run)), ...proofLines(report)];
  return { code: codeOf(runs, report), value: { ...report, runs }, lines };
}

type Runs = readonly RunReport["run"][];

function codeOf(runs: Runs, { proof, findings, open }: Awaited<ReturnType<ApiClient["proof"]>>): number {
  const isBroken = runs.some(
    ({ state, notBeforeMs }) => state === "failed" || (state === "parked" && notBeforeMs === null),
  );
  if (isBroken || proof?.endedMs == null) return EXIT.failed;
  const isFound =
    open > 0 || findings.length > 0 || runs.some(({ state }) => state === "succeeded_with_findings");
  return isFound ? EXIT.findings : EXIT.succeeded;
}
