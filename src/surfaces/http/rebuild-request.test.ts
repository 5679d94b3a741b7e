import { describe, expect, it } from "vitest";
import { parseRebuildRequest } from "./rebuild-request.ts";

const ask = (body: string) => parseRebuildRequest(new Request("http://test/", { method: "POST", body }));

describe("parseRebuildRequest", () => {
  it("takes what is to be made anew, and all of it where no scope is given", async () => {
    expect(await ask('{"what":"records"}')).toEqual({
      what: "records",
      scope: { meetings: [], from: null, to: null },
      priority: "normal",
    });
  });

  it("takes a scope in the words of syncctl", async () => {
    expect(await ask('{"what":"chunks","scope":["meeting:a","from:2026-05-01"],"priority":"high"}')).toEqual({
      what: "chunks",
      scope: { meetings: ["a"], from: "2026-05-01", to: null },
      priority: "high",
    });
  });

  it.each([
    ["", "what: there are records, chunks, vectors"],
    ['{"what":"everything"}', "what: there are records, chunks, vectors"],
    ['{"what":"records","scope":"meeting:a"}', "scope"],
    ['{"what":"records","scope":["project:a"]}', "A scope is meeting:<id>"],
    ['{"what":"records","model":"x"}', "model"],
    ["{", "the body is not JSON"],
  ])("says what is wrong with %s", async (body, part) => {
    expect(await ask(body)).toEqual({ error: expect.stringContaining(part) });
  });
});
