import type { Ai, Fetcher, Vectorize } from "@cloudflare/workers-types";

interface Env {
  AI: Ai;
  VECTORIZE: Vectorize;
  /** Only where the stand-ins are. */
  CLOUDFLARE_API?: Fetcher;
}

interface Note {
  id: string;
  text: string;
}

const MODEL = "@cf/qwen/qwen3-embedding-0.6b";

/**
 * Keeps notes and finds them again: POST /notes { id, text }, GET /notes?q=...
 *
 * Nothing in it knows whether Cloudflare or the stand-ins answer.
 */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/client/v4/") && env.CLOUDFLARE_API !== undefined)
      return (await env.CLOUDFLARE_API.fetch(request as never)) as unknown as Response;
    if (url.pathname !== "/notes") return new Response("not found", { status: 404 });
    if (request.method === "POST") return addNote((await request.json()) as Note, env);
    return findNotes(url.searchParams.get("q") ?? "", env);
  },
};

async function addNote({ id, text }: Note, { AI, VECTORIZE }: Env): Promise<Response> {
  const { data = [] } = (await AI.run(MODEL, { documents: [text] })) as { data?: number[][] };
  const mutation = await VECTORIZE.upsert([{ id, values: data[0] ?? [], metadata: { text } }]);
  return Response.json(mutation, { status: 202 });
}

async function findNotes(question: string, { AI, VECTORIZE }: Env): Promise<Response> {
  const { data = [] } = (await AI.run(MODEL, { queries: [question] })) as { data?: number[][] };
  const { matches } = await VECTORIZE.query(data[0] ?? [], { topK: 3, returnMetadata: "all" });
  return Response.json(matches.map(({ id, score, metadata }) => ({ id, score, text: metadata?.["text"] })));
}
