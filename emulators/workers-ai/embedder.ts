/** Turns texts into vectors; what a model stands on here. */
export interface Embedder {
  /**
   * Embed texts.
   *
   * @param role what they are for: models like qwen3 embed a query otherwise than a document
   * @returns one vector of `dimensions` finite numbers per text, in order
   */
  embed(texts: readonly string[], dimensions: number, role: "document" | "query"): Promise<Float32Array[]>;
}
