import type { D1Database } from "@cloudflare/workers-types";
import { FailureError } from "../../core/errors.ts";
import { PROOFS_KEPT } from "../../core/policy.ts";
import { proofBegun, menderOf, type Proof, type ProofState } from "../../core/proof.ts";
import type { ProofStanding, ProofStore } from "../../ports/proof-store.ts";
import { createDatabase, forRows, statement, type Database, type Statement } from "./database.ts";
import { namedObjects, seenObjects } from "./earlier-objects.ts";
import { findingTable } from "./finding-table.ts";
import { proofReads } from "./proof-reads.ts";

/** Proofs and findings, and what a proof asks the ledger. */
export function createProofStore(d1: D1Database): ProofStore {
  const database = createDatabase(d1);
  return {
    ...proofTable(database),
    ...findingTable(database),
    ...proofReads(database),
    ...fullTextMethods(database),
  };
}

type ProofRow = { id: string; mode: Proof["mode"]; asked_ms: number; ended_ms: number | null; state: string };

function proofOf(row: ProofRow | undefined): Proof | null {
  if (row === undefined) return null;
  const { id, mode, asked_ms: askedMs, ended_ms: endedMs, state } = row;
  return { id, mode, askedMs, endedMs, state: JSON.parse(state) as ProofState };
}

/** The source was listed for the finding, which is not done again for it: it has shown the meeting since. */
const IS_SEEN_SINCE = `domain = 'source' and repaired_ms is not null and exists (select 1 from sightings
  where source_id = subject and observed_ms >= found_ms and state <> 'failed')`;

type ProofMethods = Pick<ProofStore, "ask" | "standing" | "proof" | "keep" | "end">;

const OPEN = "select * from proofs where ended_ms is null";

function proofTable(database: Database): ProofMethods {
  return { ...askMethods(database), ...stepMethods(database) };
}

function askMethods(database: Database): Pick<ProofMethods, "ask" | "standing" | "proof"> {
  return {
    ask: async ({ id, mode, isAnew, nowMs }) => {
      const { sliceEnd } = await standing(database);
      const begun = JSON.stringify(proofBegun(sliceEnd));
      const results = await database.batch([
        statement(
          `insert into proofs (id, mode, asked_ms, state) select ?1, ?2, ?3, ?4 where not exists (${OPEN})`,
          id,
          mode,
          nowMs,
          begun,
        ),
        // What a run of the daily one still writes down is not kept: it is of another mode.
        statement(
          `update proofs set mode = iif(?1 = 'complete', ?1, mode), state = ?2
             where ended_ms is null and (?3 or (?1 = 'complete' and mode <> ?1))`,
          mode,
          begun,
          isAnew ? 1 : 0,
        ),
        statement(OPEN),
      ]);
      const [row] = (results.at(-1)?.results ?? []) as ProofRow[];
      return proofOf(row) ?? { id, mode, askedMs: nowMs, endedMs: null, state: proofBegun(sliceEnd) };
    },
    standing: () => standing(database),
    proof: async (id) => {
      const rows =
        id === null
          ? await database.rows<ProofRow>("select * from proofs order by asked_ms desc, id desc limit 1")
          : await database.rows<ProofRow>("select * from proofs where id = ?1", id);
      return proofOf(rows[0]);
    },
  };
}

function stepMethods(database: Database): Pick<ProofMethods, "keep" | "end"> {
  return {
    keep: async (fence, { proofId, mode, runId, nowMs, state, faults, seen }) => {
      await database.fenced(fence, [
        statement(
          "update proofs set state = ?2 where id = ?1 and ended_ms is null and mode = ?3",
          proofId,
          JSON.stringify(state),
          mode,
        ),
        ...found(faults, { proofId, mode, runId, nowMs }),
        ...seenObjects(seen, proofId),
      ]);
    },
    end: async (fence, { proofId, mode, nowMs, state }) => {
      const results = await database.fenced(fence, [
        statement(
          `update findings set verified_ms = ?2 where verified_ms is null and proof_id <> ?1
             and (domain in (select value from json_each(?3)) or (${IS_SEEN_SINCE}))
             and exists (select 1 from proofs where id = ?1 and ended_ms is null and mode = ?4)`,
          proofId,
          nowMs,
          JSON.stringify(state.looked),
          mode,
        ),
        statement(
          "update proofs set ended_ms = ?2, state = ?3 where id = ?1 and ended_ms is null and mode = ?4",
          proofId,
          nowMs,
          JSON.stringify(state),
          mode,
        ),
        namedObjects(proofId, nowMs),
        statement(
          `delete from proofs where ended_ms is not null and id not in (select id from proofs
             order by asked_ms desc, id desc limit ${PROOFS_KEPT})`,
        ),
        statement("select ended_ms from proofs where id = ?1", proofId),
      ]);
      return ((results.at(-1)?.results ?? []) as { ended_ms: number | null }[])[0]?.ended_ms != null;
    },
  };
}

async function standing(database: Database): Promise<ProofStanding> {
  const [open, [ended], [complete]] = await Promise.all([
    database.rows<ProofRow>(OPEN),
    database.rows<ProofRow>(
      "select * from proofs where ended_ms is not null order by ended_ms desc, id desc limit 1",
    ),
    database.rows<{ ms: number | null }>(
      "select max(ended_ms) as ms from proofs where mode = 'complete' and ended_ms is not null",
    ),
  ]);
  const last = proofOf(ended);
  return {
    open: proofOf(open[0]),
    lastCompleteMs: complete?.ms ?? null,
    lastAskedMs: last?.askedMs ?? null,
    lastEndedMs: last?.endedMs ?? null,
    sliceEnd: last?.state.sliceEnd ?? "",
  };
}

/**
 * Findings of faults. The same fault again is the same finding: once its run has mended it and it stands all the same, it
 * is mended once more.
 */
function found(
  faults: Parameters<ProofStore["keep"]>[1]["faults"],
  { proofId, mode, runId, nowMs }: { proofId: string; mode: Proof["mode"]; runId: string; nowMs: number },
): Statement[] {
  return forRows(
    faults.map((fault) => ({ ...fault, mender: menderOf(fault) })),
    `insert into findings (id, domain, kind, subject, mender, cause, found_ms, run_id, proof_id)
     select value ->> 'id', value ->> 'domain', value ->> 'kind', value ->> 'subject', value ->> 'mender', value ->> 'cause',
       ?4, ?3, ?2 from json_each(?1) where exists (select 1 from proofs where id = ?2 and ended_ms is null and mode = ?5)
     on conflict (kind, subject) where verified_ms is null do update set
       repaired_ms = iif(proof_id = excluded.proof_id, repaired_ms, null), proof_id = excluded.proof_id,
       cause = excluded.cause`,
    proofId,
    runId,
    nowMs,
    mode,
  );
}

type FullTextMethods = Pick<ProofStore, "fullText" | "isFullTextSound" | "rebuildFullText">;

const FULL_TEXT = ["chunks_fts", "meetings_fts"] as const;

function fullTextMethods(database: Database): FullTextMethods {
  return {
    fullText: async () => {
      // Whoever is not gone has a text, but for what is there again: rows are wide, and this is counted by an index.
      const [row] = await database.rows<{ chunks: number; entries: number }>(
        `select (select count(*) from chunks where state <> 'gone')
             - (select count(*) from chunks where state = 'dead' and text is null) as chunks,
           (select count(*) from chunks_fts_docsize) as entries`,
      );
      return row ?? { chunks: 0, entries: 0 };
    },
    isFullTextSound: async (fence) => {
      try {
        // 1: against the table as well, not only within itself. Source: SQLite docs, FTS5, "integrity-check".
        await database.fenced(
          fence,
          FULL_TEXT.map((name) =>
            statement(`insert into ${name} (${name}, rank) values ('integrity-check', 1)`),
          ),
        );
        return true;
      } catch (error) {
        if (isDamage(error)) return false;
        throw error;
      }
    },
    rebuildFullText: async (fence) => {
      await database.fenced(
        fence,
        FULL_TEXT.map((name) => statement(`insert into ${name} (${name}) values ('rebuild')`)),
      );
    },
  };
}

/** SQLite words it so where an index differs from its table. */
function isDamage(error: unknown): boolean {
  return (
    error instanceof FailureError &&
    error.failure.kind === "defect" &&
    /malformed|corrupt/i.test(error.failure.detail)
  );
}
