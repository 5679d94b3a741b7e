import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { aWorkspace, meetingsIn } from "./fireflies/a-workspace.ts";
import { controlOpSchema } from "./fireflies/control-ops.ts";
import type { ControlInput } from "./fireflies/control-ops.ts";
import { aNotionWorld } from "./notion/a-notion-world.ts";
import { type NotionControlInput, notionControlSchema } from "./notion/control-ops.ts";
import { NOTION_FAULT_KINDS } from "./notion/faults.ts";
import { DEFAULT_BEHAVIOUR } from "./notion/world-state.ts";

const README = readFileSync(new URL("./README.md", import.meta.url), "utf8");
const [, FIREFLIES = "", NOTION = ""] = README.split(/^## (?:Fireflies|Notion)$/m);

/** Fenced JSON blocks that hold an op. */
function examplesIn<Op extends { op: string }>(section: string): Op[] {
  return [...section.matchAll(/```json\n(.*?)\n```/gs)]
    .map(([, text]) => JSON.parse(text!) as Op)
    .filter((value) => "op" in value);
}

const examples = examplesIn<ControlInput>(FIREFLIES);
const notionExamples = examplesIn<NotionControlInput>(NOTION);

describe("the README of the emulators, on Fireflies", () => {
  it("has an example for every op", () => {
    const documented = new Set(examples.map(({ op }) => op));
    const known = controlOpSchema.options.map((option) => option.shape.op.value);
    expect([...documented].sort()).toEqual([...known].sort());
  });

  it("has examples that work, in their order", async () => {
    const sentences = [
      { index: 0, text: "Words." },
      { index: 1, text: "More words." },
    ];
    const { ask, emulator, wait } = await aWorkspace({ meetings: [{ id: "m1", sentences }, { id: "m2" }] });
    for (const example of examples) {
      const op = JSON.stringify(example);
      const response = await emulator.fetch(
        new Request("http://fireflies.test/__control", {
          method: "POST",
          body: op,
          headers: { "content-type": "application/json" },
        }),
      );
      expect(await response.json(), op).toMatchObject({ ok: true, op: example.op });
    }
    wait(1_000);
    emulator.control({ op: "rotate-key", key: "demo-fireflies-key" });
    emulator.control({ op: "fault", plan: "none" });
    const list = "{ transcripts { id title } }";
    expect(meetingsIn(await ask(list)).map(({ title }) => title)).toContain("Weekly, renamed");
    expect(meetingsIn(await ask(list)).map(({ id }) => id)).not.toContain("late-1");
  });
});

describe("the README of the emulators, on Notion", () => {
  it("has an example for every op, every fault and every switch", () => {
    const documented = new Set(notionExamples.map(({ op }) => op));
    const known = notionControlSchema.options.map((option) => option.shape.op.value);
    expect([...documented].sort()).toEqual([...known].sort());
    for (const kind of NOTION_FAULT_KINDS) expect(NOTION).toContain(`\`${kind}\``);
    const behave = notionExamples.find(({ op }) => op === "behave");
    expect(Object.keys(behave ?? {}).sort()).toEqual(["op", ...Object.keys(DEFAULT_BEHAVIOUR)].sort());
  });

  it("has examples that work, in their order", async () => {
    const { emulator, wait } = await aNotionWorld();
    expect(README).toContain(`auth: "${emulator.tokens()[0]}"`);
    for (const example of notionExamples) {
      const op = JSON.stringify(example);
      const response = await emulator.fetch(
        new Request("http://notion.test/__control", {
          method: "POST",
          body: op,
          headers: { "content-type": "application/json" },
        }),
      );
      expect(await response.json(), op).toMatchObject({ ok: true, op: example.op });
      wait(1_000);
    }
    expect(emulator.tokens()).toEqual([]);
    expect(emulator.pages("projects").find(({ key }) => key === "school")?.values).toMatchObject({
      Price: 950,
      Tags: ["glass"],
      Due: { start: "2026-09-01", end: "2026-09-30" },
    });
    expect(emulator.pages("clients").map(({ key }) => key)).toEqual(["port", "bridge"]);
  });
});
