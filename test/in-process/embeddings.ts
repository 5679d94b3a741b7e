import { createEmbedder } from "../../src/adapters/workers-ai/embedder.ts";
import { LOCAL_EMBEDDINGS, parseEmbeddings, type EmbeddingChoice } from "../../src/core/embedding-choice.ts";
import { planEmbeddings } from "../../src/core/embedding-plan.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { Workspace } from "./workspace.ts";

/**
 * The ports of a workspace as surfaces/compose.ts would put them together with this `EMBEDDINGS`: what answers is what the
 * ledger says.
 */
export async function composed(space: Workspace, embeddings: string | null): Promise<Ports> {
  const { ports } = space;
  const { items: rows } = await ports.registry.rows();
  const { live, wanted } = planEmbeddings({
    configured: embeddings === null ? null : parseEmbeddings(embeddings),
    usual: parseEmbeddings(LOCAL_EMBEDDINGS) as EmbeddingChoice,
    rows,
    bindings: Object.keys(ports.indexes),
  });
  if ("problem" in live.choice) throw new Error(live.choice.problem);
  const index = ports.indexes[live.binding];
  if (index === undefined) throw new Error(`no index is bound as ${live.binding}`);
  return {
    ...ports,
    embedder: createEmbedder(space.ai, live.choice.model, space.world),
    index,
    indexName: live.binding,
    wanted:
      wanted === null
        ? null
        : "problem" in wanted
          ? { embedder: null, problem: wanted.problem }
          : { embedder: createEmbedder(space.ai, wanted.model, space.world), problem: null },
  };
}

/** Documents that a question finds by the live index and the ledger, nearest first: what a search would show. */
export async function askLive(space: Workspace, ports: Ports, question: string): Promise<string[]> {
  const values = await ports.embedder.embedQuery(question);
  const { items } = await ports.index.query(values, { topK: 100 });
  const found = await space.d1
    .prepare(
      `select document_id as id from json_each(?1) as hit join chunks on chunks.id = hit.value
       where state = 'live' and model = ?2 order by hit.key`,
    )
    .bind(JSON.stringify(items.map(({ id }) => id)), ports.embedder.model)
    .all<{ id: string }>();
  return [...new Set(found.results.map(({ id }) => id))];
}
