import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { aWorkspace, meetingsIn } from "./fireflies/a-workspace.ts";
import { controlOpSchema } from "./fireflies/control-ops.ts";
import type { ControlInput } from "./fireflies/control-ops.ts";

const README = readFileSync(new URL("./README.md", import.meta.url), "utf8");
const FIREFLIES = README.slice(README.indexOf("## Fireflies"));

/** Fenced JSON blocks that hold an op. */
const examples = [...FIREFLIES.matchAll(/```json\n(.*?)\n```/gs)]
  .map(([, text]) => JSON.parse(text!) as ControlInput)
  .filter((value) => "op" in value);

describe("the README of the emulators", () => {
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
