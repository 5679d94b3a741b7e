import { WorkflowEntrypoint } from "cloudflare:workers";
import { SCENARIOS, type ScenarioStep } from "../../emulators/contracts/workflow-scenarios.ts";

/** Runs the scenario that its parameters name, in workerd's own engine. */
export class ScenarioFlow extends WorkflowEntrypoint {
  override async run(event: { payload: { scenario: string } }, step: ScenarioStep): Promise<unknown> {
    const scenario = SCENARIOS[event.payload.scenario];
    if (scenario === undefined) throw new Error(`no scenario "${event.payload.scenario}"`);
    return scenario.run(step);
  }
}
