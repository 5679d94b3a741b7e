import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAULT_KINDS, FAULTS_IN_A_ROW_MAX, parseFaults, plannedFault } from "./plan.ts";

describe("a fault plan", () => {
  it("is read from its specification", () => {
    expect(parseFaults("seed=7,rate=0.2")).toEqual({ seed: 7, rate: 0.2, kinds: [...FAULT_KINDS] });
    expect(parseFaults("seed=7,rate=0.2,kinds=429+cut").kinds).toEqual(["rate_limited", "cut", "cut_json"]);
    expect(parseFaults("seed=7")).toEqual({ seed: 7, rate: 0.1, kinds: [...FAULT_KINDS] });
    expect(parseFaults("none")).toMatchObject({ rate: 0, kinds: [] });
  });

  it("says in one sentence what is wrong with a specification", () => {
    expect(() => parseFaults("rate=2")).toThrow(/from 0 to 0.75/);
    expect(() => parseFaults("rate=0.1,kinds=418")).toThrow(/"418" is no kind of fault/);
    expect(() => parseFaults("seed=x")).toThrow(/whole number/);
    expect(() => parseFaults("chance=1")).toThrow(/"chance=1" is none of these/);
  });

  it("decides the same for the same seed and index", () => {
    const plan = parseFaults("seed=7,rate=0.3");
    const decide = () => Array.from({ length: 200 }, (_, i) => plannedFault(plan, i));
    expect(decide()).toEqual(decide());
  });

  it("never fails more than three requests in a row, whatever seed and rate", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.double({ min: 0, max: 0.75, noNaN: true }), (seed, rate) => {
        const plan = parseFaults(`seed=${seed},rate=${rate.toFixed(3)}`);
        let inARow = 0;
        for (let i = 0; i < 200; i += 1) {
          inARow = plannedFault(plan, i) ? inARow + 1 : 0;
          expect(inARow).toBeLessThanOrEqual(FAULTS_IN_A_ROW_MAX);
        }
      }),
    );
  });

  it("keeps its rate, uses every kind, and strikes before and after counting", () => {
    const plan = parseFaults("seed=11,rate=0.2");
    const faults = Array.from({ length: 8_000 }, (_, i) => plannedFault(plan, i)).filter(
      (fault) => fault !== null,
    );
    expect(faults.length / 8_000).toBeGreaterThan(0.18);
    expect(faults.length / 8_000).toBeLessThan(0.22);
    for (const kind of FAULT_KINDS) {
      const ofKind = faults.filter((fault) => fault.kind === kind);
      expect(new Set(ofKind.map((fault) => fault.counted))).toEqual(new Set([true, false]));
    }
  });
});
