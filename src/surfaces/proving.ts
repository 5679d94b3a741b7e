import { MEND_TRIES_MAX, SYNC_NAMES } from "../core/policy.ts";
import { waits } from "../engine/run-waits.ts";
import type { Mender } from "../core/proof.ts";
import type { SyncName } from "../ports/run-store.ts";
import type { ProofReport } from "../queries/proof.ts";
import type { RunReport } from "../queries/status.ts";
import type { ApiClient } from "./client.ts";

/** Runs of one sync that are followed: each continues the one before. */
const RUNS_MAX = 1_000;

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
  const prove = async (): Promise<ProofReport> => {
    const { run_id: id } = await client.askProof(isComplete);
    reports.push(...(await toTheEnd(client, "verify", id, follow)));
    return client.proof(nowMs);
  };
  let report = await prove();
  for (let round = 0; round < MEND_TRIES_MAX && isToLookAt(report); round += 1) {
    for (const sync of syncsFor(report.menders)) {
      const { run_id: id } = await client.start(sync);
      reports.push(...(await toTheEnd(client, sync, id, follow)));
    }
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

async function toTheEnd(client: Door, sync: SyncName, firstId: string, follow: Follow): Promise<RunReport[]> {
  const reports = [await follow(firstId)];
  while (reports.length < RUNS_MAX) {
    const { run } = reports.at(-1) as RunReport;
    // A rebuild or a dry run that was under way in this lane went first.
    const isOther = run.rebuild !== null || run.preview?.mode === "dry_run";
    if ((!run.continues || waits(run)) && !isOther) break;
    const { run_id: id } = await client.start(sync);
    reports.push(await follow(id));
  }
  return reports;
}
