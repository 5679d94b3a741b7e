import type { Vectorize, VectorizeVectorMetadataFilter } from "@cloudflare/workers-types";
import { FailureError, type FailureKind } from "../../core/errors.ts";
import {
  VECTOR_IDS_PER_DELETE_MAX,
  VECTOR_IDS_PER_GET_MAX,
  VECTORS_PER_UPSERT_MAX,
} from "../../core/limits.ts";
import { inTime } from "../../core/in-time.ts";
import { CONNECTIONS_MAX, INDEX_TIMEOUT_MS } from "../../core/policy.ts";
import type { IndexedVector, VectorFilter, VectorIndex, VectorMetadata } from "../../ports/vectors.ts";
import type { World } from "../../ports/world.ts";

/** A Vectorize index. Calls that take more ids than Vectorize allows are cut into allowed ones. */
export function createVectorIndex(index: Vectorize, world: World): VectorIndex {
  const call = <T>(work: Promise<T>): Promise<T> => inTime(work, world.timer(INDEX_TIMEOUT_MS), late);
  return {
    upsert: (vectors) =>
      // A code that blames the request blames what is sent: the vectors.
      classified("refused", async () => {
        if (vectors.length > VECTORS_PER_UPSERT_MAX)
          throw new RangeError(`${vectors.length} vectors in one upsert`);
        await call(
          index.upsert(
            vectors.map(({ id, values, metadata }) => ({
              id,
              values: values as Float32Array,
              metadata: { ...metadata },
            })),
          ),
        );
      }),
    getByIds: (ids) =>
      classified("defect", async () => {
        const found = await inSlices(ids, VECTOR_IDS_PER_GET_MAX, (slice) => call(index.getByIds(slice)));
        return found.flat().map((vector): IndexedVector => ({
          id: vector.id,
          values: vector.values as Float32Array,
          metadata: (vector.metadata ?? {}) as VectorMetadata,
        }));
      }),
    deleteByIds: (ids) =>
      classified("defect", async () => {
        await inSlices(ids, VECTOR_IDS_PER_DELETE_MAX, (slice) => call(index.deleteByIds(slice)));
      }),
    query: (values, { topK, filter }) =>
      classified("defect", async () => {
        const { matches } = await call(
          index.query(values, {
            topK,
            ...(filter ? { filter: filterOf(filter) } : {}),
          }),
        );
        return { items: matches.map(({ id, score }) => ({ id, score })), cursor: null };
      }),
    describe: () =>
      classified("defect", async () => {
        const { dimensions, vectorCount } = await call(index.describe());
        return { dimensions, vectorCount };
      }),
  };
}

function late(): FailureError {
  return new FailureError({ kind: "timed_out", party: "vectorize", detail: "no answer in time" });
}

function filterOf({ document, day }: VectorFilter): VectorizeVectorMetadataFilter {
  return {
    ...(document === undefined ? {} : { document }),
    ...(day === undefined
      ? {}
      : {
          day: {
            ...(day.from === undefined ? {} : { $gte: day.from }),
            ...(day.to === undefined ? {} : { $lte: day.to }),
          },
        }),
  };
}

/** Apply a call to slices of a list, a few at a time. */
async function inSlices<T>(
  ids: readonly string[],
  sliceMax: number,
  call: (slice: string[]) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < ids.length; start += sliceMax * CONNECTIONS_MAX) {
    const round = Array.from({ length: CONNECTIONS_MAX }, (_, n) => start + n * sliceMax)
      .filter((from) => from < ids.length)
      .map((from) => call(ids.slice(from, from + sliceMax)));
    results.push(...(await Promise.all(round)));
  }
  return results;
}

async function classified<T>(blamed: "refused" | "defect", work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FailureError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const detail = /[A-Z_]+ERROR \(code = \d+\)/.exec(message)?.[0] ?? "no code";
    throw new FailureError({ kind: kindOf(message, blamed), party: "vectorize", detail }, { cause: error });
  }
}

/** Source: emulators/vectorize/errors.ts; Vectorize documents no list of codes. */
const CODE_TOO_MANY_REQUESTS = "40041";

/** Sorted by code where there is one, for words like "too many" are said of ids as well; else by words. */
function kindOf(message: string, blamed: "refused" | "defect"): FailureKind {
  if (/no space|SQLITE_FULL|full|maximum number of vectors/i.test(message)) return "storage_full";
  const code = /\(code = (\d{5})\)/.exec(message)?.[1];
  if (code === CODE_TOO_MANY_REQUESTS) return "rate_limited";
  if (code?.startsWith("4")) return blamed;
  if (/too many requests|rate limit|429/i.test(message)) return "rate_limited";
  return /network|connection|internal|unavailable|timeout|50\d/i.test(message) ? "unreachable" : "defect";
}
