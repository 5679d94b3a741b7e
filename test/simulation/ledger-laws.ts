import { FIREFLIES_DEMO_KEY } from "../../emulators/fireflies/keys.ts";
import { NOTION_DEMO_TOKEN } from "../../emulators/notion/keys.ts";
import { MAIL_MARK, TEXT_MARK } from "./meetings.ts";
import type { Simulation } from "./simulation.ts";
import { rowsOf, type Row } from "./stores.ts";
import { FORGED_MARK, WEBHOOK_SECRET } from "./webhook-door.ts";

/** Laws about what the program says of itself: counts, calls, secrecy, ends. */
export async function brokenLedger(sim: Simulation): Promise<string[]> {
  return [
    ...(await brokenCounts(sim)),
    ...(await brokenBudget(sim)),
    ...(await brokenSecrecy(sim)),
    ...(await brokenRest(sim)),
    ...(await brokenEnds(sim)),
  ];
}

const VERDICTS = ["created", "updated", "unchanged", "deleted", "pending", "quarantined", "failed"] as const;

/** Law 1. */
async function brokenCounts(sim: Simulation): Promise<string[]> {
  const broken: string[] = [];
  const slackMs = sim.slackMs();
  const runs = await rowsOf(
    sim,
    `select runs.*, (select coalesce(sum(items), 0) from run_items where run_id = runs.id) as items,
       (select count(*) from attempts where run_id = runs.id and outcome <> 'ok') as troubles,
       (select count(*) from attempts where run_id = runs.id and operation = 'list') as calls,
       (select count(distinct step) from attempts where run_id = runs.id and operation = 'list') as pages,
       (select count(*) from attempts where run_id = runs.id and operation = 'fetch') as fetches
     from runs where result is not null`,
  );
  const discoveries = await rowsOf(sim, "select * from discoveries where sync = 'fireflies'");
  for (const run of runs) {
    const { counts } = JSON.parse(String(run["result"])) as { counts: Record<string, number> };
    const sum = VERDICTS.reduce((total, verdict) => total + (counts[verdict] ?? 0), 0);
    if (sum !== counts["seen"])
      broken.push(`law 1: run ${run["id"]} saw ${counts["seen"]}, its verdicts sum to ${sum}`);
    if (sum !== run["items"])
      broken.push(`law 1: run ${run["id"]} reports ${sum} items, its ledger holds ${run["items"]}`);
    if (run["sync"] !== "fireflies") continue;
    const from = Number(run["started_ms"]);
    const to = Number(run["ended_ms"]);
    const lists = sim.door.lists.filter((list) => list.atMs >= from - slackMs && list.atMs <= to + slackMs);
    const delivered = new Set(lists.flatMap((list) => list.ids)).size;
    // What is taken for deleted was not shown, by the nature of it.
    const shown = sum - (counts["deleted"] ?? 0);
    // A failed meeting that is asked for by its id and not found counts as well.
    if (shown > delivered + Number(run["fetches"]))
      broken.push(`law 1: run ${run["id"]} counts ${shown} items, the source showed it ${delivered}`);
    const steppedBack = discoveries.some(
      (one) =>
        Number(one["started_ms"]) >= from && Number(one["started_ms"]) <= to && Number(one["steps_back"]) > 0,
    );
    // Only where every call was this run's own and its reply was used is the witness as exact as the ledger.
    const whole =
      slackMs === 0 &&
      run["state"] === "succeeded" &&
      run["troubles"] === 0 &&
      run["epoch"] === 1 &&
      run["calls"] === lists.length &&
      // A step that hung until its timeout is done again, and only its last reply is used.
      run["calls"] === run["pages"] &&
      run["fetches"] === 0 &&
      !steppedBack;
    if (whole && shown !== delivered)
      broken.push(`law 1: run ${run["id"]} counts ${shown} items, the source showed it ${delivered}`);
  }
  return broken;
}

type LogEntry = ReturnType<Simulation["estate"]["fireflies"]["log"]>[number];

/** The reply that named the time was lost with its process: a kill between reply and ledger, the one window there is. */
function wasNeverTold(
  early: LogEntry,
  log: readonly LogEntry[],
  { attempts, slackMs }: { readonly attempts: readonly Row[]; readonly slackMs: number },
): boolean {
  const naming = log.findLast((entry) => entry.seq < early.seq && !entry.early && entry.status === 429);
  // Two syncs whose calls are under way at once know nothing of each other's replies.
  if (naming !== undefined && wasUnderWay(attempts, naming.atMs, early.atMs)) return true;
  // Where the machine's clock is wrong, its own times do not tell which of them it was.
  if (slackMs > 0)
    return attempts.some(
      (row) =>
        row["outcome"] === "started" && Math.abs(Number(row["at_ms"]) - (naming?.atMs ?? 0)) <= slackMs,
    );
  const last = attempts.findLast((row) => Number(row["at_ms"]) <= (naming?.atMs ?? 0));
  // The next life may call in the same millisecond.
  return attempts.some((row) => row["at_ms"] === last?.["at_ms"] && row["outcome"] === "started");
}

/** Was a call that arrived at an instant begun when a reply of another instant came, or before? Slow ones are long on their way. */
export function wasUnderWay(attempts: readonly Row[], replyMs: number, arrivedMs: number): boolean {
  return attempts.some(
    (row) =>
      Number(row["at_ms"]) <= replyMs && Number(row["at_ms"]) + Number(row["duration_ms"] ?? 0) >= arrivedMs,
  );
}

/** Was the machine's clock set between the reply that named the time and the call that came too early? */
function wasSetMeanwhile({ clockSets }: Simulation, early: LogEntry, log: readonly LogEntry[]): boolean {
  const naming = log.findLast((entry) => entry.seq < early.seq && !entry.early && entry.status === 429);
  return clockSets.some(({ atMs }) => atMs >= (naming?.atMs ?? 0) && atMs <= early.atMs);
}

/** Attempts that are older are counted by day and deleted: a month, less what a week's cleanup may be late. */
const ATTEMPTS_KEPT_MS = 29 * 24 * 3_600_000;

/** Law 8, and the ledger of calls. The source's own log is the witness. */
async function brokenBudget(sim: Simulation): Promise<string[]> {
  const broken: string[] = [];
  const log = sim.estate.fireflies.log();
  const attempts = await rowsOf(
    sim,
    "select at_ms, duration_ms, outcome from attempts where is_call = 1 and party = 'fireflies' order by at_ms, id",
  );
  for (const entry of log) {
    if (sim.door.lateCallsMs.has(entry.atMs)) continue;
    if (entry.early && wasNeverTold(entry, log, { attempts, slackMs: sim.slackMs() })) continue;
    // Whose clock is set while it waits cannot know better.
    if (entry.early && sim.slackMs() > 0 && wasSetMeanwhile(sim, entry, log)) continue;
    if (entry.early) broken.push(`law 8: call ${entry.seq} came before the time that the source had named`);
    else if (entry.error === "too_many_requests" && entry.fault === null && entry.status !== 0)
      broken.push(`law 8: call ${entry.seq} went above the budget`);
  }
  for (const [operation, name] of [
    ["ListMeetings", "list"],
    ["Account", "account"],
    ["GetMeeting", "fetch"],
    ["LookFor", "look"],
  ] as const) {
    const attempts = await rowsOf(
      sim,
      `select at_ms from attempts where is_call = 1 and party = 'fireflies' and operation = '${name}' order by at_ms`,
    );
    const sinceMs = sim.clock.nowMs() - ATTEMPTS_KEPT_MS;
    const calls = log
      .filter((entry) => entry.operation === operation && entry.atMs > sinceMs)
      .map((entry) => entry.atMs)
      .toSorted((a, b) => a - b);
    let next = attempts.findIndex((row) => Number(row["at_ms"]) > sinceMs - sim.slackMs());
    for (const atMs of calls) {
      if (Number(attempts[next]?.["at_ms"] ?? Number.POSITIVE_INFINITY) > atMs + sim.slackMs())
        broken.push(`ledger: a call "${operation}" has no attempt`);
      else next += 1;
    }
  }
  return broken;
}

/** What applications read, and what is kept of it: here text and addresses belong. Every other table is the ledger's own. */
const WITH_CONTENT = new Set([
  "meetings",
  "chunks",
  "projects",
  "clients",
  "history",
  "conflicts",
  "applied",
  "notion_pages",
  "pushes",
  "reviews",
  "quarantined_fields",
  "plan_items",
  // The token that signs what Notion sends: it has to be there.
  "webhook_tokens",
]);

/** Law 9: neither a table that says what the program did nor its console holds what was said, by whom, or a key. */
async function brokenSecrecy(sim: Simulation): Promise<string[]> {
  const marks = {
    "transcript text": TEXT_MARK,
    "an e-mail address": MAIL_MARK,
    "a key": FIREFLIES_DEMO_KEY,
    "a new key": sim.firefliesKey,
    "a token": NOTION_DEMO_TOKEN,
    "a new token": sim.notion?.token ?? NOTION_DEMO_TOKEN,
    "a webhook secret": WEBHOOK_SECRET,
    "a stranger's words": FORGED_MARK,
  };
  const broken: string[] = [];
  const tables = await rowsOf(
    sim,
    // The ballast is megabytes of zeros.
    "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like 'chunk%fts%' and name <> 'ballast'",
  );
  for (const { name } of tables) {
    const isContent = WITH_CONTENT.has(String(name));
    const text = JSON.stringify(await rowsOf(sim, `select * from ${name}`));
    for (const [what, mark] of Object.entries(marks))
      if (text.includes(mark) && (!isContent || mark === FORGED_MARK))
        broken.push(`law 9: ${name} holds ${what}`);
  }
  for (const [what, mark] of Object.entries(marks))
    if (sim.printed.join("\n").includes(mark)) broken.push(`law 9: the log holds ${what}`);
  return broken;
}

/** Runs of one sync in one minute: persons, announcements and restarts together call for fewer. */
const RUNS_PER_MINUTE_MAX = 15;

/** A run that calls for the next one at once, and that for another, costs its vendor's budget and mends nothing. */
async function brokenRest(sim: Simulation): Promise<string[]> {
  const minutes = await rowsOf(
    sim,
    `select sync, queued_ms / 60000 as minute, count(*) as n from runs group by 1, 2 having n > ${RUNS_PER_MINUTE_MAX}`,
  );
  return minutes.map(({ sync, n }) => `restless: ${n} runs of ${sync} began within a minute`);
}

/** What the last runs say now that nothing is wrong any more. */
async function brokenEnds(sim: Simulation): Promise<string[]> {
  const broken: string[] = [];
  for (const sync of ["fireflies", "vectors"]) {
    const [last] = await rowsOf(
      sim,
      `select state, detail, not_before_ms from runs where sync = '${sync}' order by rowid desc limit 1`,
    );
    // A meeting that failed and was then deleted at the source stays failed: a finding, as long as no deletion is proven.
    const [lost] = await rowsOf(sim, "select count(*) as n from sightings where state = 'failed'");
    if (sync === "fireflies" && Number(lost?.["n"]) > 0 && last?.["state"] === "succeeded_with_findings")
      continue;
    // The budget of the day may well be used up; what is waited for must then be known.
    if (last?.["state"] === "parked" && Number(last["not_before_ms"] ?? 0) > sim.clock.nowMs()) continue;
    if (last !== undefined && last["state"] !== "succeeded")
      broken.push(`ends: the last run of ${sync} is ${last["state"]}: ${last["detail"]}`);
  }
  const defects = await rowsOf(
    sim,
    "select distinct step, party, detail from attempts where outcome = 'defect'",
  );
  for (const defect of defects)
    broken.push(`no defect: ${defect["step"]}: ${defect["party"]} ${defect["detail"]}`);
  const details = await rowsOf(
    sim,
    "select distinct sync, detail from runs where state = 'failed' and detail like '%Error%'",
  );
  for (const run of details) broken.push(`no defect: a run of ${run["sync"]} ended with ${run["detail"]}`);
  const doubles = await rowsOf(
    sim,
    "select kind, subject from alerts where closed_ms is null group by kind, subject having count(*) > 1",
  );
  if (doubles.length > 0) broken.push("law 3: an alert is open twice");
  return broken;
}
