import { type BenchOptions, benchMeetings } from "../emulators/fireflies/bench-meetings.ts";
import { createFirefliesEmulator, type FirefliesEmulator } from "../emulators/fireflies/emulator.ts";
import { serveFireflies } from "../emulators/fireflies/server.ts";
import type { SourceMeeting } from "../emulators/fireflies/source-meeting.ts";

/** An emulated Fireflies with meetings of one size, listening. */
export type Source = {
  readonly url: string;
  /** JSON of its clock. */
  readonly clock: string;
  /** API calls so far, by operation. */
  calls(): Record<string, number>;
  close(): Promise<void>;
};

/** Fill an emulator with bench meetings that end just now, and serve it. */
export async function openSource(meetings: Omit<BenchOptions, "seed" | "epochMs">): Promise<Source> {
  return serveMeetings(benchMeetings({ ...meetings, seed: 1, epochMs: Date.now() }));
}

/** Fill an emulator with meetings and serve it. */
export async function serveMeetings(meetings: Iterable<SourceMeeting>): Promise<Source> {
  const emulator = await createFirefliesEmulator({
    realNowMs: () => Date.now(),
    meetings,
    meetingsHash: "bench",
    quotaPerDay: 1_000_000,
  });
  const server = await serveFireflies(emulator, { port: 0 });
  return {
    url: server.url,
    clock: JSON.stringify(emulator.clock()),
    calls: () => callsOf(emulator),
    close: async () => {
      await server.close();
      await emulator.close();
    },
  };
}

function callsOf(emulator: FirefliesEmulator): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const { operation } of emulator.log()) {
    const name = operation ?? "unreadable";
    calls[name] = (calls[name] ?? 0) + 1;
  }
  return calls;
}
