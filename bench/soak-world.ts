import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { benchMeetings } from "../emulators/fireflies/bench-meetings.ts";
import type { D1Emulator } from "../emulators/d1/d1-database.ts";
import type { SourceMeeting } from "../emulators/fireflies/source-meeting.ts";
import { createRandom } from "../emulators/world/random.ts";
import { executeRun } from "../src/engine/run.ts";
import { tick } from "../src/engine/tick.ts";
import { PIPELINES } from "../src/pipelines/index.ts";
import { withFireflies } from "../test/in-process/fireflies-workspace.ts";
import { withNotion } from "../test/in-process/notion-workspace.ts";
import { aWorkspace, freshSteps } from "../test/in-process/workspace.ts";
import type { SoakD1 } from "./soak-d1.ts";

/** What one day used. */
export type SoakDay = {
  /** Calls of each vendor. */
  readonly fireflies: number;
  readonly notion: number;
  readonly rowsRead: number;
  readonly rowsReadByTicks: number;
  readonly rowsWritten: number;
  readonly r2Writes: number;
  readonly r2Reads: number;
  readonly steps: number;
  readonly tokens: number;
  /** Runs that ended in another state than succeeded. */
  readonly failed: number;
};

export type SoakWorld = {
  /** The first sync of everything, and what it used. */
  begin(): Promise<SoakDay>;
  /** One day, every minute of it. */
  day(): Promise<SoakDay>;
  stored(): Promise<{ readonly meetings: number; readonly r2Bytes: number; readonly vectors: number }>;
};

const NOTHING_USED = {
  rowsRead: 0,
  rowsReadByTicks: 0,
  rowsWritten: 0,
  r2Writes: 0,
  r2Reads: 0,
  steps: 0,
  tokens: 0,
  failed: 0,
};

/** A Monday. */
const START_MS = Date.UTC(2026, 5, 1);
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const MINUTES_PER_DAY = 24 * 60;
/** Mean size of the company's own meetings. Source: design 12. */
const MEETING_BYTES = 117_000;
const MEETINGS_PER_WORKDAY = 5;
/** Minutes of a workday at which a meeting ends. */
const ENDS_AT: ReadonlySet<number> = new Set([9.5, 11, 13.5, 15, 16.5].map((hour) => hour * 60));
const RUNS_PER_MINUTE_MAX = 50;
/** Beats of the clock that are made, one of so many: with nothing due all read the same, and that is counted for the others. */
const BEAT_EVERY_MINUTES = 5;
const WORKDAYS_MAX = 30;
const WEEKEND: ReadonlySet<number> = new Set([0, 6]);
/** The first syncs of everything are over by then. */
const BEGIN_MINUTES = 120;

/** What people do at which minute of a workday. */
const EDITS_AT = { rename: 10 * 60 + 5, edit: 14 * 60 + 20, page: 11 * 60 + 40, row: 15 * 60 + 10 } as const;
const PAGES_PER_DAY = 6;
const ROWS_PER_DAY = 4;

/** Everything of the product over one database, beside both vendors and the people who use them. */
export async function openSoakWorld(d1: SoakD1, meetings: number): Promise<SoakWorld> {
  const arrivals = WORKDAYS_MAX * MEETINGS_PER_WORKDAY;
  const all = [
    ...benchMeetings({
      count: meetings + arrivals,
      bytesEach: MEETING_BYTES,
      seed: 1,
      epochMs: START_MS,
    }),
  ];
  const toCome = all.splice(0, arrivals);
  const space = await openSpace(d1, all);
  const meter = meterOf(space, d1);
  const people = peopleAround(space, d1, { known: all.map(({ id }) => id), toCome });
  return {
    begin: async () => {
      meter.reset();
      for (let minute = 0; minute < BEGIN_MINUTES; minute += 1) {
        space.world.advance(MINUTE_MS);
        await meter.beat(1);
      }
      return meter.read();
    },
    day: async () => {
      meter.reset();
      const startMs = Math.ceil(space.world.nowMs() / DAY_MS) * DAY_MS;
      for (let minute = 0; minute < MINUTES_PER_DAY; minute += 1) {
        // A run may have slept longer than a minute.
        space.world.advance(Math.max(0, startMs + minute * MINUTE_MS - space.world.nowMs()));
        await people.at(minute);
        if (minute % BEAT_EVERY_MINUTES === 0) await meter.beat(BEAT_EVERY_MINUTES);
      }
      return meter.read();
    },
    stored: async () => ({
      meetings: people.meetingCount(),
      r2Bytes: space.r2.usedBytes,
      vectors: (await space.stores.VECTORS_A.describe()).vectorCount,
    }),
  };
}

/** One index, a database of workerd, both vendors. */
async function openSpace({ database }: SoakD1, meetings: readonly SourceMeeting[]) {
  const given = { ...database, setHooks: () => undefined } as unknown as D1Emulator;
  const plain = await aWorkspace({}, START_MS, given);
  const ports = { ...plain.ports, indexes: { VECTORS_A: plain.ports.index } };
  return withNotion(await withFireflies({ ...plain, ports }, { meetings }));
}
type Space = Awaited<ReturnType<typeof openSpace>>;

/** Beats of the clock with all runs that they start, and what they use. */
function meterOf(space: Space, d1: SoakD1) {
  const { world, r2, ai, ports, fireflies, notion, engine } = space;
  const used = { ...NOTHING_USED };
  let lastIdleRows = 0;
  const writes = new Set<string>(["put", "list"]);
  r2.setHooks({
    beforeCall: (action) => {
      if (writes.has(action)) used.r2Writes += 1;
      else if (action !== "delete") used.r2Reads += 1;
    },
  });
  const run = ai.run.bind(ai);
  const counting = async (model: string, input: { documents?: readonly string[] }): Promise<unknown> => {
    for (const text of input.documents ?? []) used.tokens += countTokens(text);
    return run(model as never, input as never);
  };
  Object.assign(ai, { run: counting });
  const spend = (): number => {
    const { rowsRead, rowsWritten } = d1.spent();
    used.rowsRead += rowsRead;
    used.rowsWritten += rowsWritten;
    return rowsWritten === 0 ? rowsRead : 0;
  };
  const runAll = async (): Promise<void> => {
    for (let runs = 0; runs < RUNS_PER_MINUTE_MAX; runs += 1) {
      const next = (await ports.runs.unfinished()).items.find(({ startedMs }) => startedMs === null);
      if (next === undefined) return;
      const steps = freshSteps(world);
      await executeRun(ports, steps, next.id, PIPELINES);
      used.steps += steps.names.length;
      const ended = await ports.runs.run(next.id);
      if (ended?.state !== "succeeded") used.failed += 1;
    }
    throw new Error(`${RUNS_PER_MINUTE_MAX} runs in one minute, and more`);
  };
  return {
    /** @param forMinutes it stands for so many beats: with nothing due the others read what the last such one did */
    beat: async (forMinutes: number): Promise<void> => {
      spend();
      await tick(ports, engine);
      const idleRows = spend();
      if (idleRows > 0) lastIdleRows = idleRows;
      const others = lastIdleRows * (forMinutes - 1);
      used.rowsReadByTicks += idleRows + others;
      used.rowsRead += others;
      await runAll();
    },
    reset: (): void => {
      spend();
      Object.assign(used, NOTHING_USED);
      fireflies.control({ op: "reset-log" });
      notion.control({ op: "reset-log" });
    },
    read: (): SoakDay => {
      spend();
      return { ...used, fireflies: fireflies.log().length, notion: notion.log().length };
    },
  };
}

type Meetings = { readonly known: string[]; readonly toCome: SourceMeeting[] };

/** People who meet, correct what was said, and work on projects on both sides. */
function peopleAround(
  { world, fireflies, notion }: Space,
  { database }: SoakD1,
  { known, toCome }: Meetings,
) {
  const random = createRandom(1, "soak");
  const meet = (): void => {
    const meeting = toCome.pop();
    if (meeting === undefined) return;
    fireflies.control({ op: "arrive", meeting: { ...meeting, date_ms: world.nowMs() } });
    known.push(meeting.id);
  };
  const workOn = async (minute: number): Promise<void> => {
    const id = known.at(-random.int(1, 10)) ?? "";
    if (minute === EDITS_AT.rename) fireflies.control({ op: "rename", id, title: `Renamed ${minute}` });
    if (minute === EDITS_AT.edit)
      fireflies.control({ op: "edit", id, set: { sentences: toCome[0]?.sentences ?? [] } });
    if (minute === EDITS_AT.page) {
      for (const page of notion.pages("projects").slice(0, PAGES_PER_DAY)) {
        const set = { "Project name": `Site ${random.int(1, 1e6)}` };
        notion.control({ op: "edit", page: page.id, set, by: "Ada Example" });
      }
    }
    if (minute === EDITS_AT.row)
      await database
        .prepare(
          `update projects set project_address = ?1 where id in
             (select id from projects where deleted_ms is null order by id desc limit ?2)`,
        )
        .bind(`${random.int(1, 999)} Quay Street`, ROWS_PER_DAY)
        .run();
  };
  return {
    at: async (minute: number): Promise<void> => {
      if (WEEKEND.has(new Date(world.nowMs()).getUTCDay())) return;
      if (ENDS_AT.has(minute)) meet();
      await workOn(minute);
    },
    meetingCount: () => known.length,
  };
}
