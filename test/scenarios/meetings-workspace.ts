import type { FirefliesOptions } from "../../emulators/fireflies/emulator.ts";
import type { SourceMeeting } from "../../emulators/fireflies/source-meeting.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { Run } from "../../src/ports/run-store.ts";
import { withFireflies } from "../in-process/fireflies-workspace.ts";
import { aWorkspace, runSync } from "../in-process/workspace.ts";

const HOUR_MS = 3_600_000;
const TALK =
  "The crane moves to the north side before the pour, and the permit for the scaffold is renewed by Friday noon.";

/** Everything of the product in this process beside an emulated Fireflies, all on one still clock. */
export async function aFirefliesWorkspace(
  options: Partial<FirefliesOptions> = {},
  change: Partial<Ports> = {},
) {
  const space = await withFireflies(await aWorkspace(), { seed: 1, ...options });
  const { world } = space;
  const ports: Ports = { ...space.ports, ...change };
  return {
    ...space,
    ports,
    sync: (name: "fireflies" | "vectors"): Promise<Run> => runSync({ ...space, ports }, name, ports),
    /** An hour goes by, and what is due is done. */
    hour: async (): Promise<Run> => {
      world.advance(HOUR_MS);
      const run = await runSync({ ...space, ports }, "fireflies", ports);
      await runSync({ ...space, ports }, "vectors", ports);
      return run;
    },
    rows: async <T = Record<string, unknown>>(sql: string): Promise<T[]> =>
      (await space.d1.prepare(sql).all<T>()).results,
  };
}

export type FirefliesWorkspace = Awaited<ReturnType<typeof aFirefliesWorkspace>>;

/** A meeting at the source, valid unless changed; `about` is a word that is said in it and nowhere else. */
export function aSourceMeeting(
  id: string,
  createdMs: number,
  { about = id, ...change }: Partial<SourceMeeting> & { about?: string } = {},
): SourceMeeting {
  return {
    id,
    title: `Meeting ${id}`,
    date_ms: createdMs,
    duration: 30,
    privacy: "link",
    organizer_email: null,
    participants: [],
    sentences: someTalk(about, 3),
    summary: { overview: `about ${about}`, keywords: [] },
    meeting_info: { fred_joined: true, silent_meeting: false, summary_status: "processed" },
    ...change,
  };
}

/** So many sentences in which a word is said. */
export function someTalk(about: string, count: number): NonNullable<SourceMeeting["sentences"]> {
  return Array.from({ length: count }, (_, index) => ({
    index,
    speaker_name: "Maya",
    speaker_id: 0,
    raw_text: `${about} ${index}: ${TALK}`,
    text: `${about} ${index}: ${TALK}`,
    start_time: index * 7,
    end_time: index * 7 + 6,
  }));
}
