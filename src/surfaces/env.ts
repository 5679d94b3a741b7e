import type { D1Database, Fetcher, Queue, R2Bucket, Vectorize, Workflow } from "@cloudflare/workers-types";

/** Bindings, variables and secrets of the Worker; declared in wrangler.jsonc, provided by src/local on a machine of ours. */
export type Env = {
  readonly DB: D1Database;
  readonly RAW: R2Bucket;
  readonly WAKE: Queue;
  readonly RUNS: Workflow;
  readonly AI: { run(model: string, inputs: Record<string, unknown>): Promise<unknown> };
  readonly VECTORS_A: Vectorize;
  readonly VECTORS_B: Vectorize;
  /** Which model makes the embeddings (core/embedding-choice.ts); without it the one that is live, or the usual one. */
  readonly EMBEDDINGS?: string;
  /** Window of an openai model in tokens, if somebody states it. */
  readonly EMBEDDINGS_TOKENS_MAX?: string;
  /** Secret: key of the embeddings server that EMBEDDINGS names, if it wants one. */
  readonly OPENAI_API_KEY?: string;
  /** Secret: key of the server whose model is live, while EMBEDDINGS names another. */
  readonly OPENAI_API_KEY_LIVE?: string;
  /** Secret: opens the API. Without it every door but /healthz stays closed. */
  readonly API_TOKEN?: string;
  /** Secret. */
  readonly FIREFLIES_API_KEY?: string;
  /** Secret: what Fireflies signs its webhooks with. Without it that door is closed. */
  readonly FIREFLIES_WEBHOOK_SECRET?: string;
  /** Base address of the Fireflies API; the vendor's own by default. */
  readonly FIREFLIES_URL?: string;
  /** Local runs only: account of an emulated workspace, for all emulators take the same key. */
  readonly FIREFLIES_ACCOUNT?: string;
  /** Secret: without it Notion is left alone. */
  readonly NOTION_TOKEN?: string;
  /** Base address of the Notion API; the vendor's own by default. */
  readonly NOTION_URL?: string;
  /** Local runs only: workspace of an emulated Notion, for all emulators take the same token. */
  readonly NOTION_WORKSPACE?: string;
  /** Database or data source of projects and of clients. */
  readonly NOTION_PROJECTS_DATABASE_ID?: string;
  readonly NOTION_CLIENTS_DATABASE_ID?: string;
  /** Local runs only, `yes`: the workspace may be written to without a first plan that a person approved. */
  readonly NOTION_MAY_WRITE?: string;
  /** Secret: an incoming webhook as Slack has them, which is told of alerts. */
  readonly ALERT_WEBHOOK_URL?: string;
  /** Who is told of alerts by mail, commas between them, and whom it comes from; through the binding below. */
  readonly ALERT_EMAIL_TO?: string;
  readonly ALERT_EMAIL_FROM?: string;
  readonly EMAIL?: {
    send(message: {
      from: string;
      to: string[];
      subject: string;
      text: string;
      html: string;
    }): Promise<unknown>;
  };
  /** Text of the configuration file (docs/config.md); empty: there is none. */
  readonly SYNC_CONFIG?: string;
  /** Country of phone numbers that name none, ISO 3166. */
  readonly PHONE_COUNTRY?: string;
  /** JSON of a clock that an emulated vendor keeps; absent with real vendors. */
  readonly WORLD_CLOCK?: string;
  /**
   * Local runs only: answers GET /free-bytes with the room on the disk under the data directory, GET /ready once the
   * runner has brought database and indexes up to date, and GET /clock with "runs" or "stands".
   */
  readonly HOST?: Fetcher;
};
