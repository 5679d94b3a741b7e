import { LexicalEmbedder } from "../../emulators/workers-ai/lexical-embedder.ts";
import { chunkTranscript } from "../../src/core/chunk.ts";
import { transcriptSentences } from "../../src/core/mapping/fireflies-meeting.ts";
import { CHUNK_SIZES } from "../../src/core/policy.ts";
import { DIMENSIONS } from "./estate.ts";
import { revisionAt, rowsOf, type Row } from "./stores.ts";
import type { Simulation } from "./simulation.ts";

/** The end of law 2: chunks wanted for the revision on record = live chunks = vectors, text and values included. */
export async function brokenVectors(sim: Simulation): Promise<string[]> {
  const meetings = await rowsOf(
    sim,
    "select id, r2_key, content_hash, indexed_hash, date from meetings where deleted_ms is null",
  );
  const live = await rowsOf(sim, "select * from chunks where state = 'live'");
  const byDocument = Map.groupBy(live, (chunk) => String(chunk["document_id"]));
  const broken: string[] = [];
  for (const meeting of meetings) {
    const id = String(meeting["id"]);
    if (meeting["indexed_hash"] !== meeting["content_hash"])
      broken.push(`law 2: the vectors of ${id} are of another revision`);
    const { sentences } = transcriptSentences(revisionAt(sim, String(meeting["r2_key"])) ?? "");
    const wanted = chunkTranscript(sentences, CHUNK_SIZES)
      .map((chunk) => chunk.text)
      .toSorted();
    const held = (byDocument.get(id) ?? []).map((chunk) => String(chunk["text"])).toSorted();
    if (JSON.stringify(wanted) !== JSON.stringify(held))
      broken.push(`law 2: ${id} wants ${wanted.length} chunks and has ${held.length} live ones, or others`);
    byDocument.delete(id);
  }
  for (const id of byDocument.keys())
    broken.push(`law 2: there are live chunks of ${id}, which has no record`);
  return [...broken, ...(await brokenIndex(sim, live))];
}

/** Are the vectors those of the live chunks, exactly? */
async function brokenIndex(sim: Simulation, live: readonly Row[]): Promise<string[]> {
  const broken: string[] = [];
  const { index } = sim.estate;
  const ids = new Set(idsIn(sim));
  const embedder = new LexicalEmbedder();
  for (const chunk of live) {
    const id = String(chunk["id"]);
    const [vector] = await index.getByIds([id]);
    if (!ids.delete(id) || vector === undefined) {
      broken.push(`law 2: chunk ${id} of ${chunk["document_id"]} is live and has no vector`);
      continue;
    }
    const expected = embedder.embedOne(String(chunk["text"]), DIMENSIONS);
    if (vector.values.some((value, place) => Math.fround(value) !== expected[place]))
      broken.push(`law 2: the vector of chunk ${id} is of another text`);
    const metadata = vector.metadata as { document?: string } | undefined;
    if (metadata?.document !== chunk["document_id"])
      broken.push(`law 2: the vector of chunk ${id} names another document`);
  }
  for (const id of ids) {
    const [row] = await rowsOf(sim, `select state, rechecks from chunks where id = '${id}'`);
    broken.push(
      `law 2: vector ${id} stands for no live chunk (${row?.["state"] ?? "unknown"}, looked at ${row?.["rechecks"]} times)`,
    );
  }
  return broken;
}

function idsIn(sim: Simulation): string[] {
  const ids: string[] = [];
  for (let cursor: string | null = null; ;) {
    const page = sim.estate.index.listIds(cursor);
    ids.push(...page.items);
    cursor = page.cursor;
    if (cursor === null) return ids;
  }
}
