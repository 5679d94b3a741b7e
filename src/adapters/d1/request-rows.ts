import type { RunRequest } from "../../ports/request-store.ts";
import type { Priority, Run, SyncName, Trigger } from "../../ports/run-store.ts";
import { statement, type Statement } from "./database.ts";

/** A row of `requests`. */
export type RequestRow = {
  id: string;
  sync: SyncName;
  trigger: Trigger;
  priority: Priority;
  mode: "dry_run" | "plan" | null;
  plan_hash: string | null;
  asked_ms: number;
  run_id: string | null;
};

/** A row of `requests` as the ports name it. */
export function requestOf(row: RequestRow): RunRequest {
  return {
    id: row.id,
    sync: row.sync,
    trigger: row.trigger,
    priority: row.priority,
    preview: previewOf(row),
    askedMs: row.asked_ms,
    runId: row.run_id,
  };
}

function previewOf({ mode, plan_hash: planHash }: RequestRow): Run["preview"] {
  if (mode === "dry_run") return { mode, planHash: null };
  return mode === "plan" && planHash !== null ? { mode, planHash } : null;
}

/** How a run ended, as far as what was asked for goes. */
type RunEnd = {
  readonly endedMs: number;
  /** Whether another run has to go on where this one ended, by itself. */
  readonly goesOn: boolean;
  /** The run that it made way for; null as a rule. */
  readonly yieldedTo: string | null;
  /** Whether an ordinary run is to go on with what it left. */
  readonly leavesRest: boolean;
};

/**
 * What the end of a run means for requests: they are answered, or left to the run that goes on. One that made way is a
 * request itself, whoever started it. Belongs into the batch that closes the run; twice is once.
 */
export function requestsAtEnd(
  runId: string,
  { endedMs, goesOn, yieldedTo, leavesRest }: RunEnd,
): Statement[] {
  const reopen = "update requests set run_id = null where run_id = ?1 and ended_ms is null and mode is null";
  const yielded = `insert into requests (id, sync, trigger, priority, asked_ms)
    select id, sync, trigger, priority, ?2 from runs where id = ?1 and rebuild_id is null on conflict do nothing`;
  const rest = `insert into requests (id, sync, trigger, priority, asked_ms)
    select id, sync, 'schedule', 'normal', ?2 from runs where id = ?1 and not exists (select 1 from requests
      where requests.sync = runs.sync and ended_ms is null and run_id is null and mode is null) on conflict do nothing`;
  return [
    ...(leavesRest ? [statement(rest, runId, endedMs)] : []),
    ...(goesOn ? [statement(reopen, runId)] : []),
    ...(yieldedTo === null ? [] : [statement(yielded, runId, endedMs)]),
    statement("update requests set ended_ms = ?2 where run_id = ?1 and ended_ms is null", runId, endedMs),
  ];
}
