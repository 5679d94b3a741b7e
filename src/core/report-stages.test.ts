import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stageOf, STAGES, WAIT_FOR_INDEX } from "./report-stages.ts";

const SRC = join(import.meta.dirname, "..");
/** Where the engine names what it measures: `timed("…")`, a call's `operation: "…"`, a call to Notion. */
const NAMED = /(?:timed\(\s*|operation: |call\(context, scope, |send\(step, push\.id, )"([a-z ]+)"/g;

describe("stageOf", () => {
  it("knows every operation that the engine measures", () => {
    const files = ["engine", "pipelines"].flatMap((ring) =>
      readdirSync(join(SRC, ring), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
        .map((name) => readFileSync(join(SRC, ring, name), "utf8")),
    );
    const names = new Set(files.flatMap((text) => [...text.matchAll(NAMED)].map(([, name]) => name ?? "")));
    expect(names.size).toBeGreaterThan(20);
    expect([...names].filter((name) => stageOf(name) === "other")).toEqual([]);
    // And every part of the work that the requirements name is measured somewhere.
    const measured = new Set([...names].map(stageOf));
    expect(STAGES.filter((stage) => !measured.has(stage))).toEqual(["wait", "other"]);
  });

  it("takes one that it does not know for other work, and a pause for an index for a wait", () => {
    expect([stageOf("think"), stageOf(WAIT_FOR_INDEX)]).toEqual(["other", "wait"]);
  });
});
