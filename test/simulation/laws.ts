import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { FIREFLIES_DEMO_KEY } from "../../emulators/fireflies/keys.ts";
import { MAIL_MARK, TEXT_MARK } from "./meetings.ts";
import type { Simulation } from "./simulation.ts";
import type { MeetingHistory, Version } from "./source-watch.ts";
import { brokenVectors } from "./vector-laws.ts";

/** A row of any table. */
export type Row = Readonly<Record<string, string | number | null>>;

/** Straight SQL, past every port. */
export async function rowsOf(sim: Simulation, sql: string): Promise<Row[]> {
  return (await sim.estate.d1.prepare(sql).all<Row>()).results;
}

/** sha256 as hex. */
function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The text of a gzipped object of R2, or null. Nothing of the program's own reading is used. */
export function revisionAt(sim: Simulation, key: string): string | null {
  const bytes = sim.estate.r2.peek(key);
  if (bytes === null) return null;
  try {
    return gunzipSync(bytes).toString();
  } catch {
    return null;
  }
}

/** Every law that is broken now that everything has come to rest, each as a sentence. */
export async function brokenLaws(sim: Simulation): Promise<string[]> {
  return [
    ...(await brokenCounts(sim)),
    ...(await brokenEnumerations(sim)),
    ...(await brokenRevisions(sim)),
    ...(await brokenVectors(sim)),
    ...(await brokenBudget(sim)),
    ...(await brokenSecrecy(sim)),
    ...(await brokenEnds(sim)),
  ];
}

const VERDICTS = ["created", "updated", "unchanged", "deleted", "pending", "quarantined", "failed"] as const;

/** Law 1. */
async function brokenCounts(sim: Simulation): Promise<string[]> {
  const broken: string[] = [];
  const runs = await rowsOf(
    sim,
    `select runs.*, (select coalesce(sum(items), 0) from run_items where run_id = runs.id) as items,
       (select count(*) from attempts where run_id = runs.id and outcome <> 'ok') as troubles,
       (select count(*) from attempts where run_id = runs.id and operation = 'list') as calls,
       (select count(*) from attempts where run_id = runs.id and operation = 'fetch') as fetches
     from runs where result is not null`,
  );
  const discoveries = await rowsOf(sim, "select * from discoveries");
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
    const lists = sim.door.lists.filter((list) => list.atMs >= from && list.atMs <= to);
    const delivered = new Set(lists.flatMap((list) => list.ids)).size;
    // A failed meeting that is asked for by its id and not found counts as well.
    if (sum > delivered + Number(run["fetches"]))
      broken.push(`law 1: run ${run["id"]} counts ${sum} items, the source showed it ${delivered}`);
    const steppedBack = discoveries.some(
      (one) =>
        Number(one["started_ms"]) >= from && Number(one["started_ms"]) <= to && Number(one["steps_back"]) > 0,
    );
    // Only where every call was this run's own and its reply was used is the witness as exact as the ledger.
    const whole =
      run["state"] === "succeeded" &&
      run["troubles"] === 0 &&
      run["epoch"] === 1 &&
      run["calls"] === lists.length &&
      run["fetches"] === 0 &&
      !steppedBack;
    if (whole && sum !== delivered)
      broken.push(`law 1: run ${run["id"]} counts ${sum} items, the source showed it ${delivered}`);
  }
  return broken;
}

/** Was this meeting visible during all of the time? */
function wasVisible({ versions }: MeetingHistory, fromMs: number, toMs: number): boolean {
  return (
    versionsDuring(versions, fromMs, toMs).every(({ hash }) => hash !== null) &&
    versions.length > 0 &&
    (versions[0]?.fromMs ?? 0) <= fromMs
  );
}

/** Versions that were there at some instant of the time. */
function versionsDuring(versions: readonly Version[], fromMs: number, toMs: number): Version[] {
  return versions.filter(
    ({ fromMs: begin }, place) =>
      begin <= toMs && (versions[place + 1]?.fromMs ?? Number.POSITIVE_INFINITY) >= fromMs,
  );
}

/** The newest complete enumeration that must contain a meeting; null if there is none. */
function provenBy(history: MeetingHistory, discoveries: readonly Row[]): Row | null {
  const covering = discoveries.filter((one) => {
    const floorMs = one["floor_ms"];
    const isInside = floorMs === null || history.place >= new Date(Number(floorMs)).toISOString();
    return isInside && wasVisible(history, Number(one["started_ms"]), Number(one["completed_ms"]));
  });
  return covering.toSorted((a, b) => Number(b["started_ms"]) - Number(a["started_ms"]))[0] ?? null;
}

/** Laws 2 and 7: what a complete enumeration must have shown is on record, as it was then or later; nothing is buried. */
async function brokenEnumerations(sim: Simulation): Promise<string[]> {
  const broken: string[] = [];
  const discoveries = await rowsOf(sim, "select * from discoveries where completed_ms is not null");
  const sightings = new Map(
    (await rowsOf(sim, "select * from sightings")).map((row) => [String(row["source_id"]), row]),
  );
  const meetings = new Map(
    (await rowsOf(sim, "select * from meetings")).map((row) => [String(row["id"]), row]),
  );
  const quarantine = new Map(
    (await rowsOf(sim, "select * from quarantine where resolved_ms is null")).map((row) => [
      String(row["source_id"]),
      row,
    ]),
  );
  if (discoveries.length === 0) broken.push("law 2: no enumeration was ever completed");
  for (const history of sim.source.histories.values()) {
    const { id } = history;
    const meeting = meetings.get(id);
    if (
      meeting !== undefined &&
      meeting["deleted_ms"] !== null &&
      wasVisible(history, Number(meeting["deleted_ms"]), Number(meeting["deleted_ms"]))
    ) {
      broken.push(`law 7: meeting ${id} was buried while the source showed it`);
    }
    const proof = provenBy(history, discoveries);
    if (proof === null) continue;
    const sighting = sightings.get(id);
    if (sighting === undefined) {
      broken.push(`law 2: enumeration ${proof["id"]} is called complete and lacks ${id}, visible throughout`);
      continue;
    }
    // What failed and then went away is set aside with its reason: nobody can read it any more.
    if (sighting["state"] === "failed" && history.versions.at(-1)?.hash === null) continue;
    const hash = sighting["content_hash"];
    const possible = versionsDuring(history.versions, Number(proof["started_ms"]), Number.POSITIVE_INFINITY);
    if (!possible.some((version) => version.hash === hash)) {
      broken.push(
        `law 2: ${id} is on record as it was before enumeration ${proof["id"]} showed it anew (${sighting["state"]})`,
      );
    }
    broken.push(...misjudged(sim, { id, sighting, meeting, quarantine: quarantine.get(id) }));
  }
  for (const id of [...sightings.keys(), ...meetings.keys()]) {
    if (!sim.source.histories.has(id)) broken.push(`law 2: ${id} never existed at the source`);
  }
  return broken;
}

type Judged = { id: string; sighting: Row; meeting: Row | undefined; quarantine: Row | undefined };

/** Is a sighted meeting where its content says: in `meetings`, or set aside with a reason? Judged anew, from R2. */
function misjudged(sim: Simulation, { id, sighting, meeting, quarantine }: Judged): string[] {
  const { state, content_hash: hash } = sighting;
  const text = revisionAt(sim, String(sighting["revision_key"]));
  if (text === null) return [`law 2: no revision of ${id} in R2 (${state})`];
  const revision = JSON.parse(text) as {
    title?: string;
    dateString?: string;
    sentences?: { text: string }[];
  };
  const spoken = (revision.sentences ?? []).map((sentence) => sentence.text.trim()).join(" ");
  const isValid =
    (revision.title ?? "").trim() !== "" && (revision.dateString ?? "") !== "" && spoken.length >= 100;
  if (isValid && state !== "live") return [`law 2: ${id} is valid and on record as ${state}`];
  if (!isValid && state !== "quarantined") return [`law 2: ${id} is broken and on record as ${state}`];
  if (state === "live") {
    if (meeting === undefined) return [`law 2: ${id} is live and has no row`];
    if (meeting["content_hash"] !== hash)
      return [`law 2: the row of ${id} is of another revision than was seen`];
    if (meeting["title"] !== revision.title?.trim())
      return [`law 2: the row of ${id} has another title than its revision`];
    return quarantine === undefined ? [] : [`law 2: ${id} is live and in quarantine`];
  }
  const reasons = quarantine === undefined ? [] : (JSON.parse(String(quarantine["problems"])) as unknown[]);
  return reasons.length > 0 ? [] : [`law 2: ${id} is set aside without a reason`];
}

/** Law 3 for R2, and the bytes themselves: each revision is what its name says, once written. */
async function brokenRevisions(sim: Simulation): Promise<string[]> {
  const broken: string[] = [];
  const { r2 } = sim.estate;
  const rows = [
    ...(await rowsOf(
      sim,
      "select source_id as id, revision_key as key, content_hash as hash, stored_sha256 as stored from sightings where state <> 'failed'",
    )),
    ...(await rowsOf(sim, "select id, r2_key as key, content_hash as hash, null as stored from meetings")),
  ];
  for (const { id, key, hash, stored } of rows) {
    const bytes = r2.peek(String(key));
    const text = revisionAt(sim, String(key));
    if (bytes === null || text === null || sha256(text) !== hash)
      broken.push(`law 2: R2 does not hold the revision that ${id} relies on`);
    else if (stored !== null && sha256(bytes) !== stored)
      broken.push(`law 2: the bytes of ${id} in R2 are not those on record`);
    if (!String(key).endsWith(`/${hash}.json.gz`))
      broken.push(`law 2: the revision of ${id} is not named by its content`);
  }
  const real = new Set(
    [...sim.source.histories.values()].flatMap(({ versions }) => versions.map(({ hash }) => hash)),
  );
  for (const [key, times] of r2.writeCounts()) {
    if (!key.startsWith("fireflies-transcripts/")) continue;
    const allowed = sim.rotten.includes(key) ? 2 : 1;
    if (times > allowed) broken.push(`law 3: revision ${key} was written ${times} times`);
    const hash = /([0-9a-f]{64})\.json\.gz$/.exec(key)?.[1] ?? "";
    if (!real.has(hash)) broken.push(`law 2: revision ${key} is none that the source ever had`);
  }
  return broken;
}

/** Law 8, and the ledger of calls. The source's own log is the witness. */
async function brokenBudget(sim: Simulation): Promise<string[]> {
  const broken: string[] = [];
  const log = sim.estate.fireflies.log();
  for (const entry of log) {
    if (sim.door.lateCallsMs.has(entry.atMs)) continue;
    if (entry.early) broken.push(`law 8: call ${entry.seq} came before the time that the source had named`);
    else if (entry.error === "too_many_requests" && entry.fault === null && entry.status !== 0)
      broken.push(`law 8: call ${entry.seq} went above the budget`);
  }
  for (const [operation, name] of [
    ["ListMeetings", "list"],
    ["Account", "account"],
    ["GetMeeting", "fetch"],
  ] as const) {
    const attempts = await rowsOf(
      sim,
      `select at_ms from attempts where is_call = 1 and operation = '${name}' order by at_ms`,
    );
    const calls = log
      .filter((entry) => entry.operation === operation)
      .map((entry) => entry.atMs)
      .toSorted((a, b) => a - b);
    let next = 0;
    for (const atMs of calls) {
      if (Number(attempts[next]?.["at_ms"] ?? Number.POSITIVE_INFINITY) > atMs)
        broken.push(`ledger: a call "${operation}" has no attempt`);
      else next += 1;
    }
  }
  return broken;
}

const WITHOUT_CONTENT = [
  "runs",
  "run_items",
  "attempts",
  "alerts",
  "lanes",
  "quarantine",
  "checkpoints",
  "discoveries",
  "quota",
  "leases",
  "sightings",
];

/** Law 9. */
async function brokenSecrecy(sim: Simulation): Promise<string[]> {
  const marks = {
    "transcript text": TEXT_MARK,
    "an e-mail address": MAIL_MARK,
    "the key": FIREFLIES_DEMO_KEY,
  };
  const broken: string[] = [];
  for (const table of WITHOUT_CONTENT) {
    const text = JSON.stringify(await rowsOf(sim, `select * from ${table}`));
    for (const [what, mark] of Object.entries(marks))
      if (text.includes(mark)) broken.push(`law 9: ${table} holds ${what}`);
  }
  for (const [what, mark] of Object.entries(marks))
    if (sim.printed.join("\n").includes(mark)) broken.push(`law 9: the log holds ${what}`);
  return broken;
}

/** What the last runs say now that nothing is wrong any more. */
async function brokenEnds(sim: Simulation): Promise<string[]> {
  const broken: string[] = [];
  for (const sync of ["fireflies", "vectors"]) {
    const [last] = await rowsOf(
      sim,
      `select state, detail from runs where sync = '${sync}' order by queued_ms desc, id desc limit 1`,
    );
    // A meeting that failed and was then deleted at the source stays failed: a finding, as long as no deletion is proven.
    const [lost] = await rowsOf(sim, "select count(*) as n from sightings where state = 'failed'");
    if (sync === "fireflies" && Number(lost?.["n"]) > 0 && last?.["state"] === "succeeded_with_findings")
      continue;
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
