import timers from "node:timers/promises";
import { InvalidArgumentError, Option, type Command } from "commander";
import { BUSY_LANE_WAIT_MS_MAX, PRIORITIES, SYNC_NAMES } from "../../core/policy.ts";
import { isPlanHash } from "../../core/preview.ts";
import { TABLES } from "../../core/records/table.ts";
import { COUNTED } from "../../core/report.ts";
import type { Priority, Run, SyncName } from "../../ports/run-store.ts";
import type { RunReport } from "../../queries/status.ts";
import { ApiError, type ApiClient } from "../client.ts";
import { EXIT, refuseUsage } from "../exit-codes.ts";
import { followToEnd } from "../following.ts";
import { runLines } from "./lines.ts";
import { planLines, wholePlan } from "./plan.ts";
import type { Said } from "./rebuild.ts";
import { LOOK_MS, watchToEnd } from "./watching.ts";

const HELP = `
Syncs: ${SYNC_NAMES.join(", ")}; all makes every one that is on, in this order.
With --watch the exit code is that of the worst run: 0 done or parked until a named time, 1 done with findings,
3 failed, parked until a person acts, or off.

A run of higher priority begins when the one under way has ended its batch; that one goes on after it from where it was.

--dry-run prints what projects or clients would do, on both sides, and writes nothing. --plan carries out exactly that, or
refuses because something has changed since (exit code 1). Both wait for a run of the same sync that is under way, ten
minutes at most (then exit code 3). Until a plan of projects was carried out once, a Notion
workspace that is not our own emulator's is only read.

Examples:
  npm run -s syncctl -- run projects --watch
  npm run -s syncctl -- run fireflies --priority urgent
  npm run -s syncctl -- run projects --dry-run
  npm run -s syncctl -- run projects --plan <hash>
  npm run -s syncctl -- run all --watch --json`;

/** Add what the verb takes. */
export function withRun(verb: Command): Command {
  return verb
    .argument("<sync>", `${SYNC_NAMES.join(", ")} or all`)
    .option("--watch", "show how far it is until it is over")
    .addOption(
      new Option("--priority <how urgent>", "a less urgent run of the sync makes way for it")
        .choices(PRIORITIES)
        .default("normal")
        .conflicts(["dryRun", "plan"]),
    )
    .addOption(new Option("--dry-run", "print what would be done, and do none of it").conflicts("plan"))
    .addOption(new Option("--plan <hash>", "carry out the plan that a dry run printed").argParser(planHash))
    .addHelpText("after", HELP);
}

function planHash(text: string): string {
  if (!isPlanHash(text))
    throw new InvalidArgumentError("It must be the hash that a dry run printed, of 64 digits and letters.");
  return text;
}

/** What may be said about a run beside its sync. */
export type RunOptions = {
  readonly watch?: boolean;
  readonly priority?: Priority;
  readonly dryRun?: boolean;
  readonly plan?: string;
};

/** Ask for what a command line says: runs, a plan, or that a plan is carried out. */
export function runAsked(
  client: ApiClient,
  asked: string,
  { watch, dryRun, plan, priority = "normal" }: RunOptions,
  show: (line: string) => void,
): Promise<Said> {
  if (plan !== undefined) return carryOut(client, tableNamed(asked), plan, show);
  if (dryRun === true) return printPlan(client, tableNamed(asked), show);
  return runSyncs(client, asked, { isWatched: watch === true, priority, show });
}

function tableNamed(asked: string): SyncName {
  const name = Object.values(TABLES).find((table) => table.name === asked)?.name;
  if (name !== undefined) return name;
  const names = Object.keys(TABLES).join(" and ");
  return refuseUsage(`"${asked}" has no plans; ${names} have`);
}

/** The plan of a dry run, once it is made. */
async function printPlan(client: ApiClient, sync: SyncName, show: (line: string) => void): Promise<Said> {
  const id = await startWhenFree(client, sync, { dry_run: true }, show);
  const { run } = await watchToEnd(client, id, show);
  const hash = run.preview?.planHash ?? null;
  if (hash === null)
    return { code: codeOf(run), value: { run, plan: null, items: [] }, lines: [runLines(run)] };
  const { plan, items } = await wholePlan(client, hash);
  const findings = (run.result?.findings ?? []).map((finding) => `Finding: ${finding}`);
  return { code: codeOf(run), value: { run, plan, items }, lines: [...findings, ...planLines(plan, items)] };
}

/** A plan carried out, and what goes on after it; or why it was refused. */
async function carryOut(
  client: ApiClient,
  sync: SyncName,
  plan: string,
  show: (line: string) => void,
): Promise<Said> {
  const id = await startWhenFree(client, sync, { plan }, show);
  const { run } = await watchToEnd(client, id, show);
  const runs = run.continues ? [run, ...(await watched(client, sync, { priority: "normal", show }))] : [run];
  const findings = (run.result?.findings ?? []).map((finding) => `Finding: ${finding}`);
  const lines = [...findings, ...runs.map(runLines)];
  return { code: Math.max(...runs.map(codeOf)), value: { runs }, lines };
}

/**
 * A plan is of its own world: it waits for a run that is under way, and does not join it.
 *
 * @throws ApiError if that run is not over in time
 */
async function startWhenFree(
  client: ApiClient,
  sync: SyncName,
  asked: NonNullable<Parameters<ApiClient["start"]>[1]>,
  show: (line: string) => void,
): Promise<string> {
  const triesMax = Math.ceil(BUSY_LANE_WAIT_MS_MAX / LOOK_MS);
  for (let tries = 0; tries < triesMax; tries += 1) {
    try {
      return (await client.start(sync, asked)).run_id;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      if (tries === 0) show(`Another run of ${sync} is under way; this one begins when it is over.`);
      await timers.setTimeout(LOOK_MS);
    }
  }
  const minutes = BUSY_LANE_WAIT_MS_MAX / 60_000;
  throw new ApiError(
    409,
    `nothing was done: another run of ${sync} is still under way after ${minutes} minutes; see npm run -s syncctl -- runs, and ask again when it is over`,
  );
}

/**
 * Ask for runs, and watch them if that is wanted. A sync whose vendor is not configured is said to be off; asked for by
 * its own name, that is a failure.
 *
 * @param show told what happens while it is watched
 * @throws CommanderError for a sync that is none
 */
async function runSyncs(
  client: ApiClient,
  asked: string,
  { isWatched, ...how }: How & { readonly isWatched: boolean },
): Promise<Said> {
  const names = SYNC_NAMES.filter((name) => asked === "all" || name === asked);
  if (names.length === 0)
    refuseUsage(`there is no sync "${asked}"; there are ${SYNC_NAMES.join(", ")} and all`);
  const { off } = await client.status();
  const left = off.filter(({ sync }) => names.includes(sync));
  const runs: Run[] = [];
  const lines: string[] = [];
  for (const name of names.filter((one) => left.every(({ sync }) => sync !== one))) {
    const made = isWatched ? await watched(client, name, how) : [await started(client, name, how)];
    runs.push(...made);
    lines.push(...made.flatMap(approvalLines), ...made.map(runLines));
  }
  const code = Math.max(left.length > 0 && asked !== "all" ? EXIT.failed : 0, ...runs.map(codeOf));
  return { code, value: { runs, off: left }, lines: [...lines, ...left.map(({ reason }) => `${reason}.`)] };
}

/** What waits for a person's first word is said before anything else. */
function approvalLines({ sync, result }: Run): string[] {
  const checks = result?.checks ?? [];
  return checks.filter(({ name }) => name === COUNTED.approval).map(({ actual }) => `${sync}: ${actual}`);
}

/** How a run is asked for, and who is told about it. */
type How = { readonly priority: Priority; readonly show: (line: string) => void };

/** Ask for a run, and say what it waits for if it does. @returns its id */
async function askFor(client: ApiClient, sync: SyncName, { priority, show }: How): Promise<string> {
  const { run_id: id, waits } = await client.start(sync, priority === "normal" ? null : { priority });
  if (waits !== null) show(`${waits}.`);
  return id;
}

async function started(client: ApiClient, sync: SyncName, how: How): Promise<Run> {
  return (await client.run(await askFor(client, sync, how))).run;
}

/** A run and those that continue it, each to its end. */
async function watched(client: ApiClient, sync: SyncName, how: How): Promise<readonly Run[]> {
  const again = (): Promise<string> => askFor(client, sync, how);
  const follow = (id: string): Promise<RunReport> => watchToEnd(client, id, how.show);
  const reports = await followToEnd({ first: again, next: again, follow, asked: how.priority });
  return reports.map(({ run }) => run);
}

function codeOf({ state, notBeforeMs }: Run): number {
  if (state === "failed" || (state === "parked" && notBeforeMs === null)) return EXIT.failed;
  return state === "succeeded_with_findings" ? EXIT.findings : EXIT.succeeded;
}
