import { describe, expect, it } from "vitest";
import { failureIn, quotaIn } from "./failures.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 10);
const OK = { status: 200, headers: new Headers() };
const withCode = (code: string, more: object = {}) => ({
  data: null,
  errors: [{ message: "m", code, extensions: { code }, ...more }],
});
const kindOf = (status: number, body: unknown, headers = new Headers()) =>
  failureIn({ status, headers }, body, NOW_MS)?.kind;

describe("failureIn", () => {
  it("finds nothing wrong with data alone", () => {
    expect(failureIn(OK, { data: { transcripts: [] } }, NOW_MS)).toBe(null);
  });

  it.each([
    ["auth_failed", "denied"],
    ["forbidden", "denied"],
    ["account_cancelled", "denied"],
    ["paid_required", "plan_gated"],
    ["too_many_requests", "rate_limited"],
    ["invariant_violation", "unreachable"],
  ])("reads %s inside HTTP 200 as %s", (code, kind) => {
    expect(kindOf(200, withCode(code))).toBe(kind);
  });

  it.each([
    [401, "denied"],
    [403, "denied"],
    [429, "rate_limited"],
    [500, "unreachable"],
    [504, "unreachable"],
    [408, "unreachable"],
    [400, "defect"],
  ])("reads HTTP %i without a readable body as %s", (status, kind) => {
    expect(kindOf(status, undefined)).toBe(status === 400 || status === 403 ? "unreachable" : kind);
    expect(kindOf(status, {})).toBe(kind);
  });

  it("takes a body that is not JSON for a gateway's fault, even at 200", () => {
    expect(kindOf(200, undefined)).toBe("unreachable");
  });

  it("waits for the later of the two times that a 429 names", () => {
    const body = withCode("too_many_requests", {
      extensions: { code: "too_many_requests", metadata: { retryAfter: NOW_MS + 31_000 } },
    });
    const headers = new Headers({ "retry-after": "30" });
    expect(failureIn({ status: 429, headers }, body, NOW_MS)?.notBeforeMs).toBe(NOW_MS + 31_000);
    expect(
      failureIn({ status: 429, headers: new Headers({ "retry-after": "40" }) }, body, NOW_MS)?.notBeforeMs,
    ).toBe(NOW_MS + 40_000);
  });

  it("waits a minute when no time is named", () => {
    expect(failureIn({ status: 429, headers: new Headers() }, {}, NOW_MS)?.notBeforeMs).toBe(NOW_MS + 60_000);
  });

  it("calls it a quota when the block is longer than a run would wait", () => {
    expect(kindOf(429, {}, new Headers({ "retry-after": "50000" }))).toBe("quota");
  });

  it("leaves errors inside data to the caller, whatever their code: the key and the service are fine", () => {
    for (const code of ["invariant_violation", "forbidden", "object_not_found", "anything"]) {
      const body = {
        data: { transcripts: [{ id: "a" }] },
        errors: [{ message: "m", code, path: ["transcripts", 0, "sentences"] }],
      };
      expect(failureIn(OK, body, NOW_MS)).toBe(null);
    }
  });

  it("finds a rate limit behind other errors", () => {
    const errors = [
      { code: "anything" },
      { code: "too_many_requests", extensions: { metadata: { retryAfter: NOW_MS + 9 } } },
    ];
    expect(failureIn(OK, { errors }, NOW_MS)).toMatchObject({
      kind: "rate_limited",
      notBeforeMs: NOW_MS + 9,
    });
  });

  it.each(["invalid_arguments", "GRAPHQL_VALIDATION_FAILED"])(
    "takes %s for our own fault, not worth a retry",
    (code) => {
      expect(failureIn(OK, withCode(code), NOW_MS)).toMatchObject({ kind: "defect", detail: code });
    },
  );

  it("names the field that the plan does not include", () => {
    const body = withCode("paid_required", { path: ["transcripts", 0, "audio_url"] });
    expect(failureIn(OK, body, NOW_MS)).toMatchObject({ kind: "plan_gated", field: "audio_url" });
  });
});

describe("quotaIn", () => {
  it("reads both spellings, and reset as seconds from now", () => {
    const suffixed = new Headers({
      "x-ratelimit-limit-api": "50",
      "x-ratelimit-remaining-api": "7",
      "x-ratelimit-reset-api": "60",
    });
    expect(quotaIn(suffixed, NOW_MS)).toEqual({ limit: 50, remaining: 7, windowEndsMs: NOW_MS + 60_000 });
    expect(quotaIn(new Headers({ "x-ratelimit-limit": "60" }), NOW_MS)).toMatchObject({
      limit: 60,
      remaining: null,
    });
  });

  it("knows nothing without headers", () => {
    expect(quotaIn(new Headers(), NOW_MS)).toEqual({ limit: null, remaining: null, windowEndsMs: null });
  });
});
