import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createVectorizeInMemory } from "./in-memory.ts";

const DELAY_MS = 100;

type Step =
  | { do: "upsert" | "insert"; ids: string[]; value: number }
  | { do: "delete"; ids: string[] }
  | { do: "wait"; ms: number }
  | { do: "pause" | "resume" | "look" };

const someIds = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constantFrom("upsert" as const, "insert" as const),
      ids: someIds,
      value: fc.integer({ min: 1, max: 99 }),
    }),
    fc.record({ do: fc.constant("delete" as const), ids: someIds }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 150 }) }),
    fc.record({ do: fc.constantFrom("pause" as const, "resume" as const, "look" as const) }),
  ),
  { maxLength: 40 },
);

/** Found by chance: nobody reads between the moment a mutation is due and the pause. */
const DUE_BEFORE_THE_PAUSE: Step[] = [
  { do: "upsert", ids: ["a"], value: 1 },
  { do: "wait", ms: DELAY_MS },
  { do: "pause" },
  { do: "look" },
];

/** What the index must show, kept in the plainest way. */
class PlainModel {
  readonly visible = new Map<string, number>();
  #queue: { step: Step; dueMs: number }[] = [];
  #held = false;

  take(step: Step, nowMs: number): void {
    if (step.do === "pause" || step.do === "resume") this.#held = step.do === "pause";
    else if (step.do === "upsert" || step.do === "insert" || step.do === "delete") {
      this.#queue.push({ step, dueMs: nowMs + DELAY_MS });
    }
  }

  catchUp(nowMs: number): void {
    while (!this.#held && (this.#queue[0]?.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs)
      this.#apply(this.#queue.shift()?.step);
  }

  #apply(step: Step | undefined): void {
    if (step?.do === "delete") for (const id of step.ids) this.visible.delete(id);
    if (step?.do === "upsert") for (const id of step.ids) this.visible.set(id, step.value);
    if (step?.do === "insert")
      for (const id of step.ids) if (!this.visible.has(id)) this.visible.set(id, step.value);
  }
}

it("shows what a plain queue over a plain map would show, whatever is done to it", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      let nowMs = 0;
      let mutations = 0;
      const index = createVectorizeInMemory({
        dimensions: 2,
        metric: "euclidean",
        delayMs: DELAY_MS,
        nowMs: () => nowMs,
        newMutationId: () => `m${(mutations += 1)}`,
      });
      const model = new PlainModel();
      for (const step of [
        ...history,
        { do: "resume" } as const,
        { do: "wait", ms: DELAY_MS } as const,
        { do: "look" } as const,
      ]) {
        model.catchUp(nowMs);
        if (step.do === "upsert" || step.do === "insert") {
          await index[step.do](step.ids.map((id) => ({ id, values: [step.value, 0] })));
        }
        if (step.do === "delete") await index.deleteByIds(step.ids);
        if (step.do === "pause") index.controls.pause();
        if (step.do === "resume") index.controls.resume();
        if (step.do === "wait") nowMs += step.ms;
        model.take(step, nowMs);
        model.catchUp(nowMs);
        if (step.do !== "look") continue;
        const found = (await index.query([0, 0], { topK: 50, returnValues: true })).matches;
        const seen = found.map(({ id, values }): [string, number] => [id, values?.[0] ?? 0]);
        expect(new Map(seen)).toEqual(model.visible);
        expect(seen).toHaveLength(model.visible.size);
        expect((await index.describe()).vectorCount).toBe(model.visible.size);
        expect(index.listIds().items).toEqual([...model.visible.keys()].toSorted());
      }
      index.close();
    }),
    { numRuns: 200, examples: [[DUE_BEFORE_THE_PAUSE]] },
  );
});
