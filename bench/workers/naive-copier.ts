/**
 * The peer of `bench copy`: what a competent person writes in an afternoon. It fetches the same pages of 50, keeps each
 * transcript gzipped in R2, upserts rows, cuts the same chunks with the same chunker, keeps the same full-text index, embeds
 * 32 at a time and upserts 250 vectors at a time, in Workflow steps of the same kind and size. What it leaves out is what trust costs: overlapping
 * pages, leases and fences, the ledger of attempts and verdicts, the check of each record, hashes, reading back what was
 * written to R2 and to the index, kept embeddings, and the proof that nothing is missing.
 */
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import type { D1Database, R2Bucket, Vectorize } from "@cloudflare/workers-types";
import { listQuery } from "../../src/adapters/fireflies/query.ts";
import { chunkTranscript } from "../../src/core/chunk.ts";

export type NaiveEnv = {
  readonly DB: D1Database;
  readonly RAW: R2Bucket;
  readonly VECTORS: Vectorize;
  readonly AI: { run(model: string, inputs: object): Promise<{ data: Float32Array[] }> };
  readonly FIREFLIES_URL: string;
  readonly FIREFLIES_KEY: string;
};

type Sentence = {
  text: string;
  speaker_name: string | null;
  start_time: number | null;
  end_time: number | null;
};

type Transcript = {
  id: string;
  title: string;
  dateString: string;
  duration: number | null;
  organizer_email: string | null;
  participants: string[];
  transcript_url: string | null;
  audio_url?: string | null;
  sentences: Sentence[];
  summary: { overview: string | null; action_items: string | null; keywords: string[] } | null;
};

type ChunkRow = { id: string; meeting: string; text: string };

const PAGE_ROWS = 50;
const DOCUMENTS_PER_BATCH = 25;
const CHUNKS_PER_STEP = 250;
const TEXTS_PER_CALL = 32;
const CHUNK_SIZES = { tokensMax: 1_000, tokensMin: 800, overlapTokens: 200 };

const TABLES = [
  `create table if not exists meetings (id text primary key, title text, date text, duration real, organizer text,
     participants text, url text, summary text, action_items text, keywords text, characters integer, r2_key text,
     indexed integer not null default 0)`,
  `create table if not exists chunks (id text primary key, meeting_id text, position integer, text text, speaker text,
     start_seconds real, end_seconds real)`,
  "create index if not exists chunks_by_meeting on chunks (meeting_id, position)",
  `create virtual table if not exists chunks_fts using fts5(text, content = 'chunks', content_rowid = 'rowid',
     tokenize = 'porter unicode61 remove_diacritics 2')`,
  `create trigger if not exists chunks_added after insert on chunks begin
     insert into chunks_fts (rowid, text) values (new.rowid, new.text); end`,
];

/** One copy from the API to vectors. Its output is how long it took, in ms. */
export class NaiveCopy extends WorkflowEntrypoint<NaiveEnv> {
  override async run(_event: Readonly<WorkflowEvent<unknown>>, step: WorkflowStep): Promise<number> {
    const { env } = this;
    const startedMs = await step.do("start", async () => {
      const now = Date.now();
      for (const sql of TABLES) await env.DB.exec(sql.replaceAll("\n", " "));
      return now;
    });
    for (let page = 0; ; page += 1) {
      const rows = await step.do(`page:${page}`, () => copyPage(env, page * PAGE_ROWS));
      if (rows < PAGE_ROWS) break;
    }
    for (let batch = 0; ; batch += 1) {
      const documents = await step.do(`take:${batch}`, () => takeOwed(env));
      if (documents.length === 0) break;
      const count = await step.do(`chunks:${batch}`, () => copyChunks(env, documents));
      for (let from = 0; from < count; from += CHUNKS_PER_STEP) {
        await step.do(`send:${batch}.${from}`, () => sendChunks(env, documents, from));
      }
      await step.do(`done:${batch}`, () => markDone(env, documents));
    }
    return step.do("end", async () => Date.now() - startedMs);
  }
}

async function copyPage(env: NaiveEnv, skip: number): Promise<number> {
  const response = await fetch(`${env.FIREFLIES_URL}/graphql`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${env.FIREFLIES_KEY}`,
      "content-type": "application/json",
      "accept-encoding": "gzip",
    },
    body: JSON.stringify({ query: listQuery([]), variables: { limit: PAGE_ROWS, skip } }),
  });
  const { data } = (await response.json()) as { data: { transcripts: Transcript[] } };
  await Promise.all(data.transcripts.map((meeting) => keepTranscript(env, meeting)));
  if (data.transcripts.length > 0) {
    const insert = env.DB.prepare("insert or replace into meetings values (?,?,?,?,?,?,?,?,?,?,?,?,0)");
    await env.DB.batch(data.transcripts.map((meeting) => insert.bind(...columnsOf(meeting))));
  }
  return data.transcripts.length;
}

async function keepTranscript(env: NaiveEnv, meeting: Transcript): Promise<void> {
  const packed = new Response(JSON.stringify(meeting)).body?.pipeThrough(new CompressionStream("gzip"));
  const bytes = await new Response(packed).arrayBuffer();
  await env.RAW.put(keyOf(meeting.id), bytes, {
    httpMetadata: { contentType: "application/json", contentEncoding: "gzip" },
  });
}

function columnsOf(meeting: Transcript): (string | number | null)[] {
  return [
    meeting.id,
    meeting.title,
    meeting.dateString,
    meeting.duration,
    meeting.organizer_email,
    JSON.stringify(meeting.participants),
    meeting.transcript_url,
    meeting.summary?.overview ?? null,
    meeting.summary?.action_items ?? null,
    JSON.stringify(meeting.summary?.keywords ?? []),
    meeting.sentences.reduce((sum, { text }) => sum + text.length, 0),
    keyOf(meeting.id),
  ];
}

function keyOf(id: string): string {
  return `transcripts/${id}.json.gz`;
}

async function takeOwed(env: NaiveEnv): Promise<string[]> {
  const found = await env.DB.prepare("select id from meetings where indexed = 0 order by id limit ?")
    .bind(DOCUMENTS_PER_BATCH)
    .all<{ id: string }>();
  return found.results.map(({ id }) => id);
}

async function copyChunks(env: NaiveEnv, ids: readonly string[]): Promise<number> {
  const insert = env.DB.prepare("insert or replace into chunks values (?,?,?,?,?,?,?)");
  const statements = [];
  for (const id of ids) {
    const object = await env.RAW.get(keyOf(id));
    if (object === null) throw new Error(`no transcript of ${id}`);
    const unpacked = new Response(await object.arrayBuffer()).body?.pipeThrough(
      new DecompressionStream("gzip"),
    );
    const { sentences } = (await new Response(unpacked).json()) as Transcript;
    const chunks = chunkTranscript(sentences.map(spokenSentence), CHUNK_SIZES);
    for (const { position, text, speaker, startSeconds, endSeconds } of chunks) {
      statements.push(
        insert.bind(`${id}:${position}`, id, position, text, speaker, startSeconds, endSeconds),
      );
    }
  }
  await env.DB.batch(statements);
  return statements.length;
}

function spokenSentence(sentence: Sentence): Parameters<typeof chunkTranscript>[0][number] {
  return {
    speaker: sentence.speaker_name,
    text: sentence.text,
    startSeconds: sentence.start_time,
    endSeconds: sentence.end_time,
  };
}

async function sendChunks(env: NaiveEnv, ids: readonly string[], from: number): Promise<null> {
  const { results: chunks } = await env.DB.prepare(
    `select id, meeting_id as meeting, text from chunks where meeting_id in (select value from json_each(?))
     order by meeting_id, position limit ? offset ?`,
  )
    .bind(JSON.stringify(ids), CHUNKS_PER_STEP, from)
    .all<ChunkRow>();
  const vectors = [];
  for (let start = 0; start < chunks.length; start += TEXTS_PER_CALL) {
    const batch = chunks.slice(start, start + TEXTS_PER_CALL);
    const { data } = await env.AI.run("@cf/qwen/qwen3-embedding-0.6b", {
      documents: batch.map(({ text }) => text),
    });
    for (const [place, { id, meeting }] of batch.entries()) {
      vectors.push({ id, values: data[place] ?? new Float32Array(), metadata: { meeting } });
    }
  }
  await env.VECTORS.upsert(vectors);
  return null;
}

async function markDone(env: NaiveEnv, ids: readonly string[]): Promise<null> {
  await env.DB.prepare("update meetings set indexed = 1 where id in (select value from json_each(?))")
    .bind(JSON.stringify(ids))
    .run();
  return null;
}
