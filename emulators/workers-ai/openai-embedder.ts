import type { Embedder } from "./embedder.ts";

/** A server that speaks OpenAI's `POST /v1/embeddings`. */
export interface OpenAiOptions {
  /** Up to and without `/embeddings`, `http://127.0.0.1:11434/v1` for instance. */
  url: string;
  /** The server's own name of the model. */
  model: string;
  apiKey?: string;
}

/**
 * Real, semantic embeddings from any OpenAI-compatible server (Ollama, llama.cpp, vLLM, TEI, ...).
 *
 * Rejects with a sentence when the server answers an error, or vectors of another count or length than asked for:
 * the vector length of the stand-in must then be set to the server's.
 */
export class OpenAiEmbedder implements Embedder {
  readonly #options: OpenAiOptions;

  constructor(options: OpenAiOptions) {
    this.#options = options;
  }

  async embed(texts: readonly string[], dimensions: number): Promise<Float32Array[]> {
    const { url, model, apiKey } = this.#options;
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (apiKey !== undefined) headers["authorization"] = `Bearer ${apiKey}`;
    const body = JSON.stringify({ model, input: texts, encoding_format: "float" });
    const response = await fetch(`${url}/embeddings`, { method: "POST", headers, body });
    if (!response.ok) throw new Error(`The embeddings server at ${url} answered ${response.status}.`);
    const { data } = (await response.json()) as { data: { index: number; embedding: number[] }[] };
    if (data.length !== texts.length) {
      throw new Error(
        `The embeddings server at ${url} answered ${data.length} vectors for ${texts.length} texts.`,
      );
    }
    const inOrder = data.toSorted((one, other) => one.index - other.index);
    return inOrder.map(({ embedding }) => {
      if (embedding.length === dimensions) return Float32Array.from(embedding);
      const found = `The model ${model} at ${url} has ${embedding.length} dimensions, not ${dimensions}`;
      throw new Error(`${found}: set the stand-in's dimensions to ${embedding.length}.`);
    });
  }
}
