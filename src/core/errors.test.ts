import { describe, expect, it } from "vitest";
import { FailureError, failureOf } from "./errors.ts";

const SAID = "We agreed to pay four million.";

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
}

describe("failureOf", () => {
  it("hands on what an adapter classified", () => {
    const failure = { kind: "quota", party: "fireflies", detail: "used up" } as const;
    expect(failureOf(new FailureError(failure))).toBe(failure);
  });

  it("takes everything else for a defect of ours", () => {
    expect(failureOf(new TypeError("x is not a function"))).toEqual({
      kind: "defect",
      party: "engine",
      detail: "TypeError: x is not a function",
    });
    expect(failureOf("a string").kind).toBe("defect");
  });

  it("knows a failure again that crossed a step boundary and lost its class", () => {
    const failure = { kind: "locked", party: "d1", detail: "busy" } as const;
    const crossed = new Error(`FailureError: ${new FailureError(failure).message}`);
    expect(failureOf(crossed)).toEqual(failure);
  });

  it("keeps what was said in a meeting out of its words", () => {
    const error = thrownBy(() => JSON.parse(SAID));
    expect(String(error)).toContain("We agreed");
    expect(JSON.stringify(failureOf(error))).not.toContain("agreed");
    expect(JSON.stringify(failureOf(new Error(SAID)))).not.toContain("agreed");
  });
});
