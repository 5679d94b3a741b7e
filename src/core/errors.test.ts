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
    expect(String(new FailureError(failure))).toBe("FailureError: quota (fireflies): used up");
  });

  it("takes everything else for a defect of ours", () => {
    expect(failureOf(new TypeError("x is not a function"))).toEqual({
      kind: "defect",
      party: "engine",
      detail: "TypeError: x is not a function",
    });
    expect(failureOf("a string")).toEqual({ kind: "defect", party: "engine", detail: "string" });
    expect(failureOf(new Error("x")).detail).toBe("Error");
  });

  it("knows a failure again that crossed a step boundary and lost its class", () => {
    const failure = { kind: "locked", party: "d1", detail: "busy" } as const;
    const crossed = new Error(`FailureError: ${new FailureError(failure).message}`);
    expect(failureOf(crossed)).toEqual(failure);
  });

  it("cuts a message of the runtime that is too long for a line", () => {
    expect(failureOf(new RangeError("x".repeat(500))).detail).toBe(`RangeError: ${"x".repeat(120)}`);
  });

  it("keeps every line of what crossed a step boundary", () => {
    const crossed = new Error("FailureError: defect (workers-ai): one\ntwo");
    expect(failureOf(crossed)).toEqual({ kind: "defect", party: "workers-ai", detail: "one\ntwo" });
  });

  it("keeps what was said in a meeting out of its words", () => {
    const error = thrownBy(() => JSON.parse(SAID));
    expect(String(error)).toContain("We agreed");
    expect(JSON.stringify(failureOf(error))).not.toContain("agreed");
    expect(JSON.stringify(failureOf(new Error(SAID)))).not.toContain("agreed");
  });
});
