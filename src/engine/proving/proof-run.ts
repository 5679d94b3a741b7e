import { ALERT_NAMES_SHOWN, IDS_SHOWN_MAX, PROOF_COMPLETE_EVERY_MS } from "../../core/policy.ts";
import {
  addSums,
  FAULTS,
  isLeftBy,
  nextPhase,
  withDifferences,
  type Fault,
  type Finding,
  type Figure,
  type Proof,
  type ProofState,
} from "../../core/proof.ts";
import type { Check } from "../../core/report.ts";
import { durably } from "../durably.ts";
import type { PipelineOutcome, RunContext } from "../run-context.ts";
import type { ProvedStep } from "./phases.ts";

/** Nothing but a proof looks at every store, so nothing but a proof may open or close its alert. */
const SUBJECT = "proof";

/** The proof that is open; else a new one, complete if the last complete one is a week old. */
export async function planProof({ ports }: RunContext): Promise<{ proof: Proof; sinceMs: number }> {
  const { proofs, world } = ports;
  const nowMs = world.nowMs();
  const { open, lastCompleteMs, lastAskedMs } = await proofs.standing();
  const isDue = lastCompleteMs === null || nowMs - lastCompleteMs >= PROOF_COMPLETE_EVERY_MS;
  const proof =
    open ??
    (await proofs.ask({ id: world.newId(), mode: isDue ? "complete" : "daily", isAnew: false, nowMs }));
  return { proof, sinceMs: lastAskedMs ?? 0 };
}

/** Write down what one step has come to, and where the proof stands then. May be done twice. */
export async function keepProved(
  { ports, fence, run }: RunContext,
  proof: Proof,
  { before, proved }: { readonly before: ProofState; readonly proved: ProvedStep },
): Promise<{ state: ProofState; calls: number }> {
  const { proofs, world } = ports;
  const told = withDifferences(before, proved.faults, proved.left);
  const at: ProofState = {
    ...told,
    cursor: proved.cursor,
    taken: before.taken + (proved.taken ?? 0),
    sums: proved.sums === undefined ? before.sums : addSums(before.sums, proved.sums),
    figures: [...before.figures, ...proved.figures],
    notes: [...before.notes, ...proved.notes],
    looked: [...new Set([...before.looked, ...proved.looked])],
    sliceEnd: proved.sliceEnd ?? before.sliceEnd,
  };
  const state = proved.cursor === null ? nextPhase(at) : at;
  const faults = proved.faults.map((fault: Fault) => ({ ...fault, id: world.newId() }));
  await proofs.keep(fence, {
    proofId: proof.id,
    mode: proof.mode,
    runId: run.id,
    nowMs: world.nowMs(),
    state,
    faults,
    seen: proved.seen ?? [],
  });
  return { state, calls: proved.calls + 2 };
}

/** How a run of verify ends: with its proof, which opens or closes the alert; or in the middle of it. */
export async function outcomeOfProof(
  context: RunContext,
  proof: Proof,
  { state, isEnded }: { readonly state: ProofState; readonly isEnded: boolean },
): Promise<PipelineOutcome> {
  const goesOn = { continues: true, sourceCount: null, destinationCount: null, failedCount: 0, findings: [] };
  if (!isEnded) return goesOn;
  const ended = { ...state, figures: [...sumFigures(proof, state), ...state.figures] };
  const { isOver, open } = await durably(context, "end", () => endProof(context, proof, ended));
  if (!isOver) return goesOn;
  const { sums } = state;
  const accounted = sums.records + sums.pending + sums.quarantined;
  const isCounted = proof.mode === "complete" && state.differences === 0 && sums.source > 0;
  return {
    continues: false,
    sourceCount: isCounted ? sums.source : null,
    destinationCount: isCounted ? accounted : null,
    failedCount: 0,
    checks: ended.figures.map(checkOf),
    findings: [...open, ...failures(state)],
  };
}

/** Each figure of the meetings that were looked at, where that was all of them. */
function sumFigures(proof: Proof, { sums, differences }: ProofState): Figure[] {
  // Before the whole history was listed once, what is stored is more than any complete listing vouches for.
  if (proof.mode !== "complete" || (sums.source === 0 && differences > 0)) return [];
  const { source, raw, records, pending, quarantined, chunks, vectors } = sums;
  const of = (domain: Figure["domain"], what: string, ledger: number, store: number): Figure => ({
    domain,
    what,
    ledger,
    store,
    ok: ledger === store,
    asOfMs: null,
  });
  return [
    of("raw", "revisions whose bytes were hashed again", source, raw),
    of("records", "records, pending and quarantined", source, records + pending + quarantined),
    of("vectors", "vectors read back", chunks, vectors),
  ];
}

function checkOf({ domain, what, ok, ledger, store, asOfMs }: Figure): Check {
  const asOf = asOfMs === null ? "" : ` (as of ${new Date(asOfMs).toISOString()})`;
  return {
    name: `proof of ${domain.replace("_", " ")}: ${what}`,
    ok,
    expected: ledger,
    actual: `${store}${asOf}`,
  };
}

/** Meetings that failed are tried again by themselves; a proof with such a one does not hold all the same. */
function failures({ named }: ProofState): string[] {
  const failed = named.filter((difference) => difference.startsWith("failed: ")).length;
  return failed === 0 ? [] : [`${failed} meetings failed; they are asked for again`];
}

/** @returns what is open after it, in sentences */
async function endProof(
  context: RunContext,
  proof: Proof,
  state: ProofState,
): Promise<{ isOver: boolean; open: string[] }> {
  const { ports, fence } = context;
  const { proofs, world } = ports;
  const isOver = await proofs.end(fence, {
    proofId: proof.id,
    mode: proof.mode,
    nowMs: world.nowMs(),
    state,
  });
  if (!isOver) return { isOver, open: [] };
  const { items } = await proofs.findings(world.nowMs(), IDS_SHOWN_MAX);
  const open = items.filter(({ verifiedMs }) => verifiedMs === null);
  await settleAlert(context, state, open);
  return { isOver, open: open.map(findingWords) };
}

/** A finding in one sentence. */
function findingWords({ kind, subject, cause }: Finding): string {
  return `${FAULTS[kind].words}: ${subject} (${cause})`;
}

/** An edit in Notion that the next listing takes anyway is a finding, and nothing to wake anybody for. */
const QUIET: ReadonlySet<Fault["kind"]> = new Set(["page_differs", "page_unknown"]);

async function settleAlert(
  { ports, fence }: RunContext,
  state: ProofState,
  open: readonly Finding[],
): Promise<void> {
  const { runs, world } = ports;
  const loud = [
    ...open.filter(({ kind }) => !QUIET.has(kind)).map(findingWords),
    ...state.named.filter(
      (difference) => difference.startsWith("failed: ") && !isLeftBy("fireflies", difference),
    ),
  ];
  if (loud.length === 0) {
    const closed = { kind: "proof_failed", subject: SUBJECT } as const;
    await runs.updateAlerts(fence, world.nowMs(), { open: [], close: [closed] });
    return;
  }
  const more = loud.length > ALERT_NAMES_SHOWN ? `; and ${loud.length - ALERT_NAMES_SHOWN} more` : "";
  const { source, records, chunks, vectors } = state.sums;
  const detail = `${loud.slice(0, ALERT_NAMES_SHOWN).join("; ")}${more} (source ${source}, records ${records}, chunks ${chunks}, vectors ${vectors})`;
  const alert = { id: world.newId(), kind: "proof_failed", subject: SUBJECT, detail } as const;
  await runs.updateAlerts(fence, world.nowMs(), { open: [alert], close: [] });
}
