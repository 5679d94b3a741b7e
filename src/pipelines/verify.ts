import { PROOF_CALLS_PER_RUN } from "../core/policy.ts";
import { nextPhase, type Proof, type ProofState } from "../core/proof.ts";
import { durably } from "../engine/durably.ts";
import { keepProved, outcomeOfProof, planProof } from "../engine/proving/proof-run.ts";
import { isTable, mayFail, provePhase, proveTablePhase, unproved } from "../engine/proving/phases.ts";
import type { PipelineOutcome, RunContext } from "../engine/run-context.ts";

/**
 * Hold everything that is kept against what keeps it: the source, R2, D1, chunks, full text, vectors, pages of Notion. It only
 * reads; what is wrong becomes findings, which the runs of the sync that owns the rows mend. Source: design 8, verify; law 2.
 *
 * Each step is a checkpoint. A run that has asked the stores often enough ends, and its continuation goes on.
 */
export async function proveEverything(context: RunContext): Promise<PipelineOutcome> {
  const plan = await durably(context, "plan", () => planProof(context));
  const { proof } = plan;
  let state: ProofState = proof.state;
  let calls = 0;
  for (let n = 1; state.phase !== "done"; n += 1) {
    // Tables are listed in one go, and take a good part of what one run may ask.
    const spent = isTable(state.phase) ? calls * 2 : calls;
    if (spent >= PROOF_CALLS_PER_RUN) return outcomeOfProof(context, proof, { state, isEnded: false });
    const before: ProofState = state;
    const step = await one(context, plan, { n, before });
    state = step.state;
    calls += step.calls;
  }
  return outcomeOfProof(context, proof, { state, isEnded: true });
}

/** One step of a proof. What a vendor does not answer for is said, and costs its own domain alone. */
async function one(
  context: RunContext,
  plan: { readonly proof: Proof; readonly sinceMs: number },
  { n, before }: { readonly n: number; readonly before: ProofState },
): Promise<{ state: ProofState; calls: number }> {
  const { proof } = plan;
  try {
    if (isTable(before.phase)) {
      const proved = await proveTablePhase(context, proof, before);
      return await durably(context, `proved:${n}`, () => keepProved(context, proof, { before, proved }));
    }
    return await durably(context, `prove:${n}`, async (scope) => {
      const proved = await provePhase(context, scope, { ...plan, state: before });
      return keepProved(context, proof, { before, proved });
    });
  } catch (error) {
    const why = mayFail(error, before.phase);
    if (why === null) throw error;
    return durably(context, `unproved:${n}`, async () => {
      const proved = await unproved(context, before.phase, why);
      const { state, calls } = await keepProved(context, proof, { before, proved });
      return { state: state.phase === before.phase ? nextPhase(state) : state, calls };
    });
  }
}
