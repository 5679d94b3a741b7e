/**
 * What the platforms impose (Cloudflare docs and measurements, autumn 2026). Several are not enforced by the
 * local runtime, so they are checked here before the platform would.
 */

/** Bytes of one bound value or row. Source: Cloudflare docs, D1 limits. A margin of a quarter is left for the row around it. */
export const D1_VALUE_BYTES_MAX = 1_500_000;

/** Bytes of one row. Source: Cloudflare docs, D1 limits; not enforced locally. */
export const D1_ROW_BYTES_MAX = 2_000_000;

/** Size of one database, Workers Paid. Source: Cloudflare docs, D1 limits. */
export const D1_DATABASE_BYTES_MAX = 10 * 1024 ** 3;

/** Bytes of what a Workflow step returns. Source: Cloudflare docs, Workflows limits. */
export const STEP_RESULT_BYTES_MAX = 1024 * 1024;

/** Subrequests of one Workflow instance. Source: Cloudflare docs, Workflows limits. */
export const SUBREQUESTS_MAX = 10_000;

/** Vectors per upsert, ids per getByIds, ids per deleteByIds. Source: Cloudflare docs, Vectorize limits; the last two measured. */
export const VECTORS_PER_UPSERT_MAX = 1_000;
export const VECTOR_IDS_PER_GET_MAX = 20;
export const VECTOR_IDS_PER_DELETE_MAX = 100;

/** Longest vector of an index. Source: Cloudflare docs, Vectorize limits. */
export const VECTOR_DIMENSIONS_MAX = 1_536;

/** Vectors in one index. Source: Cloudflare docs, Vectorize limits. */
export const VECTORS_PER_INDEX_MAX = 20_000_000;

/** Objects per R2 list call. Source: Cloudflare docs, R2 limits. */
export const R2_LIST_ROWS_MAX = 1_000;

/** UTF-16 units of one run of text, and runs of one value, in a write. Source: Notion docs, request limits. */
export const NOTION_RUN_CHARACTERS_MAX = 2_000;
export const NOTION_RUNS_MAX = 100;

/** Options, people or relations of one value in a write. Source: Notion docs, request limits. */
export const NOTION_LIST_ITEMS_MAX = 100;

/** People, relations or mentions of one value that a page or a query shows. Source: Notion docs, "Retrieve a page". */
export const NOTION_REFERENCES_SHOWN_MAX = 25;

/** Characters of an e-mail address or a phone number, of a URL. Source: Notion docs, request limits. */
export const NOTION_CONTACT_CHARACTERS_MAX = 200;
export const NOTION_URL_CHARACTERS_MAX = 2_000;

/** Characters of the name of an option. Source: Notion's OpenAPI text, short strings; the true limit may be higher. */
export const NOTION_OPTION_CHARACTERS_MAX = 100;

/** Recipients of one mail. Source: Cloudflare docs, Email Service, limits. */
export const ALERT_RECIPIENTS_MAX = 50;
