import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deletionsMax, judgeCandidates, type Candidate } from "./deletions.ts";
import { propertyRuns } from "./property-runs.testsuite.ts";

const MISSING = { known: 100, open: 1, verdicts: 0 };
const aCandidate = (id: string, change: Partial<Candidate> = {}): Candidate => ({
  id,
  firstMs: 1,
  secondMs: 2,
  isApproved: false,
  groups: [],
  ...change,
});

/** A meeting of a small workspace: who organised it, where it stands, whether it is missing and how often it was absent. */
const aMeeting = fc.record({
  organizer: fc.integer({ min: 0, max: 3 }),
  channels: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
  absences: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2),
  isApproved: fc.boolean(),
});
type Meeting = { organizer: number; channels: number[]; absences: number; isApproved: boolean };

/** The rule, said once more and counted by hand over everything. */
function mayGo(meetings: readonly Meeting[], one: Meeting, verdicts: number): boolean {
  if (one.absences < 2) return false;
  if (one.absences === 2 && one.isApproved) return true;
  let many = verdicts;
  for (const other of meetings)
    if (other.absences > 0 && !(other.absences === 2 && other.isApproved)) many += 1;
  if (many > 5 && many > meetings.length / 100) return false;
  const organized = meetings.filter((other) => other.organizer === one.organizer);
  if (!organized.some((other) => other.absences === 0)) return false;
  for (const channel of one.channels) {
    const within = meetings.filter((other) => other.channels.includes(channel));
    if (!within.some((other) => other.absences === 0)) return false;
  }
  return true;
}

describe("judgeCandidates", () => {
  it("lets few go, and none once more went missing within a week than may", () => {
    const five = Array.from({ length: 5 }, (_, n) => aCandidate(`m${n}`));
    expect(judgeCandidates(five, { ...MISSING, open: 5 })).toMatchObject({
      due: five,
      held: [],
      reason: null,
    });
    expect(judgeCandidates(five, { ...MISSING, open: 6 })).toMatchObject({ due: [], held: five });
    expect(judgeCandidates(five, { ...MISSING, open: 3, verdicts: 3 })).toEqual({
      due: [],
      held: five,
      reason: "6 of 100 meetings went missing within a week, and up to 5 are taken for deleted",
    });
  });

  it("counts one in a hundred of many meetings", () => {
    expect([deletionsMax(0), deletionsMax(599), deletionsMax(752), deletionsMax(100_000)]).toEqual([
      5, 5, 7, 1_000,
    ]);
  });

  it("holds a whole organizer or channel, and nobody else", () => {
    const whole = aCandidate("whole", { groups: [{ meetings: 2, missing: 2 }] });
    const single = aCandidate("single", { groups: [{ meetings: 9, missing: 1 }] });
    expect(judgeCandidates([whole, single], MISSING)).toEqual({
      due: [single],
      held: [whole],
      reason: "all meetings of an organizer or a channel are missing",
    });
  });

  it("takes a person's word for everything", () => {
    const approved = aCandidate("a", { isApproved: true, groups: [{ meetings: 2, missing: 2 }] });
    expect(judgeCandidates([approved], { ...MISSING, open: 90 })).toMatchObject({
      due: [approved],
      reason: null,
    });
  });

  it("agrees with the rule counted by hand, whatever is missing", () => {
    fc.assert(
      fc.property(
        fc.array(aMeeting, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 7 }),
        (meetings, verdicts) => {
          const isApproved = (one: Meeting): boolean => one.absences === 2 && one.isApproved;
          const group = (within: readonly Meeting[]) => ({
            meetings: within.length,
            missing: within.filter(({ absences }) => absences > 0).length,
          });
          const candidates = meetings.flatMap((one, n) =>
            one.absences < 2
              ? []
              : [
                  aCandidate(String(n), {
                    isApproved: isApproved(one),
                    groups: [
                      group(meetings.filter(({ organizer }) => organizer === one.organizer)),
                      ...one.channels.map((channel) =>
                        group(meetings.filter(({ channels }) => channels.includes(channel))),
                      ),
                    ],
                  }),
                ],
          );
          const open = meetings.filter((one) => one.absences > 0 && !isApproved(one)).length;
          const { due, held } = judgeCandidates(candidates, { known: meetings.length, open, verdicts });
          const expected = meetings.flatMap((one, n) => (mayGo(meetings, one, verdicts) ? [String(n)] : []));
          expect(due.map(({ id }) => id)).toEqual(expected);
          expect(due.length + held.length).toBe(candidates.length);
        },
      ),
      { numRuns: propertyRuns(500) },
    );
  });
});
