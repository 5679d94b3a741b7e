import { MEND_PAUSE_MS, MEND_TRIES_MAX } from "../../core/policy.ts";
import type { Finding, Mender } from "../../core/proof.ts";
import type { ProofStore } from "../../ports/proof-store.ts";
import { forRows, type Database } from "./database.ts";

type Methods = Pick<
  ProofStore,
  "findings" | "openSubjects" | "open" | "toMend" | "noteRepair" | "oweDocuments"
>;

const COLUMNS = `id, domain, kind, subject, mender, cause, found_ms as foundMs, run_id as runId, repair,
  repaired_ms as repairedMs, tries, verified_ms as verifiedMs`;

/** Findings that the runs of a sync are to mend at ?1. */
const TO_MEND = `verified_ms is null and repaired_ms is null and mender is not null and tries < ${MEND_TRIES_MAX}
  and (again_ms is null or again_ms <= ?1)`;

/** What proofs found, and what was done about it. */
export function findingTable(database: Database): Methods {
  return { ...findingReads(database), ...mendWrites(database) };
}

function findingReads(database: Database): Pick<Methods, "findings" | "openSubjects" | "open" | "toMend"> {
  return {
    findings: async (sinceMs, limit) => ({
      items: await database.rows<Finding>(
        `select ${COLUMNS} from findings where verified_ms is null or found_ms >= ?1 order by found_ms desc, id limit ?2`,
        sinceMs,
        limit,
      ),
      cursor: null,
    }),
    openSubjects: async (domains, after, limit) => {
      const rows = await database.rows<{ subject: string }>(
        `select distinct subject from findings where verified_ms is null and subject > ?2
           and domain in (select value from json_each(?1)) order by subject limit ?3`,
        JSON.stringify(domains),
        after,
        limit,
      );
      const items = rows.map(({ subject }) => subject);
      return { items, cursor: items.length === limit ? (items.at(-1) ?? null) : null };
    },
    open: async (nowMs) => {
      const rows = await database.rows<{
        mender: Mender | null;
        count: number;
        repaired: number;
        repairedMs: number | null;
        due: number;
      }>(
        `select mender, count(*) as count, count(repaired_ms) as repaired, max(repaired_ms) as repairedMs,
           coalesce(sum(${TO_MEND}), 0) as due
         from findings where verified_ms is null group by mender`,
        nowMs,
      );
      const sum = (of: "count" | "repaired"): number => rows.reduce((total, row) => total + row[of], 0);
      return {
        count: sum("count"),
        repaired: sum("repaired"),
        repairedMs: rows.reduce<number | null>(
          (newest, { repairedMs }) => (repairedMs === null ? newest : Math.max(newest ?? 0, repairedMs)),
          null,
        ),
        menders: rows.flatMap(({ mender, due }) => (mender !== null && due > 0 ? [mender] : [])),
      };
    },
    toMend: async (mender, nowMs, limit) => ({
      items: await database.rows<Finding>(
        `select ${COLUMNS} from findings where ${TO_MEND} and mender = ?2 order by found_ms, id limit ?3`,
        nowMs,
        mender,
        limit,
      ),
      cursor: null,
    }),
  };
}

function mendWrites(database: Database): Pick<Methods, "noteRepair" | "oweDocuments"> {
  return {
    noteRepair: async (fence, { ids, words, isDone, nowMs }) => {
      await database.fenced(
        fence,
        forRows(
          ids,
          // Only of what is to be mended: a step whose reply was lost counts one try.
          `update findings set repair = ?2, tries = tries + 1, repaired_ms = iif(?3, ?4, null), again_ms = ?4 + ?5
           where id in (select value from json_each(?1)) and verified_ms is null and repaired_ms is null
             and (again_ms is null or again_ms <= ?4)`,
          words,
          isDone ? 1 : 0,
          nowMs,
          isDone ? 0 : MEND_PAUSE_MS,
        ),
      );
    },
    oweDocuments: async (fence, { ids, unseenIds, nowMs }) => {
      await database.fenced(fence, [
        ...forRows(
          unseenIds,
          "update chunks set state = 'sent' where state = 'live' and id in (select value from json_each(?1))",
        ),
        ...forRows(
          ids,
          `update meetings set vectors_owed_since = coalesce(vectors_owed_since, ?2)
           where id in (select value from json_each(?1)) and deleted_ms is null`,
          nowMs,
        ),
      ]);
    },
  };
}
