import type {
  Attempt,
  AttemptRow,
  Priority,
  Run,
  RunState,
  SyncName,
  Trigger,
  VendorKey,
} from "../../ports/run-store.ts";
import type { Party } from "../../core/errors.ts";
import { QUOTA_UNKNOWN } from "../../core/quota.ts";
import type { RebuildName } from "../../core/rebuild.ts";
import { statement, type Statement } from "./database.ts";

/** Condition for runs that have not ended. */
export const UNFINISHED = "state in ('queued', 'running')";

/** The place of a priority, the most urgent first. */
export function rankOf(priority: string): string {
  return `(case ${priority} when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end)`;
}

/** Unfinished runs of one lane: the one under way first, then the most urgent, then the oldest. */
export const LANE_ORDER = `started_ms is null, ${rankOf("priority")}, queued_ms, id`;

/** Holds for runs that did, or tried to do, what the schedule asks for: of meetings, webhooks have only some read. */
export const IS_ORDINARY =
  "(mode is null or id in (select run_id from approvals)) and not (sync = 'fireflies' and trigger = 'webhook')";

/** A row of `runs`. */
export type RunRow = {
  id: string;
  sync: SyncName;
  trigger: Trigger;
  priority: Priority;
  state: RunState;
  epoch: number;
  ceiling_ms: number;
  queued_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  started_real_ms: number | null;
  duration_ms: number | null;
  not_before_ms: number | null;
  detail: string | null;
  source_count: number | null;
  destination_count: number | null;
  continues: number;
  result: string | null;
  rebuild_id: string | null;
  rebuild: RebuildName | null;
  mode: "dry_run" | "plan" | null;
  plan_hash: string | null;
};

/** A row of `runs` as the ports name it. */
export function runOf(row: RunRow): Run {
  return {
    id: row.id,
    sync: row.sync,
    trigger: row.trigger,
    priority: row.priority,
    state: row.state,
    epoch: row.epoch,
    ceilingMs: row.ceiling_ms,
    queuedMs: row.queued_ms,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    startedRealMs: row.started_real_ms,
    durationMs: row.duration_ms,
    notBeforeMs: row.not_before_ms,
    detail: row.detail,
    sourceCount: row.source_count,
    destinationCount: row.destination_count,
    continues: row.continues === 1,
    result: row.result === null ? null : JSON.parse(row.result),
    rebuild:
      row.rebuild_id === null || row.rebuild === null ? null : { id: row.rebuild_id, what: row.rebuild },
    preview: previewOf(row),
  };
}

function previewOf({ mode, plan_hash: planHash }: RunRow): Run["preview"] {
  if (mode === "dry_run") return { mode, planHash };
  return mode === "plan" && planHash !== null ? { mode, planHash } : null;
}

/** A row of `attempts`. */
export type AttemptsRow = {
  id: string;
  run_id: string;
  step: string;
  party: Party;
  operation: string;
  is_call: number;
  at_ms: number;
  duration_ms: number | null;
  outcome: string;
  detail: string | null;
  next: string | null;
  next_ms: number | null;
};

/** A row of `attempts` as the ports name it. */
export function attemptOf(row: AttemptsRow): AttemptRow {
  return {
    id: row.id,
    runId: row.run_id,
    step: row.step,
    party: row.party,
    operation: row.operation,
    isCall: row.is_call === 1,
    atMs: row.at_ms,
    durationMs: row.duration_ms,
    outcome: row.outcome,
    detail: row.detail,
    next: row.next,
    nextMs: row.next_ms,
  };
}

/** Insert an attempt; a second time changes nothing. `where` makes it depend on what the batch did before. */
export function insertAttempt(attempt: Attempt, outcome: string, where = "where true"): Statement {
  const { id, runId, step, party, operation, isCall, atMs } = attempt;
  return statement(
    `insert into attempts (id, run_id, step, party, operation, is_call, at_ms, outcome)
     select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 ${where} on conflict (id) do nothing`,
    id,
    runId,
    step,
    party,
    operation,
    isCall ? 1 : 0,
    atMs,
    outcome,
  );
}

/** A row of `quota`, and the account that owns the vendor's records. Nulls where the key is new. */
export type QuotaRow = {
  key_name: string | null;
  version: number;
  budget: number | null;
  used: number;
  window_ends_ms: number | null;
  window_ms: number | null;
  not_before_ms: number;
  without_fields: string;
  account_id: string | null;
  meetings_estimate: number | null;
  denied: number;
  workspace_account_id: string | null;
};

/** A row of `quota` as the ports name it. */
export function vendorKeyOf(keyName: string, row: QuotaRow | undefined): VendorKey {
  const isNew = row === undefined || row.key_name === null;
  return {
    keyName,
    version: isNew ? 0 : row.version,
    quota: isNew
      ? QUOTA_UNKNOWN
      : {
          budget: row.budget,
          used: row.used,
          windowEndsMs: row.window_ends_ms,
          windowMs: row.window_ms,
          notBeforeMs: row.not_before_ms,
        },
    withoutFields: isNew ? [] : JSON.parse(row.without_fields),
    accountHash: row?.account_id ?? null,
    workspaceAccountHash: row?.workspace_account_id ?? null,
    meetingsEstimate: row?.meetings_estimate ?? null,
    denied: row?.denied === 1,
  };
}
