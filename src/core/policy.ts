/**
 * Every number that is ours to choose, each with the line of the requirements or the measurement it comes from.
 * Numbers that a platform imposes stand in `limits.ts`.
 */

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./durations.ts";
import { VECTOR_DIMENSIONS_MAX } from "./limits.ts";

/** Every sync: clients before projects, which name them; then the proof of all, and what takes old logs away. */
export const SYNC_NAMES = ["fireflies", "clients", "projects", "vectors", "verify", "cleanup"] as const;

/** How often each sync falls due. Source: requirements, "Sync Schedule". */
export const SCHEDULE_MS = {
  fireflies: 60 * MINUTE_MS,
  projects: 4 * HOUR_MS,
  clients: 6 * HOUR_MS,
  verify: DAY_MS,
  cleanup: 7 * DAY_MS,
} as const;

/** Rows that were written in D1, and pages that wait, are looked after this long after the last run of their sync. */
export const OWED_PAGES_PAUSE_MS = 2 * MINUTE_MS;

/** Items committed together, and the distance between two checkpoints. Source: requirements, "During Sync". */
const BATCH_ITEMS_MAX = 50;

/** Chunks one vectors run sends before its continuation goes on; each costs about a tenth of a subrequest. */
export const RUN_CHUNKS_MAX = 20_000;

/** After a vectors run that did not succeed, the schedule lets this much time pass before the next. */
export const VECTORS_RETRY_AFTER_MS = 15 * MINUTE_MS;

/**
 * Items one run takes on before it ends and a continuation goes on.
 * Source: an instance may make 10,000 subrequests (Cloudflare docs, Workflows limits); an item costs about four.
 */
export const RUN_ITEMS_MAX = 1_000;

/** Waits between attempts. Source: requirements, "Retry Strategy". */
export const BACKOFF_WAITS_MS = [5, 10, 20, 40, 80].map((seconds) => seconds * SECOND_MS);

/** Source: requirements, "Common Issues", database lock: wait 1 s, up to 10 times. */
export const LOCK_WAITS_MS = Array.from({ length: 10 }, () => SECOND_MS);

/** Waits before a smaller page is asked for: nothing is wrong with the vendor, the reply was only more than we take. */
export const SHRINK_WAITS_MS = Array.from({ length: 5 }, () => SECOND_MS);

/** Waits before a step in whose middle the program ended: none after one kill, which says nothing about the step. */
export const RESTART_WAITS_MS = [0, ...BACKOFF_WAITS_MS];

/** After so many ends of the program in the middle of reading one meeting, that meeting is set aside as failed. */
export const INTERRUPTIONS_PER_MEETING_MAX = 3;

/** One per consecutive timeout; the last one repeats. Source: requirements, "Network Timeout: increase timeout". */
export const CALL_TIMEOUTS_MS = [30 * SECOND_MS, 60 * SECOND_MS, 120 * SECOND_MS] as const;

/**
 * Timeouts of calls to stores and of the model, real ms: many times what they take, and short enough that a step with
 * several of them ends within its lease. Each may have its effect after it: R2 keys come from content, vector ids are
 * single-use, and what the model answers is dropped (protocols 1).
 */
export const STORE_TIMEOUT_MS = 60 * SECOND_MS;
export const INDEX_TIMEOUT_MS = 60 * SECOND_MS;
export const MODEL_TIMEOUT_MS = 120 * SECOND_MS;

/** A wait longer than this ends the run as parked; a shorter one is slept through. Source: protocols, waits. */
export const PARK_ABOVE_MS = 15 * MINUTE_MS;

/** How often one step may come round again, waits for a vendor's named time included. Bounds a vendor that always says "later". */
export const STEP_ROUNDS_MAX = 40;

/** A wait for a rate limit whose end the vendor did not name. Source: Fireflies' own n8n node waits 60 s. */
export const UNNAMED_RATE_WAIT_MS = MINUTE_MS;

/** Lease of a lane, in real time; renewed when less than half is left. */
export const LEASE_TERM_MS = 10 * MINUTE_MS;

/** An effect outside D1 starts only if the lease outlives the call's timeout by this much, real time. */
export const LEASE_MARGIN_MS = MINUTE_MS;

/** Meetings asked for at once. Source: Fireflies docs, limit of `transcripts`. */
export const LIST_PAGE_ROWS_MAX = BATCH_ITEMS_MAX;

/** Rows that two neighbouring pages share, so that a row that moves between two requests is still seen. */
export const LIST_OVERLAP_ROWS = 3;

/** A page is made smaller when its predicted reply would pass this. */
export const LIST_REPLY_BYTES_TARGET = 8 * 1024 * 1024;

/** Rows of a page of ids only, asked for where whole transcripts are too large to come together; each costs a call then. */
export const LIST_LIGHT_ROWS = 10;

/**
 * Meetings of a page of ids that are asked for by themselves: if more would have to be, the page is asked for whole. And
 * how long one may go unread while its page only comes by ids, and how many of these a page asks for: a full page of them
 * takes less than a day of hourly runs.
 */
export const LIGHT_FETCHES_MAX = 10;
export const LIGHT_REREAD_AFTER_MS = DAY_MS;
export const LIGHT_REREADS_MAX = 3;

/** Large meetings that a run knows the places of; each costs a count when it plans. */
export const LARGE_MEETINGS_MAX = 20;

/** A reply larger than this is given up while it is read, and a smaller page is asked for. */
export const LIST_REPLY_BYTES_MAX = 24 * 1024 * 1024;

/** Requests one enumeration may make, steps back included. 200,000 meetings at 47 new rows a page. */
export const LIST_PAGES_MAX = 4_300;

/** Overlap in time of the fresh window: the long one while a page covers it, else the short one. Source: protocols 3. */
export const FRESH_OVERLAP_MS = 7 * DAY_MS;
export const FRESH_OVERLAP_SHORT_MS = 72 * HOUR_MS;

/**
 * An unfinished listing of the newest days is gone on with unless its last page came this long ago: then so many rows
 * have come in above it that beginning anew asks for less.
 */
export const LISTING_PAUSE_MAX_MS = 72 * HOUR_MS;

/** A meeting that failed is asked for by itself again after this long, at most so many a run: each costs a call. */
export const FAILED_RETRY_AFTER_MS = DAY_MS;
export const FAILED_RETRIES_PER_RUN = 5;

/** A transcript that is still missing this long after its meeting is broken, not young. */
export const TRANSCRIPT_GIVE_UP_MS = 24 * HOUR_MS;

/** Source: requirements, "Meeting Records": transcript minimum length. */
export const TRANSCRIPT_CHARACTERS_MIN = 100;

/** A stored recording link is replaced when it has less than this left. Links live 24 to 60 h (Fireflies, recorded replies). */
export const MEDIA_URL_RENEW_BEFORE_MS = 6 * HOUR_MS;

/** Life of a signed media link whose address does not tell. Source: Fireflies docs, "renewed every 24 hours". */
export const MEDIA_URL_LIFE_MS = DAY_MS;

/** Simultaneous calls of one run to stores and vendors. Source: Cloudflare docs: six connections per invocation. */
export const CONNECTIONS_MAX = 6;

/** Sizes of a chunk in tokens. Source: requirements, "chunking (1000 tokens with 200 overlap)". */
export const CHUNK_SIZES = { tokensMax: 1_000, tokensMin: 800, overlapTokens: 200 } as const;

/** Documents chunked, embedded and confirmed together, and the most new chunks of such a batch before it is cut short. */
export const VECTOR_BATCH_DOCUMENTS_MAX = BATCH_ITEMS_MAX / 2;
export const VECTOR_BATCH_BYTES_TARGET = 8 * 1024 * 1024;

/** Chunks written by one D1 statement: about 5 kB each, so well under the 2 MB of a bound value. */
export const CHUNK_ROWS_PER_STATEMENT = 200;

/** A document that the model or the index refuses is tried again after this long, or when its text changes. */
export const REFUSED_RETRY_AFTER_MS = DAY_MS;

/** If more documents than this are sent one by one and every one is refused, it is not for what they say. */
export const REFUSALS_ALONE_MAX = 4;

/** Waits between looks at a vector that was accepted and is not visible yet; 10 min in all. Source: protocols 6. */
export const VISIBLE_WAITS_MS = [1, 2, 4, 8, 15, 30, 60, 120, 180, 180].map((seconds) => seconds * SECOND_MS);

/** Ages at which a dead vector id is looked up and deleted once more. Source: protocols 6. */
export const DEAD_RECHECK_AGES_MS = [HOUR_MS, DAY_MS] as const;

/** Chunks embedded, sent or read back by one step: 1 MB of vectors. */
export const SEND_CHUNKS_PER_STEP = 250;

/** A deleted vector that is still visible this long after is looked up and deleted again, and reported. */
export const DEAD_LINGERS_MS = 10 * MINUTE_MS;

/** Dead ids looked up again by one run. */
export const DEAD_CHECK_IDS_MAX = 1_000;

/** Texts embedded by one call. Source: Cloudflare docs, input schema of qwen3-embedding: at most 32. */
export const EMBED_TEXTS_PER_CALL = 32;

/** Model where nobody chose one. Source: the only listed one whose pages agree on a window above a chunk (8,192 tokens). */
export const EMBEDDING_MODEL = {
  name: "@cf/qwen/qwen3-embedding-0.6b",
  served: "@cf/qwen/qwen3-embedding-0.6b",
  dimensions: 1_024,
  tokensMax: 8_192,
  pooling: null,
  input: "documents",
} as const;

/** Lengths that a lexical model may have. Source: the stand-in's smallest; the longest vector that Vectorize takes. */
export const LEXICAL_DIMENSIONS = { min: 16, max: VECTOR_DIMENSIONS_MAX, usual: 1_024 } as const;

/** Texts sent to an embeddings server at once, and how long it may take, real ms: a small one on a CPU reads 1,000 tokens a second. */
export const OPENAI_TEXTS_PER_CALL = 8;
export const OPENAI_CALL_MS_MAX = 2 * MINUTE_MS;

/** A reply of an embeddings server larger than this is given up: 8 vectors of 1,536 numbers are 300 kB. */
export const OPENAI_REPLY_BYTES_MAX = 8 * 1024 * 1024;

/** Meetings that the scope of one rebuild may name. */
export const REBUILD_SCOPE_MEETINGS_MAX = 1_000;

/**
 * Real time after which a run of a rebuild takes on nothing more: its continuation goes on when the lane has served what
 * is due. Well under ALERT_RUN_MS.
 */
export const REBUILD_RUN_MS = 5 * MINUTE_MS;

/** Meetings whose records are made again by one step. */
export const REBUILD_RECORDS_PER_STEP = BATCH_ITEMS_MAX;

/** Times one run looks for documents that changed while it built the others. */
export const REBUILD_ROUNDS_MAX = 5;

/** After a switch the old index still answers this long: questions under way were begun with it. */
export const EMPTY_AFTER_MS = 10 * SECOND_MS;

/** Chunks of an old index given up by one run; each costs about a tenth of a subrequest. */
export const EMPTY_CHUNKS_PER_RUN = 5_000;

/** Marks of built documents forgotten by one statement. Source: Cloudflare docs, D1: about 1,000 rows of a large delete. */
export const BUILT_ROWS_PER_STATEMENT = 1_000;

/** Below this much free room a run does not start. */
export const STORAGE_FREE_BYTES_MIN = 64 * 1024 * 1024;

/** Share of the platform's cap on a D1 database above which preflight refuses. */
export const D1_USED_SHARE_MAX = 0.95;

/** A dependency that answers slower than this at preflight is named in the report. */
export const LATENCY_SLOW_MS = 5 * SECOND_MS;

/** Alert thresholds. Source: requirements, "Alert Conditions". */
export const ALERT_MISMATCH_SHARE = 0.01;
export const ALERT_RUN_MS = 15 * MINUTE_MS;
export const ALERT_API_ERRORS = 3;
export const ALERT_API_ERRORS_WINDOW_MS = 5 * MINUTE_MS;
/** Times that a lane may park, each until another time, before it has finished once. */
export const ALERT_PARKS = 3;

/** Differences that an alert names; the proof names more. */
export const ALERT_NAMES_SHOWN = 5;

/** Ended runs whose engine state one tick drops. */
export const FORGET_RUNS_PER_TICK = 20;

/** Ids listed by name in a report or a proof; more are counted. */
export const IDS_SHOWN_MAX = 50;

/** Rows of a list given by the API at once. */
export const LIST_API_ROWS_MAX = 200;

/** Passages a search gives at once. */
export const SEARCH_LIMIT_DEFAULT = 10;
export const SEARCH_LIMIT_MAX = 50;

/** Longest question: within the window of every model that passes preflight, and within an address of 16 KB in any script. */
export const SEARCH_QUERY_CHARS_MAX = 1_000;

/** Words of a question that are looked for. More would make the expression longer, not the answer better. */
export const SEARCH_WORDS_MAX = 64;

/** Chunks taken from the full-text index, meetings from the index of their words, chunks from the vector index. */
export const SEARCH_TEXT_CANDIDATES_MAX = 300;
export const SEARCH_MEETING_CANDIDATES_MAX = 100;
/** Source: Cloudflare docs, Vectorize limits: topK is at most 100. */
export const SEARCH_VECTOR_CANDIDATES_MAX = 100;

/** The best of the chunks found whose neighbours are candidates as well: a neighbour of a worse one would not be seen. */
export const SEARCH_NEIGHBOURS_OF_MAX = 100;

/** No search has more passages than candidates. */
export const SEARCH_OFFSET_MAX = SEARCH_TEXT_CANDIDATES_MAX + SEARCH_VECTOR_CANDIDATES_MAX;

/**
 * How the order of passages is made; see core/search/rank.ts. Source: `npm run bench -- retrieval` on 981 questions about
 * 167 real meetings; each lifts recall, reciprocal rank and nDCG over leaving it out, whatever the pool.
 */
export const SEARCH_NEIGHBOUR_SHARE = 0.35;
export const SEARCH_MEETING_WEIGHT = 2;
export const SEARCH_VECTOR_WEIGHT = 0.2;
export const SEARCH_VECTOR_MEETING_WEIGHT = 0.02;
export const SEARCH_RANK_CONSTANT = 10;

/** Chunks that merge into one passage: some five minutes of talk. */
export const PASSAGE_CHUNKS_MAX = 3;

/** Characters of a snippet, and of the text before or after a passage. */
export const SEARCH_SNIPPET_CHARS = 320;

/** Vectors of questions that a Worker remembers, the longest unused forgotten first: 2 MB at 1,024 dimensions. */
export const QUERY_VECTORS_MAX = 500;

/** How often the page asks where everything stands, and how often while a run is under way. Real time, and only while it is looked at. */
export const PAGE_REFRESH_MS = 5 * SECOND_MS;
export const PAGE_REFRESH_RUNNING_MS = SECOND_MS;

/** A call of the page that has no answer by then is given up, and the server counts as gone. */
export const PAGE_CALL_TIMEOUT_MS = 20 * SECOND_MS;

/** Runs on the page at first, and how many more come at a time. */
export const PAGE_RUNS_STEP = 10;

/** The newest file of migrations/, without which this code does not start. A test compares it with the folder. */
export const SCHEMA_VERSION = "0020_rechecked_chunks.sql";

/** Calls to Notion within one minute. Source: Notion docs, request limits: 180 a minute on the smaller plans. */
export const NOTION_CALLS_PER_MINUTE = 180;

/** Longest value without a column that is kept beside a row, in characters of JSON. */
export const EXTRA_VALUE_CHARS_MAX = 10_000;

/** All values without a column of one row, in characters of JSON. */
export const EXTRA_CHARS_MAX = 100_000;

/**
 * Longest text of a column, in characters: a change carries it up to eight times (row, bases, history, conflict), and a
 * value that D1 is given may have 2 MB.
 */
export const TEXT_CHARS_MAX = 20_000;

/** Age at which the columns of a data source are read again. Source: requirements, "Cache frequently accessed data". */
export const SCHEMA_MAX_AGE_MS = HOUR_MS;

/** Rows of one query. Source: Notion docs, page_size is at most 100. */
export const NOTION_QUERY_ROWS = 100;

/** Replies that one list property may take; each has up to 100 items. */
export const LIST_ITEM_PAGES_MAX = 20;

/** A query shows what was true this long ago at the latest. Source: protocols 5. */
export const NOTION_INDEX_LAG_MS = 15 * MINUTE_MS;

/** How often everything is listed and not only what was edited. Source: protocols 5. */
export const NOTION_SWEEP_MS = DAY_MS;

/** A call whose reply was lost may be carried out this much later at most. Source: Notion docs, request limits. */
export const NOTION_LANDING_MS = MINUTE_MS;

/** A page that a person edited so short a time ago is not written to; after so long it is, all the same. Source: protocols 5. */
export const QUIET_PAGE_MS = 2 * MINUTE_MS;
export const QUIET_WAIT_MAX_MS = 30 * MINUTE_MS;

/** Marker queries without a hit before a page whose making is doubtful is made again. Source: protocols 5. */
export const MARKER_LOOKS = 2;

/** A push that names a record without a page is tried again after this long. */
export const WAIT_FOR_PAGE_MS = HOUR_MS;

/** A page whose step used up its retries is left alone for this long, so that it does not keep the others. */
export const FAILED_PAGE_PAUSE_MS = HOUR_MS;

/** Pages that one run writes to or makes; each costs about 14 subrequests of the 10,000 that an instance has. */
export const RUN_PUSHES_MAX = 400;

/** A row that keeps changing while it is merged is left to the next run after so many tries. */
export const MERGE_TRIES_MAX = 5;

/** Pages that may be trashed within a week without a person's word: so many, or this share. Source: protocols 4. */
export const DELETIONS_WINDOW_MS = 7 * DAY_MS;
export const DELETIONS_MAX = 5;
export const DELETIONS_SHARE_MAX = 0.01;

/** Country of phone numbers that name none, where nobody chose one. ISO 3166. */
export const PHONE_COUNTRY = "US";

/** Queries that one preview may make: 30,000 pages, at about 15 subrequests each of the 10,000 that an instance has. */
export const PREVIEW_QUERIES_MAX = 300;

/** Pages that a preview reads by themselves because no listing shows them, about 10 subrequests each. */
export const PREVIEW_UNSEEN_MAX = 200;

/** Rows without a page that one step of a preview looks at, and how many of them a preview looks at in all. */
export const PREVIEW_ROWS_PER_STEP = 200;
export const PREVIEW_ROWS_MAX = 20_000;

/** Things to do that a plan holds by name; more are counted, and are part of its hash all the same. */
export const PLAN_ITEMS_MAX = 20_000;

/** Characters of a text that a plan shows; its hash is of the whole. */
export const PLAN_TEXT_CHARS_MAX = 200;

/** Plans of one sync that are kept, and rows of old ones that one statement deletes. Source: Cloudflare docs, D1. */
export const PLANS_KEPT = 5;
export const PLAN_ROWS_PER_STATEMENT = 1_000;

/** Lines of one kind that a plan on a terminal has. */
export const PLAN_LINES_MAX = 50;

/** Longest that a dry run, or a plan that is to be carried out, waits for a run of the same sync that is under way; real ms. */
export const BUSY_LANE_WAIT_MS_MAX = 10 * MINUTE_MS;
// Scheduling: due times, requests, and what the tick looks at.

/**
 * How far after the epoch's multiples of its period each sync falls due, so that no two fall on one minute; 1970 began on a
 * Thursday, and cleanup comes on Sundays. Source: design 6, "staggered".
 */
export const SCHEDULE_STAGGER_MS = {
  fireflies: 0,
  clients: 20 * MINUTE_MS,
  projects: 40 * MINUTE_MS,
  verify: 3 * HOUR_MS + 50 * MINUTE_MS,
  cleanup: 3 * DAY_MS + 4 * HOUR_MS + 10 * MINUTE_MS,
} as const;

/**
 * A sync that comes more seldom than this and whose run failed is tried again after it, until so long after its due time; then
 * the next due time is waited for. Of the usual ones that is cleanup: four tries more in its week.
 */
export const SELDOM_RETRY_AFTER_MS = DAY_MS;
export const SELDOM_RETRY_UNTIL_MS = 5 * DAY_MS;

/** A clock that shows so much less than it did was set back; less is two machines that do not agree quite. */
export const CLOCK_SLACK_MS = 10 * MINUTE_MS;

/** What is asked for, the most urgent first. Source: design 2, lane. */
export const PRIORITIES = ["urgent", "high", "normal", "low"] as const;

/** Requests that were answered are kept this long, and at most so many deleted by one tick. Source: design 6, logs. */
export const REQUESTS_KEPT_MS = 30 * DAY_MS;
export const REQUESTS_FORGOTTEN_PER_TICK = 500;

/** Open requests that are listed or taken up at once: six syncs, each with four priorities and a few plans. */
export const REQUESTS_OPEN_MAX = 100;
// Budgets of calls.

/**
 * Calls of a day that are kept for wake-ups and for persons, beside one for each look by the clock. Source: a key of 50 calls a
 * day then leaves 20 at its start, and a backfill of 752 meetings takes 17 (Fireflies docs, limits of the free plan).
 */
export const QUOTA_KEPT_PER_DAY = { webhook: 4, manual: 2 } as const;

/**
 * Share of a budget, less one call, that is kept at most: of 50 calls just the looks of a day, the wake-ups and the persons; of
 * two calls none, or a backfill would never begin.
 */
export const QUOTA_KEPT_SHARE_MAX = 5 / 8;

/** A run waits so long for a call that is kept for others; longer, and it ends, so that those others find the lane free. */
export const KEPT_WAIT_MAX_MS = MINUTE_MS;

/** What waits for its share of a budget is looked after no more often than this: each run of it may cost a look as well. */
export const SHARE_LOOK_MS = HOUR_MS;

/** Looks that a forecast follows: an hour each for a year and more. What takes longer has no date. */
export const FORECAST_LOOKS_MAX = 10_000;
// Discovery and deletions of meetings.

/** How often the whole history is swept, in closed windows and with calls that nothing better needs. Shown in status. */
export const SWEEP_PERIOD_MS = 7 * DAY_MS;

/** Known meetings of one window of a sweep: nine calls, after which the next window is a checkpoint of its own. */
export const SWEEP_WINDOW_ROWS = 400;

/** Windows that one run sweeps. */
export const SWEEP_WINDOWS_PER_RUN = 4;

/** A closed window is asked for this much wider at both ends: the source rounds and compares dates as it likes. Source: protocols 3. */
export const SWEEP_MARGIN_MS = 10 * MINUTE_MS;

/** Known meetings on either side of a missing one in the window that looks for it again: it has to lie strictly inside a page. */
export const ABSENCE_NEIGHBOURS = 5;

/**
 * The overlap in time follows the delays of arrival once so many were measured: the one that all but a thousandth keep
 * below, within these bounds. Source: protocols 3.
 */
export const ARRIVALS_MIN = 1_000;
export const ARRIVALS_BEYOND_SHARE = 0.001;
export const ARRIVAL_OVERLAP_MIN_MS = DAY_MS;

/** A meeting that is found longer than this after the newest were last looked at says how long we were away, not how late it came. */
export const ARRIVAL_GAP_MAX_MS = 2 * HOUR_MS;

/** Two absences that a verdict rests on are at least this far apart. Source: protocols 4. */
export const ABSENCES_APART_MS = DAY_MS;

/** A meeting whose window brought nothing, or that a reply left open, is looked for again after this. */
export const ABSENCE_LOOK_AGAIN_MS = DAY_MS;

/** Missing meetings asked for by one call beside a known one, how many of them one run asks for, and how many it judges. */
export const LOOKS_PER_CALL = 10;
export const LOOKS_PER_RUN = 50;
export const CANDIDATES_PER_RUN = 500;

/** Missing meetings that one approval may cover: their evidence is one bound value of D1. */
export const APPROVED_AT_ONCE_MAX = 10_000;

/** Chunks that died with their meetings and whose vectors one run deletes; each costs about a tenth of a subrequest. */
export const DOOMED_CHUNKS_PER_RUN = 5_000;

/** Pages of listings are evidence this long, and longer while an absence rests on them; so many old ones go with each page. */
export const LISTING_PAGES_KEPT_MS = 14 * DAY_MS;
export const LISTING_PAGES_DROPPED_MAX = 20;
// Webhooks.

/** A webhook's body larger than this is refused unread. Source: Notion's largest events name some hundred properties: 10 kB. */
export const WEBHOOK_BYTES_MAX = 256 * 1024;

/** An event that says it is older than this is a replay. Source: Notion docs, the last of 8 attempts comes about a day after the event. */
export const WEBHOOK_AGE_MAX_MS = 3 * DAY_MS;

/** Rows of the inbox are kept until no copy of them is taken any more, with a margin; so many are deleted by one tick. */
export const WEBHOOK_KEEP_MS = 14 * DAY_MS;
export const WEBHOOK_ROWS_PER_CLEANING = 500;

/** Verification tokens that wait for the owner at once, and how long: anybody may send one. */
export const WEBHOOK_TOKENS_WAITING_MAX = 5;
export const WEBHOOK_TOKEN_WAIT_MS = DAY_MS;

/** Announced meetings that one run asks for one by one, a call each; if more wait, a listing comes first and brings 50 a call. */
export const ANNOUNCED_FETCHES_MAX = 10;

/** Meetings, or pages, that one run looks up in the inbox. */
export const ANNOUNCED_TAKEN_MAX = 200;

/** Waits before an announced meeting that is not ready is asked for again; after the last the listings see to it. */
export const ANNOUNCED_WAITS_MS = [1, 5, 15].map((minutes) => minutes * MINUTE_MS);

/** Events of our own writes that one tick judges. */
export const ECHOES_PER_TICK = 100;

/** How far Notion's clock and ours may be apart, and for how long it collects changes into one event. Source: Notion docs, "most under 1 min". */
export const WEBHOOK_SLACK_MS = MINUTE_MS;

/** An event of ours whose push is still under way waits this long for its end. */
export const ECHO_WAIT_MS = 5 * MINUTE_MS;

/** After a run that did not succeed, what is announced waits for so long. */
export const ANNOUNCED_RETRY_AFTER_MS = 15 * MINUTE_MS;

/** Pushes into which a person may have typed are counted for so long. */
export const SUSPECTED_SHOWN_MS = 7 * DAY_MS;
// The life of one record (queries/lineage.ts).
/** Rows of one kind that a life tells, newest first; more are counted. */
export const LINEAGE_ROWS_MAX = 50;
/** Revisions whose bytes are read and hashed again, and vectors that are read back; the others are only counted. */
export const LINEAGE_REVISIONS_READ_MAX = 10;
export const LINEAGE_VECTORS_READ_MAX = 100;
/** Ids that begin like one that is not known, among which the nearest is looked for, and how much of it they share. */
export const LINEAGE_NEAR_IDS_MAX = 200;
export const LINEAGE_NEAR_CHARS = 3;
/** Characters of a value in a sentence. */
export const LINEAGE_VALUE_CHARS_MAX = 200;

// A source that says too little (core/silence.ts). Source: design, numbers: "source silent", "saw zero".
/** Weeks before this one that are the norm, and how many of them must lie within the ledger's history. */
export const NORM_WEEKS = 4;
export const NORM_WEEKS_MIN = 3;
/**
 * The share of these weeks that must have had meetings on a day, one holiday allowed, and how many it must have had on
 * average: where one is usual, none is nothing rare.
 */
export const NORM_SHARE_MIN = 0.75;
export const NORM_COUNT_MIN = 2;
/** Fewer pauses than three a week tell nothing of how long one may be. */
export const NORM_PAUSES_MIN = 12;
/** Lengths of a day that is compared, and of the step to the one that it is compared with. */
export const NORM_DAY_MS = DAY_MS;
export const NORM_STEP_MS = 7 * DAY_MS;
/** A meeting that ended so short a time ago may not be listed yet. */
export const NORM_LAG_MS = 6 * HOUR_MS;
/** The newest meeting is older than expected beyond this many times the longest pause of the norm, and never before a day. */
export const SILENCE_TIMES_MAX = 1.5;
export const SILENCE_MS_MIN = DAY_MS;

// Proof (pipelines/verify) and what it has mended.

/** Meetings proved by one step; each costs one subrequest, and one more for every 20 of its chunks. */
export const PROOF_PAGE_ITEMS = 250;

/** How often a proof is complete; on the other days it takes what changed and one slice of so many. Source: design 8, verify. */
export const PROOF_COMPLETE_EVERY_MS = 7 * DAY_MS;
export const PROOF_SLICES = 7;

/** Age of the newest listing of the whole history from which on a complete proof lists it anew. */
export const PROOF_LISTING_AGE_MS = 7 * DAY_MS;

/** Subrequests one run of verify may come to before its continuation goes on; an instance may make 10,000. */
export const PROOF_CALLS_PER_RUN = 6_000;

/** Differences that a proof names, the gravest first; more are counted. */
export const PROOF_NAMES_MAX = 500;

/** Proofs that are kept. */
export const PROOFS_KEPT = 100;

/** Findings mended between two looks whether somebody more urgent waits. */
export const MENDS_PER_EDGE = 5;

/** Findings mended by one run of a sync; each may cost a call. */
export const MENDS_PER_RUN = 50;

/** Times a finding is mended without that helping, after which it is left to a person; and the pause between two tries. */
export const MEND_TRIES_MAX = 3;
export const MEND_PAUSE_MS = 15 * MINUTE_MS;

/** A proof looks again at what was mended this long after the last one ended. */
export const PROOF_AGAIN_AFTER_MS = 15 * MINUTE_MS;

/** Findings that an answer about a proof names. */
export const FINDINGS_SHOWN_MAX = 200;

// Telling people of alerts (core/notices.ts, engine/telling.ts).

/**
 * An open alert is told again after these times, then each time after the last one. Source: an hour is long enough to have
 * looked; what stands after a working day is nobody's emergency, and must not be forgotten either.
 */
export const ALERT_AGAIN_AFTER_MS = [HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS, DAY_MS] as const;

/** A wait that a channel names beyond this is no wait but a refusal; a time further ahead was written before the clock was set back. */
export const ALERT_WAIT_MAX_MS = 30 * DAY_MS;

/** A message that a channel has not taken by then is given up, real ms. Source: Slack answers within a second; a tick has a minute. */
export const ALERT_SEND_MS = 10 * SECOND_MS;

/** Whoever sends over a channel has it for so long, real ms; the next one may send again what a crash left in doubt. */
export const ALERT_CLAIM_MS = 2 * MINUTE_MS;

/** Messages begun over one channel within an hour; what is due beyond that waits, and comes in one message. */
export const ALERT_MESSAGES_PER_HOUR = 20;

/** Alerts that one message names; more are counted. Alerts that one beat looks at for a channel. */
export const ALERT_MESSAGE_NAMES_MAX = 10;
export const ALERTS_PER_BEAT = 200;

/** Characters of an alert's own sentence that leave in a message. */
export const ALERT_DETAIL_CHARS_MAX = 300;

/** A reply of a webhook larger than this is given up: Slack says "ok". */
export const ALERT_REPLY_BYTES_MAX = 64 * 1024;

/** Characters of the name and the note of whoever acknowledges an alert. */
export const ACK_NAME_CHARS_MAX = 100;
export const ACK_NOTE_CHARS_MAX = 500;

/** Closed alerts, and deliveries of one alert, that a list shows. */
export const ALERTS_CLOSED_SHOWN = 20;
export const ALERT_DELIVERIES_SHOWN = 10;

// Storage: how much is left, what is kept how long, and cleanup (pipelines/cleanup.ts).

/** How full the stores are is measured this often; of each day the last figure is kept, for so long. */
export const STORAGE_SAMPLE_EVERY_MS = HOUR_MS;
export const STORAGE_SAMPLES_KEPT_MS = 400 * DAY_MS;

/** Days that a forecast of the day a store is full needs at least, and how far it looks back. */
export const HEADROOM_DAYS_MIN = 5;
export const HEADROOM_WINDOW_MS = 30 * DAY_MS;

/** Warned of when a store is forecast to be full so soon, or is used to this share. */
export const HEADROOM_WARN_MS = 30 * DAY_MS;
export const HEADROOM_WARN_SHARE = 0.8;

/**
 * A warning that stands ends when a store is so far below where it begins, or the day it is full so much further away: what
 * changes from hour to hour and from day to day is less, so none opens and closes by turns.
 */
export const HEADROOM_EASE = { share: 0.05, forecastMs: 15 * DAY_MS, diskBytes: 256 * 1024 ** 2 } as const;

/** A disk whose size nobody tells is warned of when so little of it is left before syncs halt. */
export const DISK_LOW_BYTES = 1024 ** 3;

/** A store that did not take a write although it had room by all that can be measured is tried again after this. */
export const STORAGE_RETRY_AFTER_MS = 15 * MINUTE_MS;

/** With no room left, the sync of vectors still looks this often for vectors that are to be deleted. */
export const FULL_VECTORS_EVERY_MS = HOUR_MS;

/** Logs are kept this long, then only their daily figures. Source: design 6, logs. */
export const LOGS_KEPT_MS = 30 * DAY_MS;

/** A day is counted once and for all this long after its end: nothing is added to it any more, and nothing of it is deleted yet. */
export const DAY_SETTLED_AFTER_MS = DAY_MS;

/** Values that the sync replaced, and conflicts that are settled: people may want them back. Source: design 7, history. */
export const HISTORY_KEPT_MS = 365 * DAY_MS;

/** Daily figures are kept this long. */
export const FIGURES_KEPT_MS = 3 * 365 * DAY_MS;

/** Earlier revisions of a meeting are kept this long after a complete proof has named them, and the newest of them for ever. */
export const REVISIONS_KEPT_MS = 180 * DAY_MS;
export const EARLIER_REVISIONS_KEPT_MIN = 1;

/**
 * Objects of a meeting that is not known are deleted this long after a complete proof has named them; and whatever is to be
 * deleted stands so in the ledger for this long before it is. Source: protocols 1, "dooms a key 24 h before deleting it".
 */
export const ORPHANS_KEPT_MS = 7 * DAY_MS;
export const DOOMED_FOR_MS = DAY_MS;

/** Rows deleted by one batch. Source: Cloudflare docs, D1: about 1,000 rows of a large delete. */
export const CLEANUP_ROWS_PER_BATCH = 1_000;

/**
 * Days counted, batches of rows or of objects deleted, and pages of the raw store listed by one run of cleanup: some 4,000
 * subrequests of the 10,000 that an instance has.
 */
export const CLEANUP_DAYS_PER_RUN = 100;
export const CLEANUP_BATCHES_PER_RUN = 400;
export const CLEANUP_LISTS_PER_RUN = 2_000;

/** Objects deleted by one step, and listings made by one. Source: Cloudflare docs, R2: 1,000 keys a delete. */
export const CLEANUP_OBJECTS_PER_STEP = 500;
export const CLEANUP_LISTS_PER_STEP = 20;

/** Rows whose sizes one step measures. */
export const CLEANUP_ROWS_MEASURED_PER_STEP = 5_000;

/** Rows of the ballast, and bytes of each: a failure, its alert and the end of a run with fifty items come to less. */
export const BALLAST_ROWS = 4;
export const BALLAST_ROW_BYTES = 128 * 1024;

// Reports.

/** Success metrics, over so many days. Source: requirements, "Success Metrics"; design 6. */
export const SUCCESS_COMPLETION_SHARE = 0.99;
export const SUCCESS_RUN_MS = 5 * MINUTE_MS;
export const REPORT_DAYS = 7;

/** Rows of a list of a report; errors are cut to IDS_SHOWN_MAX. */
export const REPORT_ROWS_MAX = 200;

/**
 * When a recommendation is made. Each threshold is where a change begins to be worth a person's attention; below it, chance and
 * the ordinary course of things explain the figure. Few cases are no evidence, so each has a least number as well.
 */
export const ADVICE = {
  /** Of the time of runs that passed in waiting for one vendor: a fifth, or what a person notices of a run. */
  waitedShare: 0.2,
  /** A wait shorter than this is no matter, whatever share of a run it is. */
  waitedMsMin: MINUTE_MS,
  /** Of a day's budget on the busiest day: what is kept for the better uses begins to be touched (QUOTA_KEPT_SHARE_MAX). */
  budgetShare: 0.8,
  /** Calls that were tried again for one reason, of all to that party: ten times the failures that a healthy API shows (1 %). */
  retriesShare: 0.1,
  retriesMin: 5,
  /** Quarantine with one reason in half of it has one cause, that one change may cure. */
  reasonShare: 0.5,
  reasonItemsMin: 5,
  /** Half of what a webhook would save: meetings are looked for every 60 minutes without one. */
  dataAgeMs: 30 * MINUTE_MS,
  meetingsMin: 5,
  /** Of the measured work: then the model, and nothing else, decides how long runs take. */
  embedShare: 0.5,
  workMsMin: MINUTE_MS,
  /** Runs that changed something, of a sync's: below one in twenty it looks too often, above nine in ten too seldom. */
  changesShareMin: 0.05,
  changesShareMax: 0.9,
  runsMin: 20,
  /** Of the database's cap: at 10 GB and a steady growth, months remain to act, and preflight refuses at D1_USED_SHARE_MAX. */
  storageShare: 0.7,
  /** A complete proof is due every PROOF_COMPLETE_EVERY_MS; a day late is late. */
  proofAgeMs: 8 * DAY_MS,
} as const;
