import timers from "node:timers/promises";
import { REBUILD_NAMES, parseScope, type RebuildName } from "../../core/rebuild.ts";
import type { Run } from "../../ports/run-store.ts";
import type { RebuildStatus } from "../../queries/rebuild.ts";
import { ApiError, type ApiClient } from "../client.ts";
import { refuseUsage as refuse } from "../exit-codes.ts";
import { rebuildLine } from "./lines.ts";

/** Between two looks at a rebuild that is watched. */
const LOOK_MS = 500;

/** Looks in a row that nobody answers before the runner counts as stopped: workerd may have crashed, and comes back. */
const LOOKS_MISSED_MAX = 10;

/** How a command ended: its exit code, and what it has to say. */
export type Said = { readonly code: number; readonly value: object; readonly lines: readonly string[] };

type Wish = { readonly what: RebuildName; readonly scope: readonly string[] };

/**
 * What is to be made anew, as it was typed.
 *
 * @throws CommanderError with one sentence
 */
export function rebuildWish(what: string, scope: readonly string[]): Wish {
  const name = REBUILD_NAMES.find((known) => known === what);
  if (name === undefined)
    return refuse(`there is no "${what}" to rebuild; there are ${REBUILD_NAMES.join(", ")}`);
  const parsed = parseScope(scope);
  return "problem" in parsed ? refuse(parsed.problem) : { what: name, scope };
}

/** Ask for a rebuild and say what follows. */
export async function askRebuild(client: ApiClient, wish: Wish): Promise<Said & { readonly id: string }> {
  const value = await client.askRebuild(wish.what, wish.scope);
  const status = await client.rebuild(value.rebuild_id);
  const beginning = value.created ? "asked for" : "is going on already";
  const lines = [
    `${status.words} ${beginning}: run ${value.run_id}.`,
    "It goes on by itself, over restarts too, and the search answers all the while.",
    "See it with: npm run -s syncctl -- status, or add --watch.",
  ];
  return { code: 0, value, lines, id: value.rebuild_id };
}

/**
 * Look at a rebuild until it is at its end, or until it will not go on within the time one waits at a terminal.
 *
 * @param show told each time it has come further
 */
export async function watchRebuild(
  client: ApiClient,
  id: string,
  show: (line: string) => void,
): Promise<Said> {
  let shown = "";
  let missed = 0;
  for (;;) {
    const status = await lookAt(client, id);
    missed = status === null ? missed + 1 : 0;
    if (missed > LOOKS_MISSED_MAX) {
      const stopped = "The runner has stopped; the rebuild goes on when it is started again.";
      return said(3, { rebuild_id: id }, stopped);
    }
    const line = status === null ? shown : rebuildLine(status);
    if (line !== shown) show(line);
    shown = line;
    const end = status === null ? null : endOf(status);
    if (end !== null) return end;
    await timers.setTimeout(LOOK_MS);
  }
}

/** Null when nobody answers any more. */
async function lookAt(client: ApiClient, id: string): Promise<RebuildStatus | null> {
  try {
    return await client.rebuild(id);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    return null;
  }
}

/** How it ended, or why it does not go on for now; null while it goes on. */
function endOf({ rebuild, runs, words }: RebuildStatus): Said | null {
  const [last] = runs;
  const findings = runs.flatMap((run) => run.result?.findings ?? []);
  const checks = runs.flatMap((run) => run.result?.checks ?? []);
  const value = {
    rebuild_id: rebuild.id,
    outcome: rebuild.outcome,
    runs: runs.map(runJson),
    checks,
    findings,
  };
  // The run that ended the rebuild is closed a moment later, and only then it says what it found.
  if (last === undefined || last.endedMs === null) return null;
  if (rebuild.endedMs !== null) {
    const proof = checks.filter((check) => /^(?:new|old) index: /.test(check.name));
    return said(rebuild.outcome === "done" && findings.length === 0 ? 0 : 1, value, [
      rebuild.outcome === "done" ? `${words}: done.` : `${words}: given up.`,
      ...proof.map((check) => `  ${check.name}: ${check.actual}, expected ${check.expected}`),
      ...findings.map((finding) => `  ${finding}`),
    ]);
  }
  if (last.continues) return null;
  if (last.state === "parked" && last.notBeforeMs !== null) {
    const until = new Date(last.notBeforeMs).toISOString();
    return said(0, value, `${words} waits: ${last.detail}; it goes on at ${until}.`);
  }
  const code = last.state === "succeeded_with_findings" ? 1 : 3;
  const why = last.detail ?? findings.join("; ");
  return said(code, value, `${words} did not come to its end: ${why}. It is tried again by itself.`);
}

function runJson({ id, state, detail }: Run): object {
  return { run_id: id, state, detail };
}

function said(code: number, value: object, lines: string | readonly string[]): Said {
  return { code, value, lines: typeof lines === "string" ? [lines] : lines };
}
