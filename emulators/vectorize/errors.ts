/** The word that production puts in front of `_ERROR`, one per method of the binding. */
export type Operation =
  | "INDEX_GET"
  | "VECTOR_QUERY"
  | "VECTOR_INSERT"
  | "VECTOR_UPSERT"
  | "VECTOR_GET"
  | "VECTOR_DELETE";

/**
 * Error codes of the service. Those marked [?] are our choice: the service refuses the call, but no published
 * text says under which code. Callers should sort errors by code, never by text.
 */
export const VECTORIZE_CODES = {
  queryVector: 40006,
  tooManyIds: 40007,
  /** [?] */
  tooManyVectors: 40007,
  idLength: 40008,
  /** [?] */
  namespaceLength: 40009,
  /** [?] */
  vectorNotFound: 40010,
  vectorDimensions: 40012,
  /** [?] */
  metadataShape: 40015,
  metadataSize: 40016,
  writeBody: 40023,
  topK: 40025,
  queryBody: 40026,
  tooManyRequests: 40041,
} as const;

/**
 * Build an error with the text and the cause that the production binding gives it.
 *
 * @param operation which method was called
 * @param code the service's error code
 * @param text the service's own words
 * @returns an Error with message `<operation>_ERROR (code = <code>): <text>`; its name stays "Error", as in production
 */
export function vectorizeError(operation: Operation, code: number, text: string): Error {
  return new Error(`${operation}_ERROR (code = ${code}): ${text}`, { cause: new Error(text) });
}
