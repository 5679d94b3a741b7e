import { describe, expect, it } from "vitest";
import { FailureError } from "../../core/errors.ts";
import type { LookReply } from "../../ports/sources.ts";
import { createLook } from "./look.ts";

type Alias = { readonly alias: string; readonly code: string };

const notFound = ({ alias, code }: Alias) => ({
  message: "Object(s) not found",
  code,
  path: [alias],
  extensions: { code, status: 404 },
});

/** A reply of the API to a look for `one` and `two` beside `live`. */
function looked(body: unknown, status = 200): Promise<LookReply> {
  const look = createLook(async ({ variables }) => {
    expect(variables).toEqual({ live: "live", id0: "one", id1: "two" });
    const reply = { status, headers: new Headers(), body: new Uint8Array() };
    return { reply: reply as never, body, nowMs: 0 };
  });
  return look({ ids: ["one", "two"], liveId: "live", timeoutMs: 1 });
}

const kindOf = (reply: Promise<LookReply>): Promise<string> =>
  reply.then(
    () => "none",
    (error: unknown) => (error instanceof FailureError ? error.failure.kind : "other"),
  );

describe("a look for meetings", () => {
  const live = { id: "live" };

  it("tells what is shown from what is not found", async () => {
    const data = { live, asked0: null, asked1: { id: "two" } };
    const errors = [notFound({ alias: "asked0", code: "object_not_found" })];
    expect(await looked({ data, errors })).toMatchObject({
      isLiveShown: true,
      shown: ["two"],
      notFound: ["one"],
    });
  });

  it("takes no other reason for not found", async () => {
    const data = { live, asked0: null, asked1: null };
    const errors = [notFound({ alias: "asked0", code: "forbidden" })];
    expect(await looked({ data, errors })).toMatchObject({ isLiveShown: true, shown: [], notFound: [] });
  });

  it.each([
    ["null fields", { live: null, asked0: null, asked1: null }],
    ["no data", undefined],
    ["null data", null],
  ])("says that nothing was read, where the known one is not found either: %s", async (_, data) => {
    const errors = ["live", "asked0", "asked1"].map((alias) => notFound({ alias, code: "object_not_found" }));
    expect(await looked({ data, errors }, 404)).toMatchObject({ isLiveShown: false, shown: [] });
  });

  it("fails like any call for what is not about one meeting", async () => {
    const data = { live, asked0: null, asked1: null };
    const refused = {
      message: "Invalid credentials",
      code: "auth_failed",
      extensions: { code: "auth_failed" },
    };
    expect(await kindOf(looked({ errors: [refused] }, 401))).toBe("denied");
    expect(await kindOf(looked({ data, errors: [refused] }))).toBe("denied");
    expect(await kindOf(looked(undefined, 500))).toBe("unreachable");
    expect(await kindOf(looked({ data: null }))).toBe("unreachable");
    expect(
      await kindOf(looked({ errors: [notFound({ alias: "asked0", code: "too_many_requests" })] }, 429)),
    ).toBe("rate_limited");
  });
});
