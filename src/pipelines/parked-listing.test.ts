import * as fc from "fast-check";
import { expect, it } from "vitest";
import { aListedMeeting, aWorkspace, runSync } from "../../test/in-process/workspace.ts";
import { FailureError } from "../core/errors.ts";
import type { ListedMeeting } from "../ports/sources.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const DAYS_MAX = 14;

/** What happens at the source after a day's only call: meetings arrive, some of them late, and some go. */
const aDay = fc.record({
  arrived: fc.integer({ min: 0, max: 20 }),
  lateByMs: fc.integer({ min: 0, max: 2 * DAY_MS }),
  gone: fc.array(fc.nat(), { maxLength: 6 }),
});

it("whatever comes and goes while a listing waits for its budget, what was there throughout is on record", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 60, max: 200 }),
      fc.array(aDay, { minLength: DAYS_MAX, maxLength: DAYS_MAX }),
      async (count, days) => {
        const space = await aWorkspace();
        let made = 0;
        const arrive = (atMs: number): ListedMeeting =>
          aListedMeeting(`m${(made += 1)}`, { dateString: new Date(atMs - made * 997).toISOString() });
        let callsLeft = Number.POSITIVE_INFINITY;
        const plain = space.source.listMeetings;
        space.source.listMeetings = async (request) => {
          if (callsLeft-- <= 0) {
            const notBeforeMs = (Math.floor(space.world.nowMs() / DAY_MS) + 1) * DAY_MS;
            throw new FailureError({ kind: "quota", party: "fireflies", detail: "used up", notBeforeMs });
          }
          return plain(request);
        };
        space.source.meetings = [arrive(space.world.nowMs())];
        await runSync(space, "fireflies");
        // What a window of several pages has to bring.
        space.source.meetings.push(
          ...Array.from({ length: count }, (_, n) => arrive(space.world.nowMs() - n * MINUTE_MS)),
        );
        const throughout = new Set(space.source.meetings.map(({ id }) => id));
        for (const { arrived, lateByMs, gone } of days) {
          space.world.advance(DAY_MS);
          callsLeft = 1;
          if ((await runSync(space, "fireflies")).continues) break;
          const left = space.source.meetings.filter((_, n) => !gone.includes(n));
          for (const { id } of space.source.meetings)
            if (!left.some((one) => one.id === id)) throughout.delete(id);
          const late = Array.from({ length: arrived }, () => arrive(space.world.nowMs() - lateByMs));
          space.source.meetings = [...left, ...late];
        }
        const { results } = await space.d1.prepare("select id from meetings").all<{ id: string }>();
        const known = new Set(results.map(({ id }) => id));
        expect([...throughout].filter((id) => !known.has(id))).toEqual([]);
        const { lastCeilingMs } = await space.ports.records.discoveries();
        expect(lastCeilingMs, "the listing has come to its end").toBeGreaterThan(Date.UTC(2026, 5, 1, 12));
      },
    ),
    { numRuns: 25 },
  );
});
