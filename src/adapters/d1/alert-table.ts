import type { Acknowledgement } from "../../ports/alert-store.ts";
import type { Alert, NewAlert, RunStore } from "../../ports/run-store.ts";
import { statement, type Database, type Statement } from "./database.ts";

/** Rows that `alertOf` takes, oldest first. */
export const OPEN_ALERTS = `select id, kind, subject, detail, opened_ms as openedMs, last_ms as lastMs, acked_ms as ackedMs,
  acked_by as ackedBy, ack_note as ackNote from alerts where closed_ms is null order by opened_ms`;

/** What a row says of whoever has it in hand. */
export type AcknowledgedRow = {
  readonly ackedMs: number | null;
  readonly ackedBy: string | null;
  readonly ackNote: string | null;
};

/** A row of `OPEN_ALERTS`. */
export type OpenAlertRow = Omit<Alert, "acknowledged"> & AcknowledgedRow;

/** An open alert from its row. */
export function alertOf({ ackedMs, ackedBy, ackNote, ...alert }: OpenAlertRow): Alert {
  return { ...alert, acknowledged: acknowledgementOf({ ackedMs, ackedBy, ackNote }) };
}

/** Who has it in hand; null: nobody yet. */
export function acknowledgementOf({ ackedMs, ackedBy, ackNote }: AcknowledgedRow): Acknowledgement | null {
  return ackedMs === null ? null : { atMs: ackedMs, by: ackedBy ?? "", note: ackNote };
}

/** Alerts: open once per kind and subject. */
export function alertTable(database: Database): Pick<RunStore, "openAlerts" | "updateAlerts"> {
  return {
    openAlerts: async () => ({
      items: (await database.rows<OpenAlertRow>(OPEN_ALERTS)).map(alertOf),
      cursor: null,
    }),
    updateAlerts: async (fence, nowMs, change) => {
      const opened = change.open.map((alert) => opening(alert, nowMs));
      const closed = change.close.map((alert) => closing(alert, nowMs));
      const statements = [...opened, ...closed];
      if (statements.length === 0) return;
      await (fence === null ? database.batch(statements) : database.fenced(fence, statements));
    },
  };
}

function closing({ kind, subject }: Pick<Alert, "kind" | "subject">, nowMs: number): Statement {
  const sql = "update alerts set closed_ms = ?3 where kind = ?1 and subject = ?2 and closed_ms is null";
  return statement(sql, kind, subject, nowMs);
}

/**
 * Opens an alert, or says of the one that is open that it still holds.
 *
 * @param applies condition under which it does, of what the batch has done just before
 */
export function opening(alert: NewAlert, nowMs: number, applies = "true"): Statement {
  const { id, kind, subject, detail } = alert;
  return statement(
    `insert into alerts (id, kind, subject, detail, opened_ms, last_ms) select ?1, ?2, ?3, ?4, ?5, ?5 where ${applies}
     on conflict (kind, subject) where closed_ms is null do update set last_ms = excluded.last_ms, detail = excluded.detail`,
    id,
    kind,
    subject,
    detail,
    nowMs,
  );
}
