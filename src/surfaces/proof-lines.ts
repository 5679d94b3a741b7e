import { FAULTS, isLeftBy, type Figure, type Finding } from "../core/proof.ts";
import type { ProofReport } from "../queries/proof.ts";
import { moreLines } from "./cut-lists.ts";

/** Everything that a proof has to say, for people. */
export function proofLines({ proof, findings, open }: ProofReport): string[] {
  if (proof === null) return ["Nothing was ever proved: syncctl verify."];
  const { state, mode, askedMs, endedMs } = proof;
  const left = state.named.filter((difference) => isLeftBy("fireflies", difference));
  const end =
    endedMs === null ? `has not come to its end: it is at "${state.phase}"` : `ended ${iso(endedMs)}`;
  return [
    `${mode === "complete" ? "Complete proof" : "Proof of what changed and of a slice of the rest"}, asked for ${iso(askedMs)}, ${end}`,
    ...state.figures.map(figureLine),
    ...state.notes.map((note) => `  note: ${note}`),
    ...(left.length > 0 ? [`  ${left.length} wait for a run of their sync`] : []),
    ...findingLines(findings),
    ...moreLines(findings.filter(({ verifiedMs }) => verifiedMs === null).length, open),
    open > 0
      ? `${open} ${open === 1 ? "finding is" : "findings are"} open`
      : findings.length > 0
        ? "Everything that was found was mended, and seen mended"
        : "Nothing was found",
  ];
}

/** Findings with their cause, what was done, and whether a later proof saw it mended. */
export function findingLines(findings: readonly Finding[]): string[] {
  return findings.map(({ kind, subject, cause, repair, tries, verifiedMs, mender }) => {
    const done = repair === null ? waits(mender) : `${repair}${tries > 1 ? ` (${tries} times)` : ""}`;
    const seen = verifiedMs === null ? "not seen mended yet" : `seen mended ${iso(verifiedMs)}`;
    return `finding: ${FAULTS[kind].words}: ${subject} (${cause}); ${done}; ${seen}`;
  });
}

function waits(mender: Finding["mender"]): string {
  return mender === null
    ? "no run can mend it: docs/runbook.md, proof_failed"
    : `the next run of ${mender} mends it`;
}

function figureLine({ domain, what, ledger, store, ok, asOfMs }: Figure): string {
  const asOf = asOfMs === null ? "" : ` (as of ${iso(asOfMs)})`;
  return `  ${domain.replace("_", " ").padEnd(9)} ${what}: ledger ${ledger}, store ${store}${asOf}${ok ? "" : "  DIFFERS"}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
