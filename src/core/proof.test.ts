import { describe, expect, it } from "vitest";
import { PROOF_NAMES_MAX } from "./policy.ts";
import {
  addSums,
  isLeftBy,
  menderOf,
  nextPhase,
  NO_SUMS,
  PHASES,
  proofBegun,
  withDifferences,
  type Fault,
  type MeetingSums,
} from "./proof.ts";

const LOST: Fault = { domain: "raw", kind: "raw_damaged", subject: "m1", cause: "gone" };

describe("withDifferences", () => {
  it("names what no unfinished run explains first, so that a cut list never hides a loss", () => {
    const left = Array.from({ length: PROOF_NAMES_MAX + 20 }, (_, n) => `vectors owed: m${n}`);
    const before = withDifferences(proofBegun(""), [], left);
    const { named, differences, faults } = withDifferences(
      before,
      [LOST],
      ["seen, but in no complete listing: m2"],
    );
    expect({ differences, faults, named: named.length }).toEqual({
      differences: PROOF_NAMES_MAX + 22,
      faults: 1,
      named: PROOF_NAMES_MAX,
    });
    expect(named.slice(0, 2)).toEqual([
      "raw revision missing or damaged: m1",
      "seen, but in no complete listing: m2",
    ]);
    expect(named.slice(1).every((difference) => isLeftBy("fireflies", difference))).toBe(true);
  });
});

describe("the names of a proof", () => {
  it("put what is lost before what no listing vouches for, and that before what is owed, however they came", () => {
    const [unlisted, owed] = ["seen, but in no complete listing: m2", "vectors owed: m3"];
    const first = withDifferences(proofBegun(""), [], [owed, unlisted]);
    expect(first.named).toEqual([unlisted, owed]);
    expect(withDifferences(first, [LOST], []).named).toEqual([
      "raw revision missing or damaged: m1",
      unlisted,
      owed,
    ]);
  });
});

describe("proofBegun", () => {
  it("goes on where the last slice ended, and knows nothing yet", () => {
    expect(proofBegun("m7")).toEqual({
      phase: "again",
      cursor: null,
      taken: 0,
      sums: NO_SUMS,
      figures: [],
      named: [],
      differences: 0,
      faults: 0,
      looked: [],
      notes: [],
      sliceEnd: "m7",
    });
    expect(Object.values(NO_SUMS).every((sum) => sum === 0)).toBe(true);
  });
});

describe("addSums", () => {
  it("adds up every figure by itself", () => {
    const names = Object.keys(NO_SUMS) as (keyof MeetingSums)[];
    const sums = (first: number): MeetingSums => ({
      ...NO_SUMS,
      ...Object.fromEntries(names.map((name, n) => [name, first + n])),
    });
    const total = addSums(sums(1), sums(100));
    expect(names.map((name) => total[name])).toEqual(names.map((_, n) => 101 + 2 * n));
    expect(addSums(NO_SUMS, sums(1))).toEqual(sums(1));
  });
});

describe("isLeftBy", () => {
  it("takes what is owed for unfinished in both, and what no listing vouches for in fireflies alone", () => {
    expect(["fireflies", "vectors"].map((sync) => isLeftBy(sync, "vectors owed: m1"))).toEqual([true, true]);
    const unlisted = "seen, but in no complete listing: m1";
    expect(["fireflies", "vectors"].map((sync) => isLeftBy(sync, unlisted))).toEqual([true, false]);
    expect(isLeftBy("fireflies", "raw revision missing or damaged: vectors owed: m1")).toBe(false);
  });
});

describe("menderOf", () => {
  it("is the sync that owns the rows, that of the table for a page, and nobody for what no run can mend", () => {
    expect(menderOf(LOST)).toBe("fireflies");
    expect(menderOf({ domain: "clients", kind: "page_differs" })).toBe("clients");
    expect(menderOf({ domain: "projects", kind: "row_missing" })).toBe("projects");
    expect(menderOf({ domain: "source", kind: "row_missing" }), "no table has such a row").toBeNull();
    expect(menderOf({ domain: "vectors", kind: "vectors_surplus" })).toBeNull();
  });
});

describe("nextPhase", () => {
  it("goes through every part and stays at the end, each from its beginning", () => {
    let state = { ...proofBegun(""), cursor: "x", taken: 3 };
    const seen: string[] = [state.phase];
    for (let n = 0; n <= PHASES.length; n += 1) {
      state = { ...nextPhase(state), cursor: "x", taken: 3 };
      seen.push(state.phase);
    }
    expect(seen.slice(0, PHASES.length)).toEqual(PHASES);
    expect(seen.at(-1)).toBe("done");
    expect(nextPhase(state)).toMatchObject({ cursor: null, taken: 0 });
  });
});
