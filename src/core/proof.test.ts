import { describe, expect, it } from "vitest";
import { PROOF_NAMES_MAX } from "./policy.ts";
import { isLeftBy, menderOf, nextPhase, PHASES, proofBegun, withDifferences, type Fault } from "./proof.ts";

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

describe("menderOf", () => {
  it("is the sync that owns the rows, that of the table for a page, and nobody for what no run can mend", () => {
    expect(menderOf(LOST)).toBe("fireflies");
    expect(menderOf({ domain: "clients", kind: "page_differs" })).toBe("clients");
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
