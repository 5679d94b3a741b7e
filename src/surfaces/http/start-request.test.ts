import { describe, expect, it } from "vitest";
import { parseStartRequest } from "./start-request.ts";

const ask = (body: string) => parseStartRequest(new Request("http://test/", { method: "POST", body }));

describe("parseStartRequest", () => {
  it("takes an empty body for the defaults", async () => {
    expect(await ask("")).toEqual({ priority: "normal" });
  });

  it("takes the four priorities", async () => {
    expect(await ask('{"priority":"urgent"}')).toEqual({ priority: "urgent" });
  });

  it.each([
    ["{", "the body is not JSON"],
    ['{"priority":"now"}', "priority"],
    ['{"colour":1}', "colour"],
    ["[]", "the body"],
  ])("says what is wrong with %s", async (body, part) => {
    expect(await ask(body)).toEqual({ error: expect.stringContaining(part) });
  });
});
