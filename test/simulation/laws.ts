import type { Simulation } from "./simulation.ts";
import { brokenDeletions } from "./deletion-laws.ts";
import { brokenLedger } from "./ledger-laws.ts";
import { brokenNotion } from "./notion-laws.ts";
import type { MeetingHistory, Version } from "./source-watch.ts";
import { revisionAt, rowsOf, sha256, type Row } from "./stores.ts";
import { brokenVectors } from "./vector-laws.ts";

/** Every law that is broken now that everything has come to rest, each as a sentence. */
export async function brokenLaws(sim: Simulation): Promise<string[]> {
  return [
    ...(await brokenEnumerations(sim)),
    ...(await brokenRevisions(sim)),
    ...(await brokenVectors(sim)),
    ...(await brokenLedger(sim)),
    ...(await brokenDeletions(sim, sim.slackMs())),
    ...(await brokenNotion(sim)),
  ];
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

/**
 * The newest complete enumeration that must contain a meeting; null if there is none.
 *
 * @param slackMs times in the ledger may be so far off
 */
function provenBy(history: MeetingHistory, discoveries: readonly Row[], slackMs: number): Row | null {
  const covering = discoveries.filter((one) => {
    const floorMs = one["floor_ms"];
    // The upper bound of the newest days is a time, not a place: only a swept window ends at one.
    const isBelow =
      one["kind"] !== "sweep" || history.place < new Date(Number(one["ceiling_ms"])).toISOString();
    const isInside =
      isBelow && (floorMs === null || history.place >= new Date(Number(floorMs)).toISOString());
    const [fromMs, toMs] = [Number(one["started_ms"]) - slackMs, Number(one["completed_ms"]) + slackMs];
    return isInside && wasVisible(history, fromMs, toMs);
  });
  return covering.toSorted((a, b) => Number(b["started_ms"]) - Number(a["started_ms"]))[0] ?? null;
}

/** Laws 2 and 7: what a complete enumeration must have shown is on record, as it was then or later; nothing is buried. */
async function brokenEnumerations(sim: Simulation): Promise<string[]> {
  const broken: string[] = [];
  const slackMs = sim.slackMs();
  const discoveries = await rowsOf(
    sim,
    "select * from discoveries where sync = 'fireflies' and completed_ms is not null",
  );
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
  const deletedMs = new Map(
    (await rowsOf(sim, "select source_id, max(deleted_ms) as ms from deletions group by 1")).map((row) => [
      String(row["source_id"]),
      Number(row["ms"]),
    ]),
  );
  if (discoveries.length === 0) broken.push("law 2: no enumeration was ever completed");
  for (const history of sim.source.histories.values()) {
    const { id } = history;
    const meeting = meetings.get(id);
    if (
      meeting !== undefined &&
      meeting["deleted_ms"] !== null &&
      wasVisible(history, Number(meeting["deleted_ms"]) - slackMs, Number(meeting["deleted_ms"]) + slackMs)
    ) {
      broken.push(`law 7: meeting ${id} was buried while the source showed it`);
    }
    const proof = provenBy(history, discoveries, slackMs);
    if (proof === null) continue;
    const sighting = sightings.get(id);
    if (sighting === undefined) {
      broken.push(`law 2: enumeration ${proof["id"]} is called complete and lacks ${id}, visible throughout`);
      continue;
    }
    // What failed and then went away is set aside with its reason: nobody can read it any more.
    if (sighting["state"] === "failed" && history.versions.at(-1)?.hash === null) continue;
    if (sighting["state"] === "deleted") {
      if ((deletedMs.get(id) ?? 0) < Number(proof["started_ms"]) - slackMs)
        broken.push(`law 7: ${id} stays buried though enumeration ${proof["id"]} showed it`);
      continue;
    }
    const hash = sighting["content_hash"];
    const sinceMs = Number(proof["started_ms"]) - slackMs;
    const possible = versionsDuring(history.versions, sinceMs, Number.POSITIVE_INFINITY);
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
  if (state === "pending" && isRipening(sim, id, hash)) return [];
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
      "select source_id as id, revision_key as key, content_hash as hash, stored_sha256 as stored from sightings where state <> 'failed' and (state <> 'deleted' or revision_key <> '')",
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
    // Rot leaves the etag as it was, so two lives that have both read the damage may both repair it, with the same bytes.
    const allowed = sim.rotten.includes(key) ? 3 : 1;
    if (times > allowed) broken.push(`law 3: revision ${key} was written ${times} times`);
    const hash = /([0-9a-f]{64})\.json\.gz$/.exec(key)?.[1] ?? "";
    if (!real.has(hash)) broken.push(`law 2: revision ${key} is none that the source ever had`);
  }
  return broken;
}

/** A pause may come before Fireflies is done with a meeting, or before the listing that shows that it is. */
function isRipening(sim: Simulation, id: string, hash: unknown): boolean {
  const isToCome = sim.scenario.events.some(
    (event) => event.do === "ripen" && event.id === id && event.atMs > sim.clock.nowMs(),
  );
  return isToCome || sim.source.histories.get(id)?.versions.at(-1)?.hash !== hash;
}
