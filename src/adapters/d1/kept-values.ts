import { sha256Hex } from "../../core/identity.ts";
import type { TableName } from "../../core/records/table.ts";
import type { ConflictEntry, HistoryEntry } from "../../ports/table-store.ts";
import { forRows, type Statement } from "./database.ts";

/** An entry of the history, or of the conflicts, as JSON, with its name and its record. */
export type KeptEntry = { readonly id: string; readonly recordId: string; readonly [name: string]: unknown };

/**
 * Write down what is replaced and what met.
 *
 * @param condition SQL without which an entry is not written; it is `entry.value`, and values are numbered from ?5 on
 */
export function keptStatements(
  {
    history,
    conflicts,
  }: { readonly history: readonly KeptEntry[]; readonly conflicts: readonly KeptEntry[] },
  { sync, runId, nowMs }: { readonly sync: TableName; readonly runId: string; readonly nowMs: number },
  condition: { readonly sql: string; readonly values: readonly string[] },
): Statement[] {
  const values = [sync, runId, nowMs, ...condition.values];
  return [
    ...forRows(
      history,
      `insert into history (id, sync, record_id, column_name, side, value, replaced_by, run_id, at_ms)
       select entry.value ->> 'id', ?2, entry.value ->> 'recordId', entry.value ->> 'column', entry.value ->> 'side',
         entry.value -> 'value', entry.value -> 'replacedBy', ?3, ?4
       from json_each(?1) as entry where ${condition.sql} on conflict (id) do nothing`,
      ...values,
    ),
    ...forRows(
      conflicts,
      `insert into conflicts (id, sync, record_id, column_name, notion, d1, base, taken, run_id, at_ms, resolved_ms)
       select entry.value ->> 'id', ?2, entry.value ->> 'recordId', entry.value ->> 'column', entry.value -> 'notion',
         entry.value -> 'd1', entry.value -> 'base', entry.value ->> 'taken', ?3, ?4,
         iif(entry.value ->> 'taken' is null, null, ?4)
       from json_each(?1) as entry where ${condition.sql} on conflict (id) do nothing`,
      ...values,
    ),
  ];
}

/** Named by what is replaced by what at which reading: the same replacement, planned twice, is one entry. */
export async function historyRows(
  sync: TableName,
  recordId: string,
  atMs: number,
  entries: readonly HistoryEntry[],
): Promise<KeptEntry[]> {
  return Promise.all(
    entries.map(async (entry) => {
      const { column, side, value, replacedBy } = entry;
      const said = [sync, recordId, column, side, value, replacedBy, atMs];
      return { ...entry, recordId, id: await sha256Hex(JSON.stringify(said)) };
    }),
  );
}

/** Named by the values that met, so that a conflict met in every run is one row. */
export async function conflictRows(
  sync: TableName,
  recordId: string,
  entries: readonly ConflictEntry[],
): Promise<KeptEntry[]> {
  return Promise.all(
    entries.map(async (entry) => {
      const { column, notion, d1, base } = entry;
      const said = [sync, recordId, column, notion, d1, base];
      const id = await sha256Hex(JSON.stringify(said));
      return { ...entry, recordId, id, base: base === null ? null : [base.notion, base.d1] };
    }),
  );
}
