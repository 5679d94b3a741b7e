import { describe, expect, it } from "vitest";
import { parseStartRequest } from "./start-request.ts";

const ask = (body: string) => parseStartRequest(new Request("http://test/", { method: "POST", body }));

describe("parseStartRequest", () => {
  it("takes an empty body for the defaults", async () => {
    expect(await ask("")).toEqual({ priority: "normal", preview: null });
  });

  it("takes the four priorities", async () => {
    expect(await ask('{"priority":"urgent"}')).toEqual({ priority: "urgent", preview: null });
  });

  it("takes a wish for a plan, and a plan that is to be carried out", async () => {
    expect(await ask('{"dry_run":true}')).toEqual({
      priority: "normal",
      preview: { mode: "dry_run", planHash: null },
    });
    const planHash = "0f".repeat(32);
    expect(await ask(`{"plan":"${planHash}"}`)).toEqual({
      priority: "normal",
      preview: { mode: "plan", planHash },
    });
  });

  it.each([
    ['{"plan":"0f"}', "64 digits"],
    [`{"dry_run":true,"plan":"${"0f".repeat(32)}"}`, "either"],
    ["{", "the body is not JSON"],
    ['{"priority":"now"}', "priority"],
    ['{"colour":1}', "colour"],
    ["[]", "the body"],
  ])("says what is wrong with %s", async (body, part) => {
    expect(await ask(body)).toEqual({ error: expect.stringContaining(part) });
  });
});
