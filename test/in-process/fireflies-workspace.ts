import { createFirefliesEmulator, type FirefliesOptions } from "../../emulators/fireflies/emulator.ts";
import { FIREFLIES_DEMO_KEY } from "../../emulators/fireflies/keys.ts";
import type { SourceMeeting } from "../../emulators/fireflies/source-meeting.ts";
import { createFirefliesSource } from "../../src/adapters/fireflies/source.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { Run } from "../../src/ports/run-store.ts";
import { aWorkspace, runSync, type Workspace } from "./workspace.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 5, 1, 12);
const SAID =
  "We agreed to move the crane to the north side before the pour on Friday morning, weather permitting, as discussed.";

/** A small valid meeting of the source, so many hours old; `change` replaces fields. */
export function aSourceMeeting(
  id: string,
  hoursAgo: number,
  change: Partial<SourceMeeting> = {},
): SourceMeeting {
  return {
    id,
    title: `Meeting ${id}`,
    date_ms: START_MS - hoursAgo * HOUR_MS,
    duration: 30,
    organizer_email: "maya@acme.test",
    participants: [],
    channels: [],
    sentences: [
      {
        index: 0,
        speaker_name: "Maya",
        speaker_id: 0,
        raw_text: `${id}: ${SAID}`,
        text: `${id}: ${SAID}`,
        start_time: 0,
        end_time: 6,
      },
    ],
    summary: null,
    meeting_info: { fred_joined: true, silent_meeting: false, summary_status: "skipped" },
    ...change,
  };
}

/** A workspace whose source is an emulated Fireflies, on its clock. */
export async function withFireflies<S extends Workspace>(space: S, options: Partial<FirefliesOptions>) {
  const { world } = space;
  const fireflies = await createFirefliesEmulator({
    realNowMs: world.nowMs,
    epochMs: world.nowMs(),
    sleep: async (ms) => world.advance(ms),
    plan: "business",
    meetings: [],
    ...options,
  });
  const source = await createFirefliesSource({
    url: "https://api.fireflies.ai",
    key: FIREFLIES_DEMO_KEY,
    fetch: (request) => fireflies.fetch(request),
    world,
  });
  const ports: Ports = { ...space.ports, source };
  return { ...space, ports, fireflies };
}

/** Everything of the product in this process beside an emulated Fireflies, on one still clock. */
export async function aFirefliesWorkspace(
  meetings: readonly SourceMeeting[],
  options: Partial<FirefliesOptions> = {},
) {
  const space = await withFireflies(await aWorkspace({}, START_MS), { meetings, ...options });
  const { world, d1, ports } = space;
  const sync = (through: Ports = ports): Promise<Run> => runSync(space, "fireflies", through);
  return {
    ...space,
    sync,
    vectors: () => runSync(space, "vectors"),
    /** The clock goes on so far, then a run of fireflies. */
    after: async (hours: number, through: Ports = ports): Promise<Run> => {
      world.advance(hours * HOUR_MS);
      return sync(through);
    },
    rows: async <T = Record<string, unknown>>(sql: string): Promise<T[]> =>
      (await d1.prepare(sql).all<T>()).results,
    /** Ids of records that applications see. */
    records: async (): Promise<string[]> =>
      (
        await d1.prepare("select id from meetings where deleted_ms is null order by id").all<{ id: string }>()
      ).results.map(({ id }) => id),
    lists: () => space.fireflies.log().filter(({ operation }) => operation === "ListMeetings").length,
  };
}
