import type { QuotaState } from "../../core/quota.ts";
import type { Attempt, Fence, RunStore, VendorKey } from "../../ports/run-store.ts";
import { statement, type Database, type Statement } from "./database.ts";
import { insertAttempt, vendorKeyOf, type QuotaRow } from "./run-rows.ts";

type Methods = Pick<RunStore, "vendorKey" | "takeCall" | "settleCall">;

/** One row always: that of the key, or nulls, with the account that owns the vendor's records. */
const SELECT_KEY = `select quota.*, (select account_id from workspaces where vendor = ?2) as workspace_account_id
  from (select ?1 as name) left join quota on key_name = name`;

function vendorOf(keyName: string): string {
  return keyName.split(":")[0] ?? "";
}

/** The counters of vendor keys: what may be called next. A call and its attempt are one batch. */
export function quotaTable(database: Database): Methods {
  return {
    vendorKey: async (keyName) => {
      const [row] = await database.rows<QuotaRow>(SELECT_KEY, keyName, vendorOf(keyName));
      return vendorKeyOf(keyName, row);
    },
    takeCall: (fence, key, quota, attempt) => takeCall(database, { fence, key, quota, attempt }),
    settleCall: async (fence, attemptId, outcome, key) => {
      await database.fenced(fence, [
        statement(
          "update attempts set outcome = ?2, detail = ?3, duration_ms = ?4 where id = ?1",
          attemptId,
          outcome.failure?.kind ?? "ok",
          outcome.failure?.detail ?? null,
          outcome.durationMs,
        ),
        ...ownership(key),
        settledKey(key),
      ]);
    },
  };
}

type TakeCall = {
  readonly fence: Fence;
  readonly key: VendorKey;
  readonly quota: QuotaState;
  readonly attempt: Attempt;
};

async function takeCall(database: Database, { fence, key, quota, attempt }: TakeCall): Promise<boolean> {
  const [taken] = await database.fenced(fence, [
    statement(
      `insert into quota (key_name, vendor, version, budget, used, window_ends_ms, not_before_ms, window_ms)
       values (?1, ?2, ?3 + 1, ?4, ?5, ?6, ?7, ?8)
       on conflict (key_name) do update set version = version + 1, budget = excluded.budget, used = excluded.used,
         window_ends_ms = excluded.window_ends_ms, window_ms = excluded.window_ms,
         not_before_ms = max(not_before_ms, excluded.not_before_ms)
       where version = ?3`,
      key.keyName,
      vendorOf(key.keyName),
      key.version,
      quota.budget,
      quota.used,
      quota.windowEndsMs,
      quota.notBeforeMs,
      quota.windowMs,
    ),
    // changes() is that of the statement before: the attempt exists only if the call was taken.
    insertAttempt(attempt, "started", "where changes() > 0"),
  ]);
  return (taken?.meta.changes ?? 0) > 0;
}

/** The first account that is proven owns the records, and stays their owner whatever keys come later. */
function ownership(key: Parameters<RunStore["settleCall"]>[3]): Statement[] {
  if (key.accountHash === null || key.workspaceAccountHash !== null) return [];
  const sql = "insert into workspaces (vendor, account_id) values (?1, ?2) on conflict (vendor) do nothing";
  return [statement(sql, vendorOf(key.keyName), key.accountHash)];
}

function settledKey(key: Parameters<RunStore["settleCall"]>[3]): Statement {
  return statement(
    `update quota set version = version + 1, budget = ?2, used = ?3, window_ends_ms = ?4,
       not_before_ms = max(not_before_ms, ?5), without_fields = ?6, account_id = ?7, denied = ?8, meetings_estimate = ?9, window_ms = ?10
     where key_name = ?1`,
    key.keyName,
    key.quota.budget,
    key.quota.used,
    key.quota.windowEndsMs,
    key.quota.notBeforeMs,
    JSON.stringify(key.withoutFields),
    key.accountHash,
    key.denied ? 1 : 0,
    key.meetingsEstimate,
    key.quota.windowMs,
  );
}
