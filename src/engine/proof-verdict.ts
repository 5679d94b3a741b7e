import { ALERT_NAMES_SHOWN } from "../core/policy.ts";
import type { Ports } from "../ports/ports.ts";

/** What a proof of everything has come to. */
export type ProofVerdict = {
  /** What differs and is not merely left to do, by name. */
  readonly unexplained: readonly string[];
  /** Both sides of each comparison. */
  readonly figures: {
    readonly source: number;
    readonly records: number;
    readonly chunks: number;
    readonly vectors: number;
  };
};

/** Nothing but a proof looks at every store, so nothing but a proof may open or close this alert. */
const SUBJECT = "proof";

/** Open an alert if anything is unexplained, else close it. May be told twice, and of an older proof. */
export async function settleProof({ runs, world }: Ports, proof: ProofVerdict): Promise<void> {
  const nowMs = world.nowMs();
  const { unexplained, figures } = proof;
  if (unexplained.length === 0) {
    await runs.closeAlert("proof_failed", SUBJECT, nowMs);
    return;
  }
  const named = unexplained.slice(0, ALERT_NAMES_SHOWN).join("; ");
  const more =
    unexplained.length > ALERT_NAMES_SHOWN ? `; and ${unexplained.length - ALERT_NAMES_SHOWN} more` : "";
  const { source, records, chunks, vectors } = figures;
  const detail = `${named}${more} (source ${source}, records ${records}, chunks ${chunks}, vectors ${vectors})`;
  await runs.raiseAlert({ id: world.newId(), kind: "proof_failed", subject: SUBJECT, detail }, nowMs);
}
