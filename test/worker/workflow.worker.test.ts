import { env } from "cloudflare:test";
import { expect, it } from "vitest";
import { workflowSuite } from "../../emulators/contracts/workflow.testsuite.ts";
import { ScenarioFlow } from "./workflow-fixture.ts";

workflowSuite("workerd", () => env.CONTRACT_FLOW);

it("vitest.config.ts binds the class by this name", () => {
  expect(ScenarioFlow.name).toBe("ScenarioFlow");
});
