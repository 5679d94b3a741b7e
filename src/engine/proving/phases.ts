import { PROOF_PAGE_ITEMS, PROOF_SLICES } from "../../core/policy.ts";
import type { Domain, Phase, Proof, ProofState } from "../../core/proof.ts";
import type { TableName } from "../../core/records/table.ts";
import { durably, RunEnded, type StepScope } from "../durably.ts";
import type { RunContext } from "../run-context.ts";
import { lookAtMeetings } from "./meetings.ts";
import type { Proved } from "./proved.ts";
import { onRecord, proveSource } from "./source.ts";
import { countObjects, figure, NOTHING, proveFullText, proveIndex } from "./stores.ts";
import { proveTable } from "./tables.ts";

/** Domains that meetings are looked at for. */
const OF_MEETINGS: readonly Domain[] = ["raw", "records", "chunks", "vectors"];

/** Whether a phase is about a table of Notion's. */
export function isTable(phase: Phase): phase is TableName {
  return phase === "clients" || phase === "projects";
}

type At = { readonly proof: Proof; readonly state: ProofState; readonly sinceMs: number };

/** A step of a phase that is not about a table; `sums` where it looked at meetings. */
export type ProvedStep = Proved & {
  readonly sums?: ProofState["sums"];
  readonly taken?: number;
  readonly sliceEnd?: string;
};

/** Make one step of the phase that a proof stands in. */
export async function provePhase(context: RunContext, scope: StepScope, at: At): Promise<ProvedStep> {
  const { state, proof } = at;
  const isComplete = proof.mode === "complete";
  switch (state.phase) {
    case "again":
      return lookAtOpen(context, scope, at);
    case "changed":
      return isComplete ? NOTHING : lookAtChanged(context, scope, at);
    case "meetings":
      return isComplete ? lookAtAll(context, scope, state) : lookAtSlice(context, scope, state);
    case "objects":
      return countObjects(context, state.cursor, isComplete);
    case "full text":
      return { ...(await proveFullText(context, isComplete)), looked: ["full_text"] };
    case "index":
      return { ...(await proveIndex(context)), looked: OF_MEETINGS };
    case "source":
      return proveSource(context, scope, { isComplete, cursor: state.cursor });
    default:
      return NOTHING;
  }
}

/** Meetings of which a finding is open, in any proof: all of them, for what is not found again counts as mended. */
async function lookAtOpen(context: RunContext, scope: StepScope, { state, proof }: At): Promise<ProvedStep> {
  const { proofs } = context.ports;
  if (proof.mode === "complete") return NOTHING;
  const domains = [...OF_MEETINGS, "full_text"] as const;
  const { items, cursor } = await proofs.openSubjects(domains, state.cursor ?? "", PROOF_PAGE_ITEMS);
  if (items.length === 0) return NOTHING;
  const page = await proofs.meetings({ ids: items });
  const { faults, left, calls } = await lookAtMeetings(context.ports, scope, page.items);
  return { ...NOTHING, faults, left, calls, cursor };
}

async function lookAtChanged(
  context: RunContext,
  scope: StepScope,
  { state, sinceMs }: At,
): Promise<ProvedStep> {
  const { proofs } = context.ports;
  const page = await proofs.meetings({ after: state.cursor ?? "", limit: PROOF_PAGE_ITEMS, sinceMs });
  const looked = await lookAtMeetings(context.ports, scope, page.items);
  return { ...NOTHING, ...looked, cursor: page.cursor, taken: page.items.length };
}

async function lookAtAll(context: RunContext, scope: StepScope, state: ProofState): Promise<ProvedStep> {
  const { proofs } = context.ports;
  const page = await proofs.meetings({ after: state.cursor ?? "", limit: PROOF_PAGE_ITEMS });
  const looked = await lookAtMeetings(context.ports, scope, page.items);
  return { ...NOTHING, ...looked, cursor: page.cursor, taken: page.items.length, sliceEnd: "" };
}

/** A slice goes on where the last one ended, and the next one begins anew where there is nothing after it. */
async function lookAtSlice(context: RunContext, scope: StepScope, state: ProofState): Promise<ProvedStep> {
  const { proofs } = context.ports;
  const sliceItems = Math.ceil((await proofs.sightingCount()) / PROOF_SLICES);
  const limit = Math.min(PROOF_PAGE_ITEMS, Math.max(0, sliceItems - state.taken));
  if (limit === 0) return NOTHING;
  const page = await proofs.meetings({ after: state.sliceEnd, limit });
  const looked = await lookAtMeetings(context.ports, scope, page.items);
  const end = page.cursor ?? "";
  const isOver = page.cursor === null || state.taken + page.items.length >= sliceItems;
  return {
    ...NOTHING,
    ...looked,
    cursor: isOver ? null : end,
    taken: page.items.length,
    sliceEnd: end,
  };
}

/**
 * Prove a table of Notion's: listed anew in a complete proof, and where something about it is open; else what the listing of
 * the day has shown is on record.
 */
export async function proveTablePhase(
  context: RunContext,
  proof: Proof,
  { phase }: ProofState,
): Promise<Proved> {
  const { notion, proofs, tables } = context.ports;
  if (!isTable(phase) || notion === null || notion.databases[phase] === null) return NOTHING;
  const { items } = await durably(context, `${phase} open`, () => proofs.openSubjects([phase], "", 1));
  if (proof.mode === "complete" || items.length > 0) return proveTable(context, phase);
  return durably(context, `${phase} on record`, async (): Promise<Proved> => {
    const { lastFull, lastFullMs } = await tables.listings(phase);
    if (lastFull === null) return { ...NOTHING, notes: [`${phase} was not listed to its end yet`] };
    const { pages, accounted } = await tables.balance(phase, lastFull.id);
    const counted = { ledger: accounted, store: pages, ok: accounted === pages, asOfMs: lastFullMs };
    return { ...NOTHING, calls: 2, figures: [figure(phase, "pages listed by Notion", counted)] };
  });
}

/**
 * Why a phase could not be proved, if that is a vendor's doing; null for anything else, which ends the run.
 */
export function mayFail(error: unknown, phase: Phase): string | null {
  if (!(error instanceof RunEnded) || !(isTable(phase) || phase === "source")) return null;
  const { party, kind, detail } = error.failure;
  const isVendors = (party === "fireflies" || party === "notion") && kind !== "superseded";
  return isVendors ? detail : null;
}

/** What is said instead of a phase that could not be proved. */
export async function unproved(context: RunContext, phase: Phase, why: string): Promise<Proved> {
  const note = `${phase === "source" ? "the source" : phase} could not be listed now: ${why}`;
  return phase === "source" ? onRecord(context, [note]) : { ...NOTHING, notes: [note] };
}
