import type { D1Database, R2Bucket, Vectorize } from "@cloudflare/workers-types";
import { CONNECTIONS_MAX } from "../../src/core/policy.ts";

/** The stores of the product, to be read straight. */
export type ReadStores = {
  readonly PRODUCT_DB: D1Database;
  readonly PRODUCT_RAW: R2Bucket;
  readonly PRODUCT_VECTORS: Vectorize;
};

const PAGE_ROWS = 250;
const IDS_PER_GET = 20;

/**
 * Everything that a proof has to read, read once and compared with nothing: each revision unzipped, each row, each chunk with
 * its text, each vector.
 */
export async function readPlainly(env: ReadStores): Promise<object> {
  const startedMs = await tickedMs(env);
  const read = { objects: 0, bytes: 0, rows: 0, vectors: 0 };
  let after = "";
  for (;;) {
    const { results } = await env.PRODUCT_DB.prepare(
      `select source_id as id, revision_key as key, meetings.content_hash as hash from sightings
         left join meetings on meetings.id = source_id where source_id > ?1 order by source_id limit ?2`,
    )
      .bind(after, PAGE_ROWS)
      .all<{ id: string; key: string }>();
    if (results.length === 0) break;
    after = results.at(-1)?.id ?? "";
    await atOnce(results, async ({ key }) => {
      const object = await env.PRODUCT_RAW.get(key);
      if (object === null) return;
      const stream = new Response(new Uint8Array(await object.arrayBuffer())).body?.pipeThrough(
        new DecompressionStream("gzip"),
      );
      const { byteLength } = await new Response(stream).arrayBuffer();
      read.bytes += byteLength;
      read.objects += 1;
    });
    const chunks = await env.PRODUCT_DB.prepare(
      "select id, text, text_hash, metadata from chunks where state = 'live' and document_id in (select value from json_each(?1))",
    )
      .bind(JSON.stringify(results.map(({ id }) => id)))
      .all<{ id: string }>();
    read.rows += chunks.results.length;
    const ids = chunks.results.map(({ id }) => id);
    const slices = Array.from({ length: Math.ceil(ids.length / IDS_PER_GET) }, (_, n) =>
      ids.slice(n * IDS_PER_GET, (n + 1) * IDS_PER_GET),
    );
    await atOnce(slices, async (slice) => {
      const { length } = await env.PRODUCT_VECTORS.getByIds(slice);
      read.vectors += length;
    });
  }
  return { ...read, ms: (await tickedMs(env)) - startedMs };
}

/** The clock of workerd moves with I/O only. */
async function tickedMs(env: ReadStores): Promise<number> {
  await env.PRODUCT_RAW.head("clock");
  return Date.now();
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next] as T;
      next += 1;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS_MAX }, worker));
}
