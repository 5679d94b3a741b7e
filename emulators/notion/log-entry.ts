/** One request to the Notion API as the emulator saw it. Written before the reply leaves. Never holds the token. */
export type NotionLogEntry = {
  /** Grows by one per request; survives restarts. */
  seq: number;
  /** Arrival in world time: ISO 8601, and epoch ms. */
  at: string;
  atMs: number;
  method: string;
  /** Path without the query string. */
  path: string;
  /** Which endpoint, such as `query` or `update_page`; null if there is none. */
  endpoint: string | null;
  /** `notion-version` as sent, or null. */
  version: string | null;
  /** True for POST pages, PATCH pages, move and PATCH data source, whatever became of it. */
  isWrite: boolean;
  /** HTTP status; 0 if the connection was lost before a reply. */
  status: number;
  /** `code` of the error reply, or null. */
  error: string | null;
  /** Kind of the fault carried out, or null. */
  fault: string | null;
  /** True if the request came before an instant that an earlier 429 or 529 had named. */
  early: boolean;
  /** Seconds that this reply told the client to wait, or null. */
  retryAfterSeconds: number | null;
  /** Results in the reply; 1 for a single object, 0 for an error. */
  items: number;
  /** Bytes of the request body, and of the reply's. */
  bodyBytes: number;
  replyBytes: number;
  /** The request body as sent, cut at 4,000 characters; null if there was none. */
  body: string | null;
};
