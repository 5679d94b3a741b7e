import { describe, expect, it } from "vitest";
import type { Lineage } from "../../core/lineage.ts";
import { ApiError, type ApiClient } from "../client.ts";
import { lifeOf } from "./why.ts";

const LIFE: Lineage = {
  kind: "project",
  recordId: "r1",
  sourceId: "p1",
  name: "Harbour",
  now: [
    { where: "Notion", says: "page bound" },
    { where: "D1", says: "row, version 2" },
  ],
  events: [
    { atMs: 0, what: "record", says: "row made in D1", runId: null },
    { atMs: 1_000, what: "decision", says: "created by a run of projects (schedule)", runId: "01RUN" },
  ],
  more: [{ what: "decision", count: 7 }],
};

/** A client that answers so. */
const answering = (why: ApiClient["why"]): ApiClient => ({ why }) as unknown as ApiClient;

describe("syncctl why", () => {
  it("prints what it is, where it stands, and what happened, oldest first", async () => {
    const said = await lifeOf(
      answering(async () => LIFE),
      "project",
      "r1",
    );
    expect(said).toMatchObject({ code: 0, value: LIFE });
    expect(said.lines).toEqual([
      "project r1, p1: Harbour",
      "",
      "Now",
      "    Notion  page bound",
      "    D1      row, version 2",
      "",
      "Life",
      '    and 7 older of the kind "decision"',
      "    1970-01-01T00:00:00.000Z  row made in D1",
      "    1970-01-01T00:00:01.000Z  created by a run of projects (schedule)  (01RUN)",
    ]);
  });

  it("names one that never became a record by its source alone", async () => {
    const aside = { ...LIFE, recordId: null, name: null };
    const { lines } = await lifeOf(
      answering(async () => aside),
      "project",
      "p1",
    );
    expect(lines[0]).toBe("project no record, p1");
  });

  it("could not tell where the id means nothing, with the API's sentence", async () => {
    const refusing = answering(async () => {
      throw new ApiError(404, "no project is known as x");
    });
    await expect(lifeOf(refusing, "project", "x")).rejects.toMatchObject({
      status: 404,
      message: "no project is known as x",
    });
  });
});
