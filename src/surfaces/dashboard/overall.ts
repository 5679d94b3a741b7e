/** The one line that says whether all is well. Pure. */
import type { Lane } from "../../ports/run-store.ts";
import type { Status } from "../../queries/status.ts";
import { headroomWords } from "../../core/headroom.ts";
import { wordsOf, type Formats, type Moment } from "./formats.ts";
import { channelTroubles } from "../alert-lines.ts";
import { waitingInTables } from "../for-a-person.ts";
import { runTitle, syncTitle } from "../run-titles.ts";

/** `well` is only said when nothing is missing; `busy` waits or works by itself; `bad` needs a person. */
type Tone = "well" | "busy" | "bad";

export type Overall = {
  readonly tone: Tone;
  /** The words that matter; the figures follow. */
  readonly lead: string;
  /** `60 meetings, 52 records, 139 chunks` */
  readonly figures: string;
  /** When the newest complete listing ended, world time; null if there is none. */
  readonly lastListing: Moment | null;
  /** What else must be known; empty as a rule. */
  readonly notes: readonly string[];
};

/** Judge where everything stands. What is wrong is said before what waits, and that before "In step". */
export function overallOf(status: Status, formats: Formats): Overall {
  const { counted } = formats;
  const { source, totals, nowMs } = status;
  const figures = [
    counted(source.ids, "meeting"),
    counted(totals.records, "record"),
    counted(totals.liveChunks, "chunk"),
  ].join(", ");
  return {
    ...judge(status, formats),
    figures,
    lastListing: source.asOfMs === null ? null : formats.moment(source.asOfMs, nowMs),
    notes: [
      ...rebuildNotes(status, formats),
      ...forecastNotes(status, formats),
      ...setAside(status, formats),
      ...tableNotes(status, formats),
      // Where nobody is told of alerts, this page is where they are seen.
      ...(status.channels.length === 0 ? [] : channelTroubles(status.channels)),
      ...storageNotes(status),
      ...retryNotes(status, formats),
      ...status.off.map(({ reason }) => `${reason}.`),
    ],
  };
}

function judge(status: Status, { count, counted }: Formats): Pick<Overall, "tone" | "lead"> {
  const { alerts, source, totals, owedDocuments } = status;
  if (alerts.length > 0) {
    return {
      tone: "bad",
      lead: alerts.length === 1 ? "1 alert is open" : `${count(alerts.length)} alerts are open`,
    };
  }
  // It may be so full that no alert could be written.
  if (status.headroom.some(({ level }) => level === "full")) return { tone: "bad", lead: "No room is left" };
  const unwell = status.last.find(({ state }) => state === "failed" || state === "succeeded_with_findings");
  if (unwell !== undefined) return { tone: "bad", lead: `${runTitle(unwell)}: ${wordsOf(unwell.state)}` };
  const isOff = status.off.some(({ sync }) => sync === "fireflies");
  if (source.asOfMs === null && !isOff) {
    // Between two runs it waits for its share of the calls.
    const isBegun = (status.forecast?.pages ?? 0) > 0;
    const isRunning = isBegun || status.unfinished.some(({ sync }) => sync === "fireflies");
    return {
      tone: "busy",
      lead: isRunning ? "The first listing is under way" : "Nothing has been listed yet",
    };
  }
  if (totals.accounted !== source.ids) {
    return {
      tone: "busy",
      lead: `Not in step yet, ${count(totals.accounted)} of ${counted(source.ids, "meeting")} accounted for`,
    };
  }
  if (owedDocuments > 0) {
    return { tone: "busy", lead: `Catching up, ${counted(owedDocuments, "document")} without vectors yet` };
  }
  if (status.rebuild !== null) return { tone: "busy", lead: "Rebuilding" };
  if (waitingLanes(status).length > 0) return { tone: "busy", lead: "Waiting" };
  return { tone: "well", lead: "In step" };
}

/** Lanes that something holds back, for a time or until somebody acts. */
export function waitingLanes({ lanes, nowMs }: Pick<Status, "lanes" | "nowMs">): Lane[] {
  return lanes.filter(
    ({ reason, notBeforeMs }) => reason !== null || (notBeforeMs !== null && notBeforeMs > nowMs),
  );
}

function rebuildNotes({ rebuild, nowMs }: Status, { count, counted, moment }: Formats): string[] {
  if (rebuild === null) return [];
  const { words, done, total } = rebuild;
  const { notBeforeMs } = rebuild.rebuild;
  const waits = notBeforeMs === null ? "" : `, waits until ${moment(notBeforeMs, nowMs).text}`;
  return [`${words}: ${count(done)} of ${counted(total, "meeting")}${waits}.`];
}

function forecastNotes({ forecast, nowMs }: Status, { counted, moment }: Formats): string[] {
  if (forecast === null || forecast.meetings === null || forecast.calls === null) return [];
  const { meetings, calls, pages, callsPerDay, doneMs } = forecast;
  const pace = callsPerDay === null ? "" : ` at about ${callsPerDay} a day`;
  const done = doneMs === null ? "done in more than a year" : `done by ${moment(doneMs, nowMs).text}`;
  return [`Backfill: ${counted(meetings, "meeting")}, ${counted(pages + calls, "call")}${pace}, ${done}.`];
}

/** What of the tables stands aside, and what waits for a person. */
function tableNotes({ tables }: Status, { counted }: Formats): string[] {
  return [
    ...tables.flatMap(({ sync, setAside: pages, fieldsQuarantined: fields }) => {
      const parts = [
        ...(pages > 0 ? [`${counted(pages, "page")} set aside`] : []),
        ...(fields > 0 ? [`${counted(fields, "field")} kept aside`] : []),
      ];
      return parts.length === 0 ? [] : [`${syncTitle(sync)}: ${parts.join(", ")}.`];
    }),
    ...waitingInTables(tables).map((line) => `For you: ${line}.`),
  ];
}

/** What failed and comes so seldom that it is tried again before its time. */
function retryNotes({ schedule, nowMs }: Status, { moment }: Formats): string[] {
  return schedule.flatMap(({ sync, dueMs, isRetry }) =>
    isRetry && dueMs !== null ? [`${syncTitle(sync)} is tried again at ${moment(dueMs, nowMs).text}.`] : [],
  );
}

/** The database always; whatever else is filling. */
function storageNotes({ headroom }: Status): string[] {
  const shown = headroom.filter(({ store, level }) => store === "d1" || level !== "ok");
  return shown.length === 0 ? [] : [`Storage: ${shown.map(headroomWords).join("; ")}.`];
}

function setAside({ totals }: Status, { count, counted }: Formats): string[] {
  const { pending, quarantined } = totals;
  if (pending + quarantined === 0) return [];
  const parts = [
    ...(pending > 0 ? [`${count(pending)} pending, which come by themselves`] : []),
    ...(quarantined > 0 ? [`${count(quarantined)} quarantined, broken at the source`] : []),
  ];
  return [`${counted(pending + quarantined, "meeting")} set aside: ${parts.join("; ")}.`];
}
