/** What search is measured against: the same two queries, straight on D1 and on the index, and nothing else. */
import type { D1Database, Vectorize } from "@cloudflare/workers-types";
import { anyOf, searchWords } from "../../src/core/search/words.ts";

export type ProductStores = {
  readonly PRODUCT_DB: D1Database;
  readonly PRODUCT_VECTORS: Vectorize;
  readonly AI: { run(model: string, inputs: object): Promise<{ data: Float32Array[] }> };
};

const QUESTIONS = 220;
const WORDS_PER_QUESTION = 4;
const TEXT_ROWS = 300;
const TOP_K = 100;
const ROWS_PER_COPY = 1_000;

/** Questions made of words that stand in stored chunks, always the same for the same chunks. */
export async function questionsOf({ PRODUCT_DB }: ProductStores): Promise<string[]> {
  const { results } = await PRODUCT_DB.prepare(
    "select text from chunks where state = 'live' order by id limit ?",
  )
    .bind(QUESTIONS)
    .all<{ text: string }>();
  return results.map(({ text }, n) => {
    const { words } = searchWords(text);
    const step = Math.max(1, Math.floor(words.length / WORDS_PER_QUESTION));
    return words
      .filter((_, place) => place % step === n % step)
      .slice(0, WORDS_PER_QUESTION)
      .join(" ");
  });
}

/** One full-text query and one vector query, as plain as they can be. */
export async function searchDirectly(env: ProductStores, question: string): Promise<{ found: number }> {
  const { data } = await env.AI.run("@cf/qwen/qwen3-embedding-0.6b", { queries: [question] });
  const [texts, vectors] = await Promise.all([
    env.PRODUCT_DB.prepare(
      `select chunks.id, document_id, position, bm25(chunks_fts) as score from chunks_fts
       join chunks on chunks.rowid = chunks_fts.rowid where chunks_fts match ? order by bm25(chunks_fts) limit ?`,
    )
      .bind(anyOf(searchWords(question).words) ?? '""', TEXT_ROWS)
      .all(),
    env.PRODUCT_VECTORS.query(data[0] ?? new Float32Array(), { topK: TOP_K }),
  ]);
  return { found: texts.results.length + vectors.count };
}

/** Store every meeting and every chunk of the first backfill once more, under other names. */
export async function copyChunks(env: ProductStores, name: string): Promise<{ chunks: number }> {
  const copied = (column: string): string => `'${name}-' || ${column}`;
  await copyTable(
    env,
    "meetings",
    { id: copied("id"), fireflies_id: copied("fireflies_id") },
    "id not like '%-%'",
  );
  let chunks = 0;
  for (let last = 0; ;) {
    const { results } = await env.PRODUCT_DB.prepare(
      `select rowid as place, id from chunks where rowid > ? and state = 'live' and document_id not like '%-%'
       order by rowid limit ?`,
    )
      .bind(last, ROWS_PER_COPY)
      .all<{ place: number; id: string }>();
    const [first, end] = [results[0]?.place, results.at(-1)?.place];
    if (first === undefined || end === undefined) return { chunks };
    await copyTable(
      env,
      "chunks",
      { id: copied("id"), document_id: copied("document_id") },
      `rowid between ${first} and ${end} and state = 'live' and document_id not like '%-%'`,
    );
    const { data } = await env.AI.run("@cf/qwen/qwen3-embedding-0.6b", {
      documents: results.map(({ id }) => id),
    });
    await env.PRODUCT_VECTORS.upsert(
      results.map(({ id }, place) => ({ id: `${name}-${id}`, values: data[place] ?? new Float32Array() })),
    );
    chunks += results.length;
    last = end;
  }
}

async function copyTable(
  { PRODUCT_DB }: ProductStores,
  table: string,
  changed: Readonly<Record<string, string>>,
  where: string,
): Promise<void> {
  const { results } = await PRODUCT_DB.prepare(`select name from pragma_table_info('${table}')`).all<{
    name: string;
  }>();
  const columns = results.map(({ name }) => name);
  const values = columns.map((column) => changed[column] ?? column);
  await PRODUCT_DB.prepare(
    `insert into ${table} (${columns.join(", ")}) select ${values.join(", ")} from ${table} where ${where}`,
  ).run();
}
