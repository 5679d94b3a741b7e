import type { FieldValue } from "../core/merge.ts";
import type { KnownRow, Planned } from "./page-bindings.ts";

/** What a preview found out about a row in one batch, small enough to be remembered with its step. */
export type PlannedRow = {
  readonly id: string;
  /** Page that will be bound to it. */
  readonly pageId: string;
  /** Columns that rows are looked up by, as they will be; those of a row that is there already only where they change. */
  readonly keys: Readonly<Record<string, FieldValue>>;
  readonly isNew: boolean;
};

/**
 * The rows of a preview so far: what is in the database, with what earlier batches would have written into it. A page of
 * the next batch must find the same rows as it will when it is done in earnest.
 */
export function plannedRows(): Planned & {
  readonly note: (rows: readonly PlannedRow[]) => void;
  /** Whether a page will be bound to this row. */
  readonly isTaken: (recordId: string) => boolean;
} {
  const byId = new Map<string, PlannedRow>();
  const byKey = new Map<string, Set<string>>();
  const keyOf = (column: string, value: FieldValue): string => `${column}\n${lowered(String(value))}`;
  return {
    idFor: (pageId) => `page ${pageId}`,
    isTaken: (recordId) => byId.has(recordId),
    note: (rows) => {
      for (const row of rows) {
        byId.set(row.id, row);
        for (const [column, value] of Object.entries(row.keys)) {
          if (value === null) continue;
          const key = keyOf(column, value);
          byKey.set(key, (byKey.get(key) ?? new Set()).add(row.id));
        }
      }
    },
    among: (rows, wanted) => {
      const stored = rows.map((candidate) => after(candidate, byId.get(candidate.row.id)));
      const has = new Set(rows.map(({ row }) => row.id));
      const named = Object.entries(wanted).flatMap(([column, values]) =>
        values.flatMap((value) => [...(byKey.get(keyOf(column, value)) ?? [])]),
      );
      const made = [...new Set(named)].flatMap((id) => {
        const row = byId.get(id);
        return row === undefined || has.has(id) || !row.isNew ? [] : [candidateOf(row)];
      });
      return [...stored, ...made];
    },
  };
}

function after(candidate: KnownRow, planned: PlannedRow | undefined): KnownRow {
  if (planned === undefined) return candidate;
  const { row } = candidate;
  return {
    ...candidate,
    pageId: planned.pageId,
    row: { ...row, notionId: planned.pageId, values: { ...row.values, ...planned.keys } },
  };
}

function candidateOf({ id, pageId, keys }: PlannedRow): KnownRow {
  const row = { id, values: keys, extra: "{}", notionId: pageId, deletedMs: null };
  return { row, version: null, pageId };
}

/** As the database compares: only letters of ASCII have another case. */
function lowered(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
