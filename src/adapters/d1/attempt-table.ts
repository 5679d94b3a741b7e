import type { FailureKind } from "../../core/errors.ts";
import type { RunStore } from "../../ports/run-store.ts";
import { statement, type Database } from "./database.ts";
import { attemptOf, insertAttempt, type AttemptsRow } from "./run-rows.ts";
import { roomToSayIt } from "./storage-table.ts";

type Methods = Pick<RunStore, "recordFailure" | "failuresOf" | "troubles">;

/** Attempts: what was tried, and what came of it. */
export function attemptTable(database: Database): Methods {
  return {
    recordFailure: async (fence, attempt, { failure, next, decidedMs, durationMs }) => {
      const isFull = failure.kind === "storage_full" && failure.party === "d1";
      await database.fenced(fence, [
        ...(isFull ? [roomToSayIt()] : []),
        insertAttempt(attempt, failure.kind),
        statement(
          "update attempts set outcome = ?2, detail = ?3, duration_ms = coalesce(duration_ms, ?4), next = ?5, next_ms = ?6, decided_ms = ?7 where id = ?1",
          attempt.id,
          failure.kind,
          failure.detail,
          durationMs,
          next.do,
          next.do === "halt" ? null : next.untilMs,
          decidedMs,
        ),
      ]);
    },
    failuresOf: async (runId, step) => {
      const rows = await database.rows<{ outcome: FailureKind }>(
        `select outcome from attempts where run_id = ?1 and step = ?2 and outcome not in ('ok', 'started', 'not_yet') order by id`,
        runId,
        step,
      );
      return { items: rows.map((row) => row.outcome), cursor: null };
    },
    troubles: async (runId, limit) => {
      const rows = await database.rows<AttemptsRow>(
        "select * from attempts where run_id = ?1 and outcome <> 'ok' order by id limit ?2",
        runId,
        limit,
      );
      return { items: rows.map(attemptOf), cursor: null };
    },
  };
}
