import { FINDINGS_SHOWN_MAX } from "../core/policy.ts";
import type { Finding, Mender, Proof } from "../core/proof.ts";
import type { Ports } from "../ports/ports.ts";

/** The newest proof, and everything that was found and is open, or was found since it was asked for. */
export type ProofReport = {
  /** Null: none was ever asked for. */
  readonly proof: Proof | null;
  readonly findings: readonly Finding[];
  /** Findings that no later proof saw mended. */
  readonly open: number;
  /** Those of them that were mended, and that no proof has looked at since. */
  readonly repaired: number;
  /** Syncs whose runs have something to mend now. */
  readonly menders: readonly Mender[];
  /** When the newest complete listing of the source ended, world ms; null: never. */
  readonly sourceAsOfMs: number | null;
};

/** The whole ledger of proof as it stands. Reads only. */
export async function readProof(
  { proofs, records, world }: Pick<Ports, "proofs" | "records" | "world">,
  sinceMs: number | null,
): Promise<ProofReport> {
  const proof = await proofs.proof(null);
  const [findings, open, source] = await Promise.all([
    proofs.findings(sinceMs ?? proof?.askedMs ?? world.nowMs(), FINDINGS_SHOWN_MAX),
    proofs.open(world.nowMs()),
    records.sourceCount(),
  ]);
  const { count, repaired, menders } = open;
  return { proof, findings: findings.items, open: count, repaired, menders, sourceAsOfMs: source.asOfMs };
}
