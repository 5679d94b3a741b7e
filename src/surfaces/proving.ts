import { MEND_TRIES_MAX, SYNC_NAMES } from "../core/policy.ts";
import type { Mender } from "../core/proof.ts";
import type { SyncName } from "../ports/run-store.ts";
import type { ProofReport } from "../queries/proof.ts";
import type { RunReport } from "../queries/status.ts";
import type { ApiClient } from "./client.ts";
import { followToEnd } from "./following.ts";

/** Told to see a run to its end. */
export type Follow = (runId: string) => Promise<RunReport>;

export type Proved = {
  /** Runs of verify and of the syncs that mended, oldest first. */
  readonly reports: readonly RunReport[];
  /** The newest proof, and everything that any of them found. */
  readonly report: ProofReport;
};

type Door = Pick<ApiClient, "status" | "askProof" | "start" | "proof">;

/**
 * Prove; have what was found mended by the syncs that own it; and prove again, until nothing is left to be mended that a run
 * can mend.
 */
export async function proveAndMend(client: Door, isComplete: boolean, follow: Follow): Promise<Proved> {
  const { nowMs } = await client.status();
  const reports: RunReport[] = [];
  const start = async (sync: SyncName): Promise<string> => (await client.start(sync)).run_id;
  const prove = async (): Promise<ProofReport> => {
    const first = async (): Promise<string> => (await client.askProof(isComplete)).run_id;
    reports.push(...(await followToEnd({ first, next: () => start("verify"), follow, asked: "normal" })));
    return client.proof(nowMs);
  };
  let report = await prove();
  for (let round = 0; round < MEND_TRIES_MAX && isToLookAt(report); round += 1) {
    const mended: RunReport[] = [];
    for (const sync of syncsFor(report.menders)) {
      const again = (): Promise<string> => start(sync);
      mended.push(...(await followToEnd({ first: again, next: again, follow, asked: "normal" })));
    }
    reports.push(...mended);
    // Nothing is otherwise than the proof has just said, and it need not be said again.
    if (mended.length > 0 && mended.every(({ run }) => run.state === "failed")) break;
    report = await prove();
  }
  return { reports, report };
}

/** The clock may have had some of it mended meanwhile. */
function isToLookAt({ menders, repaired }: ProofReport): boolean {
  return menders.length > 0 || repaired > 0;
}

/** A record that is made again may owe its vectors. */
function syncsFor(menders: readonly Mender[]): SyncName[] {
  return SYNC_NAMES.filter(
    (sync) =>
      menders.some((mender) => mender === sync) || (sync === "vectors" && menders.includes("fireflies")),
  );
}
