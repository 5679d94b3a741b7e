/**
 * Retrieval: how well search finds what answers a question, on meetings and questions whose answers are known. Everything
 * runs over the same chunks in one process: the product's search, its full text alone, its vectors alone, plain BM25.
 */
import { readFileSync } from "node:fs";
import * as z from "zod";
import { createFirefliesEmulator } from "../emulators/fireflies/emulator.ts";
import { FIREFLIES_DEMO_KEY } from "../emulators/fireflies/keys.ts";
import { readMeetingsFile } from "../emulators/fireflies/meetings-file.ts";
import { createFirefliesSource } from "../src/adapters/fireflies/source.ts";
import { rankChunks } from "../src/core/search/rank.ts";
import type { SearchFilter } from "../src/core/search/request.ts";
import { anyOf, searchWords } from "../src/core/search/words.ts";
import { findChunks } from "../src/queries/search.ts";
import { aWorkspace, runSync, type Workspace } from "../test/in-process/workspace.ts";
import { plainBm25 } from "./plain-bm25.ts";
import type { BenchResult } from "./result.ts";

type Row = BenchResult["rows"][number];

export type RetrievalBenchOptions = {
  /** Meetings as `--meetings` takes them; without both files there is nothing to measure. */
  readonly meetings: string | undefined;
  readonly queries: string | undefined;
  readonly say: (line: string) => void;
};

const QUERY = z.object({
  query_id: z.string(),
  meeting_id: z.string(),
  type: z.string().optional(),
  query: z.string(),
  relevant_sentence_ranges: z.array(z.tuple([z.number(), z.number()])),
});
type Query = z.infer<typeof QUERY>;

/** A chunk, as far as judging needs it: first and last sentence, both inclusive. */
type Judged = { id: string; meeting: string; first: number; last: number; text: string };
type Figures = { recall_at_5: number; mrr_at_10: number; ndcg_at_10: number };
type Pools = { pooled: Figures; within: Figures };

const RANKERS = ["hybrid", "full_text", "vectors", "plain_bm25"] as const;
type Ranker = (typeof RANKERS)[number];
type Rankings = Readonly<Record<Ranker, readonly string[]>>;

/** What full text must reach of plain BM25. */
const PLAIN_SHARE_MIN = 0.95;

/** Measure retrieval. Takes about a minute with 167 meetings and 981 questions. */
export async function benchRetrieval(options: RetrievalBenchOptions): Promise<BenchResult> {
  if (options.meetings === undefined || options.queries === undefined) {
    options.say("SKIPPED: give --meetings and --queries");
    return { name: "retrieval", rows: [] };
  }
  const space = await spaceWith(options.meetings, options.say);
  const queries = specificQueries(options.queries);
  const chunks = await chunksOf(space);
  const asked = queries.filter((query) => chunks.some((chunk) => chunk.meeting === query.meeting_id));
  options.say(
    `${chunks.length} chunks, ${asked.length} questions (${queries.length - asked.length} about other meetings)`,
  );
  const rank = rankerOf(space, chunks);
  const figures = Object.fromEntries(RANKERS.map((name) => [name, noPools()])) as Record<Ranker, Pools>;
  for (const query of asked) {
    for (const pool of ["pooled", "within"] as const) {
      const rankings = await rank(query.query, pool === "within" ? query.meeting_id : null);
      for (const name of RANKERS)
        add(figures[name][pool], judge(rankings[name], query, chunks), asked.length);
    }
  }
  return { name: "retrieval", rows: rowsOf(figures), detail: figures };
}

/** The product in this process, its stores filled with the meetings of a file by its own pipelines. */
async function spaceWith(path: string, say: (line: string) => void): Promise<Workspace> {
  const { meetings, contentHash } = readMeetingsFile(path);
  const space = await aWorkspace({}, Date.now());
  const emulator = await createFirefliesEmulator({
    realNowMs: space.world.nowMs,
    meetings,
    meetingsHash: contentHash,
    quotaPerDay: 1_000_000,
  });
  const source = await createFirefliesSource({
    url: "http://fireflies.emulated",
    key: FIREFLIES_DEMO_KEY,
    world: space.world,
    fetch: (request) => emulator.fetch(request),
  });
  for (const sync of ["fireflies", "vectors"] as const) {
    say(`${sync}: ${meetings.length} meetings`);
    let run = await runSync(space, sync, { ...space.ports, source });
    while (run.continues) run = await runSync(space, sync, { ...space.ports, source });
    if (run.state !== "succeeded") throw new Error(`the run of ${sync} ended as ${run.state}: ${run.detail}`);
  }
  await emulator.close();
  return space;
}

/** The questions of a file that name something specific; all of them where the file tells no types. */
function specificQueries(path: string): Query[] {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const queries = lines.map((line, n) => {
    const read = QUERY.safeParse(JSON.parse(line));
    if (!read.success)
      throw new Error(
        `${path}, line ${n + 1}: ${read.error.issues[0]?.path.join(".")}: ${read.error.issues[0]?.message}`,
      );
    return read.data;
  });
  return queries.filter(({ type }) => type === undefined || type === "specific");
}

async function chunksOf(space: Workspace): Promise<Judged[]> {
  const { results } = await space.d1
    .prepare(
      `select id, document_id as meeting, first_sentence as first, last_sentence as last, text from chunks
       where state = 'live' order by document_id, position`,
    )
    .all<Judged>();
  return results;
}

function rankerOf(
  space: Workspace,
  chunks: readonly Judged[],
): (question: string, meeting: string | null) => Promise<Rankings> {
  const plain = plainBm25(chunks);
  return async (question, meeting) => {
    const filter: SearchFilter = { from: null, to: null, participant: null, speaker: null, meeting };
    const { found } = await findChunks(space.ports, { question, filter }, anyOf(searchWords(question).words));
    const ids = (of: Partial<typeof found>): string[] => rankChunks({ ...found, ...of }).map(({ id }) => id);
    return {
      hybrid: ids({}),
      full_text: ids({ vectors: [] }),
      vectors: ids({ text: [], meetings: new Map() }),
      plain_bm25: plain(question, meeting),
    };
  };
}

/** Binary relevance: a chunk of the question's meeting that shares a sentence with what answers it. */
function judge(ranking: readonly string[], query: Query, chunks: readonly Judged[]): Figures {
  const relevant = new Set(
    chunks
      .filter(
        ({ meeting, first, last }) =>
          meeting === query.meeting_id &&
          query.relevant_sentence_ranges.some(([from, to]) => first <= to && from <= last),
      )
      .map(({ id }) => id),
  );
  if (relevant.size === 0) throw new Error(`no chunk holds what answers ${query.query_id}`);
  const gains = ranking.slice(0, 10).map((id) => (relevant.has(id) ? 1 : 0));
  const discount = (place: number): number => 1 / Math.log2(place + 2);
  const ideal = Array.from({ length: Math.min(10, relevant.size) }, (_, place) => discount(place));
  const first = gains.indexOf(1);
  return {
    recall_at_5: sumOf(gains.slice(0, 5)) / relevant.size,
    mrr_at_10: first === -1 ? 0 : 1 / (first + 1),
    ndcg_at_10: sumOf(gains.map((gain, place) => gain * discount(place))) / sumOf(ideal),
  };
}

function noPools(): Pools {
  const none = (): Figures => ({ recall_at_5: 0, mrr_at_10: 0, ndcg_at_10: 0 });
  return { pooled: none(), within: none() };
}

function add(mean: Figures, one: Figures, count: number): void {
  mean.recall_at_5 += one.recall_at_5 / count;
  mean.mrr_at_10 += one.mrr_at_10 / count;
  mean.ndcg_at_10 += one.ndcg_at_10 / count;
}

function rowsOf(figures: Readonly<Record<Ranker, Pools>>): Row[] {
  const rows: Row[] = [];
  for (const pool of ["pooled", "within"] as const) {
    for (const figure of ["recall_at_5", "mrr_at_10", "ndcg_at_10"] as const) {
      const of = (ranker: Ranker): number => figures[ranker][pool][figure];
      const row = (ranker: Ranker): Row => ({
        what: `${pool}: ${figure} of ${ranker}`,
        value: Math.round(of(ranker) * 1_000) / 1_000,
        unit: "",
      });
      const plainFloor = PLAIN_SHARE_MIN * of("plain_bm25");
      rows.push(
        { ...row("hybrid"), target: ">= full_text", ok: of("hybrid") >= of("full_text") },
        {
          ...row("full_text"),
          target: `>= ${PLAIN_SHARE_MIN} x plain_bm25`,
          ok: of("full_text") >= plainFloor,
        },
        row("vectors"),
        row("plain_bm25"),
      );
    }
  }
  return rows;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
