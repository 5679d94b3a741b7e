import { executeRun } from "../../src/engine/run.ts";
import { startRun } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { SyncName } from "../../src/ports/run-store.ts";
import type { Steps } from "../../src/ports/steps.ts";
import { freshSteps, type Workspace } from "./workspace.ts";

const REVIVALS_MAX = 3;

/** The call of a store at which the program ends, before it takes effect or with its reply. */
export type Death = { readonly atCall: number; readonly when: "before" | "after" };

/** The program ended. */
class Killed extends Error {}

/**
 * A run whose process dies at a call of the database or of the raw store; it comes back to life with what its steps
 * remembered. @returns whether it died
 */
export async function runDying(space: Workspace, sync: SyncName, death: Death | null): Promise<boolean> {
  let calls = 0;
  let isDead = false;
  const hook = (when: Death["when"]) => (): void => {
    // Several may be under way at once, so that those that come back are counted by themselves.
    if (death?.when === when) calls += 1;
    if (death?.when === when && calls === death.atCall) isDead = true;
    if (isDead) throw new Killed();
  };
  const asked = { sync, trigger: "manual", priority: "normal" } as const;
  const { run } = await startRun(space.ports, space.engine, asked);
  let steps = freshSteps(space.world);
  // Whoever is dead remembers nothing.
  const dying = (): Steps => ({
    ...steps,
    do: (name, work) =>
      steps.do(name, async (tries) => {
        const value = await work(tries);
        if (isDead) throw new Killed();
        return value;
      }),
  });
  const setHooks = (
    hooks: Parameters<typeof space.d1.setHooks>[0] & Parameters<typeof space.r2.setHooks>[0],
  ): void => {
    space.d1.setHooks(hooks);
    space.r2.setHooks(hooks);
  };
  setHooks({ beforeCall: hook("before"), afterCall: hook("after") });
  let died = false;
  for (let lives = 0; lives < REVIVALS_MAX; lives += 1) {
    try {
      await executeRun(space.ports, dying(), run.id, PIPELINES);
      break;
    } catch (error) {
      if (!isDead) throw error;
      died = true;
      isDead = false;
      setHooks({});
      await space.ports.runs.raiseEpoch(run.id);
      steps = steps.copy();
    }
  }
  setHooks({});
  return died;
}
