import type { Workflow } from "@cloudflare/workers-types";
import { describe, expect, it } from "vitest";
import { SCENARIOS } from "./workflow-scenarios.ts";

const POLL_MS = 5;
const POLLS_MAX = 2_000;

/**
 * What the product relies on in Workflows, each rule a sentence. Runs over the in-process engine in Node and over the
 * local engine inside workerd.
 *
 * @param name which implementation
 * @param workflow a binding whose instances run the scenario named by `params.scenario`
 */
export function workflowSuite(name: string, workflow: () => Workflow): void {
  describe(`Workflows contract: ${name}`, () => {
    let instanceCount = 0;
    const create = (scenario: string) => {
      instanceCount += 1;
      return workflow().create({ id: `case-${instanceCount}`, params: { scenario } });
    };
    const finish = async (id: string) => {
      for (let polls = 0; polls < POLLS_MAX; polls++) {
        const status = await (await workflow().get(id)).status();
        if (["complete", "errored", "terminated"].includes(status.status)) return status;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      throw new Error(`${id} did not finish`);
    };
    const ANY = "the same name in a loop is another step each time";

    it.each(Object.entries(SCENARIOS))("%s", async (scenario, { expected }) => {
      const { id } = await create(scenario);
      expect(await finish(id)).toMatchObject(expected);
    });

    it("an id is taken as long as its instance exists, finished or not", async () => {
      const { id } = await create(ANY);
      await finish(id);
      await expect(workflow().create({ id, params: { scenario: ANY } })).rejects.toThrow(
        `(instance.already_exists) Workflow instance with id "${id}" already exists`,
      );
      await (await workflow().get(id)).delete();
      await expect(workflow().get(id)).rejects.toThrow("instance.not_found");
      await workflow().create({ id, params: { scenario: ANY } });
      expect((await finish(id)).status).toBe("complete");
    });

    it("a batch creates what is new and says what is not", async () => {
      const { id } = await create(ANY);
      const fresh = `${id}-fresh`;
      const params = { scenario: ANY };
      const result = await workflow().createBatch({
        instances: [
          { id, params },
          { id: fresh, params },
          { id: fresh, params },
        ],
      });
      expect(result.created.map((instance) => instance.id)).toEqual([fresh]);
      expect(result.errors).toMatchObject([
        { index: 0, id, code: 10405 },
        { index: 2, id: fresh, code: 10415 },
      ]);
      await finish(fresh);
    });

    it.each(["", "a b", "-a", "a".repeat(101)])("refuses the id %j", async (id) => {
      await expect(workflow().create({ id, params: { scenario: ANY } })).rejects.toThrow("invalid id");
    });

    it("an event of an unused type harms nothing", async () => {
      const { id } = await create(ANY);
      const instance = await workflow().get(id);
      await instance.sendEvent({ type: "revive", payload: {} });
      const before = await finish(id);
      await instance.sendEvent({ type: "revive", payload: {} });
      expect(await finish(id)).toMatchObject({ status: "complete", output: before.output });
    });

    it("terminates what runs, refuses what is over", async () => {
      const { id } = await create("sleeping takes its time");
      const instance = await workflow().get(id);
      await instance.terminate();
      expect((await finish(id)).status).toBe("terminated");
      await expect((await workflow().get(id)).terminate()).rejects.toThrow("(instance.cannot_terminate)");
    });
  });
}
