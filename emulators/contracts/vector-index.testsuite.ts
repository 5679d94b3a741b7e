/**
 * The rules of the Vectorize binding, one test each.
 *
 * They follow developers.cloudflare.com: /vectorize/platform/limits (sizes and counts), /vectorize/reference/client-api
 * (methods and defaults), /vectorize/reference/metadata-filtering (filters), /vectorize/best-practices/insert-vectors
 * (insert, upsert, delay) and /vectorize/best-practices/query-vectors (scoring); error texts follow workerd's
 * vectorize-api.ts and what users published. The commands have a suite of their own (vectorize-commands).
 *
 * Not enforced, because it cannot be on one machine, or because production names no rule:
 * - 20,000,000 vectors an index: 80 GB at 1,024 dimensions.
 * - 100 MB an upload by the binding: 1,000 vectors with all that a vector may have stay below 50 MB.
 * - 200,000 vectors or 1,000 mutations an indexing job: a matter of speed, not of refusal; here a mutation takes `delayMs`.
 * - reduced accuracy of ranges over ten million vectors, rate limits (code 40041 comes on demand), and prices.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Inspection, PlannedFailure } from "../vectorize/index-controls.ts";
import type { IdPage } from "../vectorize/index-core.ts";
import type { Plan } from "../vectorize/limits.ts";
import type { IndexConfig, Vector, VectorIndex } from "../vectorize/types.ts";
import { aVector, manyIds, messageOf, someValues } from "./a-vector.ts";
import { describeCommands, type NameUnderTest } from "./vectorize-commands.testsuite.ts";

/** An index under test, fresh and empty, with the switches a test driver has. */
export interface IndexUnderTest {
  index: VectorIndex;
  /** Move the index's clock ahead by milliseconds. */
  advance(ms: number): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  dropNext(count: number): Promise<void>;
  failNext(failure: PlannedFailure): Promise<void>;
  loseVectors(ids: string[]): Promise<void>;
  inspect(): Promise<Inspection>;
  listIds(cursor?: string | null): Promise<IdPage>;
  /** End the process that hosts the index and start it again on the same data; invalidates nothing here. */
  restart(): Promise<void>;
}

export interface IndexHost {
  makeIndex(config: IndexConfig): Promise<IndexUnderTest>;
  makeName(): Promise<NameUnderTest>;
  close(): Promise<void>;
}

const DELAY_MS = 5_000;

/** The configurations the suite asks for, so that a host can prepare its bindings. */
export const CONTRACT_CONFIGS = {
  cosine: { dimensions: 3, metric: "cosine", delayMs: DELAY_MS },
  euclidean: { dimensions: 3, metric: "euclidean", delayMs: DELAY_MS },
  dotProduct: { dimensions: 3, metric: "dot-product", delayMs: DELAY_MS },
  exactCosine: { dimensions: 16, metric: "cosine", delayMs: DELAY_MS, scoring: "exact" },
  exactEuclidean: { dimensions: 16, metric: "euclidean", delayMs: DELAY_MS, scoring: "exact" },
  exactDotProduct: { dimensions: 16, metric: "dot-product", delayMs: DELAY_MS, scoring: "exact" },
  indexed: {
    dimensions: 3,
    metric: "cosine",
    delayMs: DELAY_MS,
    metadataIndexes: { kind: "string", day: "number", open: "boolean", "who.name": "string" },
  },
  wide: { dimensions: 1536, metric: "cosine", delayMs: DELAY_MS },
} as const satisfies Record<string, IndexConfig>;

/** The rules of a Vectorize index, one sentence each, for every implementation. */
export function describeVectorIndex(name: string, startHost: (plan: Plan) => Promise<IndexHost>): void {
  describe(`vector index: ${name}`, () => {
    let host: IndexHost;
    beforeAll(async () => {
      host = await startHost("paid");
    });
    afterAll(() => host.close());
    const make: Make = async (config = CONTRACT_CONFIGS.cosine) => host.makeIndex(config);

    describeCommands(() => host.makeName());
    describeVisibility(make);
    describeWrites(make);
    describeReads(make);
    describeScoring(make);
    describeFilters(make);
    describeRefusals(make);
    describeFaults(make);
    describePlans(make, () => startHost("free"));
  });
}

type Make = (config?: IndexConfig) => Promise<IndexUnderTest>;

async function visibleAfter(made: IndexUnderTest, vectors: Vector[]): Promise<void> {
  await made.index.upsert(vectors);
  await made.advance(DELAY_MS);
}

function describeVisibility(make: Make): void {
  describe("visibility", () => {
    it("answers a write with a fresh mutation id at once", async () => {
      const { index } = await make();
      const first = await index.upsert([aVector("a")]);
      const second = await index.upsert([aVector("a")]);
      expect(first.mutationId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
      expect(second.mutationId).not.toBe(first.mutationId);
    });

    it("shows a write only when its delay has passed", async () => {
      const made = await make();
      await made.index.upsert([aVector("a")]);
      await made.advance(DELAY_MS - 1000);
      expect(await made.index.getByIds(["a"])).toEqual([]);
      expect((await made.index.query([1, 0, 0])).matches).toEqual([]);
      expect((await made.index.describe()).vectorCount).toBe(0);
      await made.advance(1000);
      expect(await made.index.getByIds(["a"])).toHaveLength(1);
      expect((await made.index.query([1, 0, 0])).matches).toHaveLength(1);
    });

    it("keeps the old vector visible until its replacement is", async () => {
      const made = await make();
      await visibleAfter(made, [aVector("a", [1, 0, 0])]);
      await made.index.upsert([aVector("a", [0, 1, 0])]);
      expect((await made.index.getByIds(["a"]))[0]?.values).toEqual([1, 0, 0]);
      await made.advance(DELAY_MS);
      expect((await made.index.getByIds(["a"]))[0]?.values).toEqual([0, 1, 0]);
    });

    it("applies mutations strictly in the order they were accepted", async () => {
      const made = await make();
      await made.index.upsert([aVector("a", [1, 0, 0]), aVector("b")]);
      await made.index.deleteByIds(["a", "b"]);
      await made.index.upsert([aVector("a", [0, 0, 1])]);
      await made.advance(DELAY_MS);
      expect(await made.index.getByIds(["a", "b"])).toEqual([{ id: "a", values: [0, 0, 1] }]);
    });

    it("tells how far it has come", async () => {
      const made = await make();
      const empty = await made.index.describe();
      expect(empty).toEqual({
        vectorCount: 0,
        dimensions: 3,
        processedUpToDatetime: null,
        processedUpToMutation: null,
      });
      await made.index.upsert([aVector("a"), aVector("b")]);
      const { mutationId } = await made.index.deleteByIds(["b"]);
      await made.advance(DELAY_MS);
      const info = await made.index.describe();
      expect(info).toMatchObject({ vectorCount: 1, dimensions: 3, processedUpToMutation: mutationId });
      expect(new Date(info.processedUpToDatetime ?? "").toISOString()).toBe(info.processedUpToDatetime);
    });

    it("keeps visible vectors and waiting mutations over a restart", async () => {
      const made = await make();
      await visibleAfter(made, [aVector("a", [0.25, 0.5, 0.75], { metadata: { n: 1 } })]);
      await made.index.upsert([aVector("b")]);
      await made.index.deleteByIds(["a"]);
      await made.restart();
      expect(await made.index.getByIds(["a", "b"])).toEqual([
        { id: "a", values: [0.25, 0.5, 0.75], metadata: { n: 1 } },
      ]);
      await made.advance(DELAY_MS);
      expect(await made.index.getByIds(["a", "b"])).toEqual([{ id: "b", values: [1, 0, 0] }]);
    });
  });
}

function describeWrites(make: Make): void {
  describe("writes", () => {
    it("upsert replaces values, namespace and metadata wholly", async () => {
      const made = await make();
      await visibleAfter(made, [aVector("a", [1, 0, 0], { namespace: "one", metadata: { old: true } })]);
      await visibleAfter(made, [aVector("a", [0, 1, 0])]);
      expect(await made.index.getByIds(["a"])).toEqual([{ id: "a", values: [0, 1, 0] }]);
      expect((await made.index.describe()).vectorCount).toBe(1);
      expect((await made.index.query([1, 0, 0])).count).toBe(1);
    });

    it("insert adds new ids and leaves known ones as they are", async () => {
      const made = await make();
      await visibleAfter(made, [aVector("a", [1, 0, 0])]);
      await made.index.insert([aVector("a", [0, 1, 0]), aVector("b", [0, 0, 1])]);
      await made.advance(DELAY_MS);
      const found = await made.index.getByIds(["a", "b"]);
      expect(found.map(({ values }) => values)).toEqual([
        [1, 0, 0],
        [0, 0, 1],
      ]);
    });

    it("takes the last of two vectors with one id in one upsert", async () => {
      const made = await make();
      await visibleAfter(made, [aVector("a", [1, 0, 0]), aVector("a", [0, 1, 0])]);
      expect(await made.index.getByIds(["a"])).toEqual([{ id: "a", values: [0, 1, 0] }]);
    });

    it("deletes ids and does not mind unknown ones", async () => {
      const made = await make();
      await visibleAfter(made, [aVector("a"), aVector("b")]);
      await made.index.deleteByIds(["a", "never"]);
      await made.advance(DELAY_MS);
      expect((await made.index.query([1, 0, 0])).matches.map(({ id }) => id)).toEqual(["b"]);
      expect((await made.index.describe()).vectorCount).toBe(1);
    });

    it("stores float32, whatever it was given", async () => {
      const made = await make();
      await visibleAfter(made, [
        { id: "a", values: [0.1, 1 / 3, 1e-20] },
        { id: "b", values: new Float64Array([0.1, 1 / 3, 1e-20]) },
        { id: "c", values: new Float32Array([0.1, 1 / 3, 1e-20]) },
      ]);
      const expected = Array.from(new Float32Array([0.1, 1 / 3, 1e-20]));
      const found = await made.index.getByIds(["a", "b", "c"]);
      expect(found.map(({ values }) => values)).toEqual([expected, expected, expected]);
    });

    it("takes 1,000 vectors of 1,536 dimensions in one call", async () => {
      const made = await make(CONTRACT_CONFIGS.wide);
      const values = new Float32Array(1536).fill(0.5);
      await visibleAfter(
        made,
        Array.from({ length: 1000 }, (_, n) => ({ id: `v${n}`, values })),
      );
      expect((await made.index.describe()).vectorCount).toBe(1000);
    });
  });
}

function describeReads(make: Make): void {
  describe("reads", () => {
    it("getByIds gives values, namespace and metadata and leaves unknown ids out", async () => {
      const made = await make();
      const metadata = { title: "Ünïcode ☂", count: 3, open: false, tags: ["x", "y"], inner: { deep: 1 } };
      await visibleAfter(made, [aVector("a", [1, 2, 3], { namespace: "ns", metadata })]);
      expect(await made.index.getByIds(["nobody", "a"])).toEqual([
        { id: "a", values: [1, 2, 3], namespace: "ns", metadata },
      ]);
    });

    it("scores by cosine, 1 for the same direction, nearest first", async () => {
      const made = await make();
      await visibleAfter(made, [
        aVector("far", [-1, 0, 0]),
        aVector("near", [2, 0, 0]),
        aVector("half", [1, 1, 0]),
        aVector("zero", [0, 0, 0]),
      ]);
      const { count, matches } = await made.index.query([1, 0, 0]);
      expect(count).toBe(4);
      expect(matches.map(({ id }) => id)).toEqual(["near", "half", "zero", "far"]);
      expect(matches[0]?.score).toBeCloseTo(1, 6);
      expect(matches[1]?.score).toBeCloseTo(Math.SQRT1_2, 6);
      expect(matches[3]?.score).toBeCloseTo(-1, 6);
    });

    it("scores by euclidean distance, 0 nearest", async () => {
      const made = await make(CONTRACT_CONFIGS.euclidean);
      await visibleAfter(made, [
        aVector("far", [4, 4, 1]),
        aVector("near", [1, 0, 1]),
        aVector("same", [1, 0, 0]),
      ]);
      const { matches } = await made.index.query([1, 0, 0], { returnValues: true });
      expect(matches.map(({ id, score }) => [id, score])).toEqual([
        ["same", 0],
        ["near", 1],
        ["far", Math.sqrt(26)],
      ]);
    });

    it("scores by the negated dot product, lowest nearest", async () => {
      const made = await make(CONTRACT_CONFIGS.dotProduct);
      await visibleAfter(made, [
        aVector("small", [1, 0, 0]),
        aVector("big", [5, 0, 0]),
        aVector("off", [-1, 0, 0]),
      ]);
      const { matches } = await made.index.query([2, 0, 0], { returnValues: true });
      expect(matches.map(({ id, score }) => [id, score])).toEqual([
        ["big", -10],
        ["small", -2],
        ["off", 2],
      ]);
    });

    it("gives 5 matches unless told otherwise, and ids with scores only", async () => {
      const made = await make();
      const vectors = Array.from({ length: 60 }, (_, n) =>
        aVector(`v${n}`, [1, n / 60, 0], { metadata: { n } }),
      );
      await visibleAfter(made, vectors);
      const { matches } = await made.index.query(new Float32Array([1, 0, 0]));
      expect(matches.map(({ id }) => id)).toEqual(["v0", "v1", "v2", "v3", "v4"]);
      expect(Object.keys(matches[0] ?? {}).toSorted()).toEqual(["id", "score"]);
      expect((await made.index.query([1, 0, 0], { topK: 50, returnMetadata: "all" })).count).toBe(50);
      expect((await made.index.query([1, 0, 0], { topK: 100 })).count).toBe(60);
    });

    it("adds values and metadata on request; true means all", async () => {
      const made = await make();
      await visibleAfter(made, [aVector("a", [1, 2, 3], { metadata: { n: 1 } })]);
      const [match] = (await made.index.query([1, 2, 3], { returnValues: true, returnMetadata: true }))
        .matches;
      expect(match).toMatchObject({ id: "a", values: [1, 2, 3], metadata: { n: 1 } });
    });

    it("narrows to a namespace when one is named, and searches all otherwise", async () => {
      const made = await make();
      await visibleAfter(made, [aVector("a", [1, 0, 0], { namespace: "x" }), aVector("b", [1, 0, 0])]);
      const narrowed = await made.index.query([1, 0, 0], { namespace: "x" });
      expect(narrowed.matches.map(({ id, namespace }) => [id, namespace])).toEqual([["a", "x"]]);
      expect((await made.index.query([1, 0, 0])).count).toBe(2);
    });

    it("queries by the id of a stored vector, which is its own nearest", async () => {
      const made = await make();
      await visibleAfter(made, [aVector("a", [1, 0, 0]), aVector("b", [1, 1, 0])]);
      const { matches } = await made.index.queryById("b", { topK: 1, returnValues: true });
      expect(matches).toHaveLength(1);
      expect(matches[0]).toMatchObject({ id: "b", values: [1, 1, 0] });
    });
  });
}

function describeScoring(make: Make): void {
  const VECTORS = 300;
  const metrics = [
    ["cosine", CONTRACT_CONFIGS.exactCosine],
    ["euclidean", CONTRACT_CONFIGS.exactEuclidean],
    ["dot-product", CONTRACT_CONFIGS.exactDotProduct],
  ] as const;
  const stored = manyIds(VECTORS).map((id, n) => aVector(id, someValues(n, 16)));

  /** Ids of the nearest, counted out the plainest way over float32 values. */
  const nearestTo = (asked: number[], metric: string): string[] => {
    const product = (one: Float32Array, other: Float32Array): number =>
      one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
    const query = new Float32Array(asked);
    const distances = stored.map(({ id, values }) => {
      const vector = new Float32Array(values);
      const dot = product(query, vector);
      if (metric === "dot-product") return { id, distance: -dot };
      if (metric === "cosine")
        return { id, distance: -dot / Math.sqrt(product(query, query) * product(vector, vector)) };
      return { id, distance: product(query, query) + product(vector, vector) - 2 * dot };
    });
    return distances
      .toSorted((one, other) => one.distance - other.distance)
      .slice(0, 10)
      .map(({ id }) => id);
  };

  describe("scoring", () => {
    it.each(metrics)('with scoring "exact" finds the very ten nearest: %s', async (metric, config) => {
      const made = await make(config);
      await visibleAfter(made, stored);
      for (let n = 0; n < 20; n++) {
        const asked = someValues(1000 + n, 16);
        const { matches } = await made.index.query(asked, { topK: 10 });
        expect(matches.map(({ id }) => id)).toEqual(nearestTo(asked, metric));
      }
    });

    it("approximates unless values are asked for, which makes it exact", async () => {
      const made = await make();
      // A step of the rounding is 1/127 of the largest value, so 0.003 beside 1 is lost.
      await visibleAfter(made, [aVector("a", [1, 0.003, 0])]);
      const approximate = await made.index.query([0, 1, 0]);
      expect(approximate.matches[0]?.score).toBe(0);
      const exact = await made.index.query([0, 1, 0], { returnValues: true });
      expect(exact.matches[0]?.score).toBeCloseTo(0.003, 6);
      expect((await made.index.queryById("a")).matches[0]?.score).toBeLessThanOrEqual(1);
    });

    it("approximates the same way every time, over a restart too", async () => {
      const made = await make(CONTRACT_CONFIGS.wide);
      await visibleAfter(
        made,
        manyIds(50).map((id, n) => aVector(id, someValues(n, 1536))),
      );
      const asked = someValues(99, 1536);
      const before = await made.index.query(asked, { topK: 10 });
      expect(await made.index.query(asked, { topK: 10 })).toEqual(before);
      await made.restart();
      expect(await made.index.query(asked, { topK: 10 })).toEqual(before);
    });

    it("errs by little: 1 in 200 of the score, at 1,536 dimensions", async () => {
      const made = await make(CONTRACT_CONFIGS.wide);
      await visibleAfter(
        made,
        manyIds(50).map((id, n) => aVector(id, someValues(n, 1536))),
      );
      const asked = someValues(7, 1536);
      const exact = await made.index.query(asked, { topK: 50, returnValues: true });
      const approximate = await made.index.query(asked, { topK: 50 });
      const scores = new Map(approximate.matches.map(({ id, score }) => [id, score]));
      for (const { id, score } of exact.matches)
        expect(Math.abs((scores.get(id) ?? 9) - score)).toBeLessThan(0.005);
    });
  });
}

function describeFilters(make: Make): void {
  const records: Vector[] = [
    aVector("a", [1, 0, 0], {
      metadata: { kind: "note", day: 1, open: true, who: { name: "Ann" }, plain: "p" },
    }),
    aVector("b", [1, 0, 0], { metadata: { kind: "meeting", day: 2, open: false } }),
    aVector("c", [1, 0, 0], { metadata: { kind: "meeting", day: 3, who: { name: "Cy" } } }),
    aVector("d", [1, 0, 0]),
  ];
  const cases: [string, Record<string, unknown>, string[]][] = [
    ["a bare value is equality", { kind: "meeting" }, ["b", "c"]],
    ["$eq", { open: { $eq: true } }, ["a"]],
    ["$ne lets vectors without the property through", { kind: { $ne: "meeting" } }, ["a", "d"]],
    ["$in", { day: { $in: [1, 3] } }, ["a", "c"]],
    ["$nin", { day: { $nin: [1, 3] } }, ["b", "d"]],
    ["a range of numbers", { day: { $gt: 1, $lte: 3 } }, ["b", "c"]],
    ["a range of strings finds a prefix", { kind: { $gte: "mee", $lt: "mef" } }, ["b", "c"]],
    ["dots reach into nested metadata", { "who.name": "Cy" }, ["c"]],
    ["null is a property that is not there", { "who.name": null }, ["b", "d"]],
    ["$ne null is a property that is there", { kind: { $ne: null } }, ["a", "b", "c"]],
    ["$in takes null among others", { day: { $in: [null, 3] } }, ["c", "d"]],
    ["a lower bound alone", { day: { $gte: 2 } }, ["b", "c"]],
    ["an upper bound alone", { day: { $lt: 2 } }, ["a"]],
    ["a range never holds for another type", { day: { $gt: "0" } }, []],
    ["several keys must all hold", { kind: "meeting", day: { $lt: 3 } }, ["b"]],
    ["a property without a metadata index matches nothing", { plain: "p" }, []],
  ];

  describe("metadata filters", () => {
    it.each(cases)("%s", async (_rule, filter, expected) => {
      const made = await make(CONTRACT_CONFIGS.indexed);
      await visibleAfter(made, records);
      const { matches } = await made.index.query([1, 0, 0], { filter: filter as never, topK: 100 });
      expect(matches.map(({ id }) => id)).toEqual(expected);
    });

    it("compares the first 64 bytes of a string, cut between characters", async () => {
      const made = await make(CONTRACT_CONFIGS.indexed);
      const long = "é".repeat(40);
      await visibleAfter(made, [aVector("a", [1, 0, 0], { metadata: { kind: long } })]);
      for (const kind of [long, `${"é".repeat(32)}anything`])
        expect((await made.index.query([1, 0, 0], { filter: { kind } })).count).toBe(1);
      const shorter = "é".repeat(31);
      expect((await made.index.query([1, 0, 0], { filter: { kind: shorter } })).count).toBe(0);
    });

    it("orders strings by their UTF-8 bytes", async () => {
      const made = await make(CONTRACT_CONFIGS.indexed);
      const kinds = ["a", "z", "é", "\uffff", "😀"];
      await visibleAfter(
        made,
        kinds.map((kind) => aVector(kind, [1, 0, 0], { metadata: { kind } })),
      );
      for (const [at, kind] of kinds.entries()) {
        const { count } = await made.index.query([1, 0, 0], { filter: { kind: { $gt: kind } } });
        expect(count).toBe(kinds.length - 1 - at);
      }
    });

    it("applies the namespace and the filter before it takes the nearest", async () => {
      const made = await make(CONTRACT_CONFIGS.indexed);
      const near = manyIds(200).map((id) => aVector(id, [1, 0, 0], { metadata: { day: 1 } }));
      const far = aVector("far", [-1, 0, 0], { namespace: "x", metadata: { day: 2 } });
      await visibleAfter(made, [...near, far]);
      const { matches } = await made.index.query([1, 0, 0], { topK: 1, filter: { day: 2 } });
      expect(matches.map(({ id }) => id)).toEqual(["far"]);
      expect((await made.index.query([1, 0, 0], { topK: 1, namespace: "x" })).matches[0]?.id).toBe("far");
      expect((await made.index.query([1, 0, 0], { namespace: "x", filter: { day: 1 } })).count).toBe(0);
    });

    it("takes a filter of 2,047 bytes", async () => {
      const { index } = await make(CONTRACT_CONFIGS.indexed);
      expect((await index.query([1, 0, 0], { filter: { kind: "x".repeat(2047 - 11) } })).count).toBe(0);
    });

    it('returnMetadata "indexed" gives the indexed properties only, strings cut to 64 bytes', async () => {
      const made = await make(CONTRACT_CONFIGS.indexed);
      await visibleAfter(made, [
        aVector("a", [1, 0, 0], { metadata: { kind: "é".repeat(40), day: "no number", plain: 1 } }),
      ]);
      const { matches } = await made.index.query([1, 0, 0], { returnMetadata: "indexed", topK: 100 });
      expect(matches[0]?.metadata).toEqual({ kind: "é".repeat(32) });
    });

    it.each<[string, Record<string, unknown>]>([
      ["an empty filter", {}],
      ["an unknown operator", { day: { $near: 1 } }],
      ["two lower bounds", { day: { $gt: 1, $gte: 1 } }],
      ["a range with an equality", { day: { $gt: 1, $eq: 2 } }],
      ["two upper bounds", { day: { $lt: 1, $lte: 1 } }],
      ["a range over booleans", { open: { $gt: true } }],
      ["an empty list", { day: { $in: [] } }],
      ["a list for $eq", { day: { $eq: [1] } }],
      ["2,048 bytes", { kind: "x".repeat(2048 - 11) }],
      ["an empty key", { "": 1 }],
      ["an empty part of a key", { "a..b": 1 }],
      ["a key that begins with a dollar", { $a: 1 }],
      ["a key with a double quote", { 'a"b': 1 }],
      ["a key of more than 512 characters", { ["k".repeat(513)]: 1 }],
      ["a list as a value", { kind: ["a"] }],
    ])("refuses %s", async (_what, filter) => {
      const { index } = await make(CONTRACT_CONFIGS.indexed);
      const message = await messageOf(index.query([1, 0, 0], { filter: filter as never }));
      expect(message).toMatch(
        /^VECTOR_QUERY_ERROR \(code = 40026\): Failed to parse the request body as JSON: filter: /,
      );
    });
  });
}

function describeRefusals(make: Make): void {
  const refused: [string, (index: VectorIndex) => Promise<unknown>, string][] = [
    [
      "a vector of another size",
      (index) => index.upsert([aVector("fine"), aVector("x", [1, 2])]),
      'VECTOR_UPSERT_ERROR (code = 40012): invalid vector for id="x", expected 3 dimensions, and got 2 dimensions',
    ],
    [
      "the same on insert",
      (index) => index.insert([aVector("x", [1, 2, 3, 4])]),
      'VECTOR_INSERT_ERROR (code = 40012): invalid vector for id="x", expected 3 dimensions, and got 4 dimensions',
    ],
    [
      "NaN",
      (index) => index.upsert([aVector("x", [1, Number.NaN, 3])]),
      "VECTOR_UPSERT_ERROR (code = 40023): failed to parse upsert vectors request in json format",
    ],
    [
      "infinity",
      (index) => index.upsert([{ id: "x", values: new Float64Array([1, Number.POSITIVE_INFINITY, 3]) }]),
      "VECTOR_UPSERT_ERROR (code = 40023): failed to parse upsert vectors request in json format",
    ],
    [
      "a number beyond float32",
      (index) => index.upsert([aVector("x", [1, 1e39, 3])]),
      "VECTOR_UPSERT_ERROR (code = 40023): failed to parse upsert vectors request in json format",
    ],
    [
      "half a surrogate pair in metadata",
      (index) => index.upsert([aVector("x", [1, 2, 3], { metadata: { text: "cut \ud835" } })]),
      "VECTOR_UPSERT_ERROR (code = 40023): failed to parse upsert vectors request in json format",
    ],
    [
      "more than 1,000 vectors",
      (index) => index.upsert(manyIds(1001).map((id) => aVector(id))),
      "VECTOR_UPSERT_ERROR (code = 40007): too many vectors in payload; max vector count is 1000, got 1001",
    ],
    [
      "an id of more than 64 bytes, counted in UTF-8",
      (index) => index.upsert([aVector("é".repeat(33))]),
      "VECTOR_UPSERT_ERROR (code = 40008): id too long; max is 64 bytes, got 66 bytes",
    ],
    [
      "a namespace of more than 64 bytes",
      (index) => index.upsert([aVector("x", [1, 2, 3], { namespace: "n".repeat(65) })]),
      "VECTOR_UPSERT_ERROR (code = 40009): namespace too long; max is 64 bytes, got 65 bytes",
    ],
    [
      "more than 10 KiB of metadata",
      (index) => index.upsert([aVector("x", [1, 2, 3], { metadata: { t: "x".repeat(10_233) } })]),
      'VECTOR_UPSERT_ERROR (code = 40016): oversized metadata for vector id="x"; the compact JSON representation of the metadata must not exceed 10240 bytes, got 10241 bytes',
    ],
    [
      "more than 20 ids to get",
      (index) => index.getByIds(manyIds(21)),
      "VECTOR_GET_ERROR (code = 40007): too many ids in payload; max id count is 20, got 21",
    ],
    [
      "more than 100 ids to delete",
      (index) => index.deleteByIds(manyIds(101)),
      "VECTOR_DELETE_ERROR (code = 40007): too many ids in payload; max id count is 100, got 101",
    ],
    [
      "a query vector of another size",
      (index) => index.query([]),
      "VECTOR_QUERY_ERROR (code = 40006): invalid query vector, expected 3 dimensions, and got 0 dimensions",
    ],
    [
      "the whole answer of a model as a query vector",
      (index) => index.query({ shape: [1, 3], data: [[1, 2, 3]] } as never),
      "VECTOR_QUERY_ERROR (code = 40006): invalid query vector, expected 3 dimensions, and got 0 dimensions",
    ],
    [
      "the list of a model's vectors as a query vector",
      (index) => index.query([[1, 2, 3]] as never),
      "VECTOR_QUERY_ERROR (code = 40026): Failed to parse the request body as JSON: vector: expected value",
    ],
    [
      "NaN in a query vector",
      (index) => index.query([1, 2, Number.NaN]),
      "VECTOR_QUERY_ERROR (code = 40026): Failed to parse the request body as JSON: vector: expected value",
    ],
    [
      "returnMetadata false, as production does",
      (index) => index.query([1, 2, 3], { returnMetadata: false }),
      "VECTOR_QUERY_ERROR (code = 40026): Failed to parse the request body as JSON: returnMetadata: expected value",
    ],
    [
      "an unknown returnMetadata",
      (index) => index.query([1, 2, 3], { returnMetadata: "some" as never }),
      'Invalid returnMetadata option. Expected: true, false, "none", "indexed" or "all"; got: some',
    ],
    [
      "topK above 100",
      (index) => index.query([1, 2, 3], { topK: 101 }),
      "VECTOR_QUERY_ERROR (code = 40025): max top K is 100, but got 101",
    ],
    [
      "topK above 50 with values",
      (index) => index.query([1, 2, 3], { topK: 51, returnValues: true }),
      "VECTOR_QUERY_ERROR (code = 40025): with returnValues=true or returnMetadata=all, max top K is 50, but got 51; for a top K up to 100, retry with returnValues=false and returnMetadata=indexed",
    ],
    [
      "topK above 50 with all metadata",
      (index) => index.query([1, 2, 3], { topK: 51, returnMetadata: "all" }),
      "VECTOR_QUERY_ERROR (code = 40025): with returnValues=true or returnMetadata=all, max top K is 50, but got 51; for a top K up to 100, retry with returnValues=false and returnMetadata=indexed",
    ],
    [
      "a topK of 0",
      (index) => index.query([1, 2, 3], { topK: 0 }),
      "VECTOR_QUERY_ERROR (code = 40026): Failed to parse the request body as JSON: topK: expected a positive integer",
    ],
    [
      "an empty list of ids to get",
      (index) => index.getByIds([]),
      "VECTOR_GET_ERROR (code = 40007): no ids in payload",
    ],
    [
      "an empty write",
      (index) => index.upsert([]),
      "VECTOR_UPSERT_ERROR (code = 40023): failed to parse upsert vectors request in json format",
    ],
    [
      "the id of an unknown vector to query by",
      (index) => index.queryById("ghost"),
      'VECTOR_QUERY_ERROR (code = 40010): vector with id="ghost" not found',
    ],
  ];

  describe("refusals", () => {
    it.each(refused)("refuses %s", async (_what, call, message) => {
      const { index } = await make();
      expect(await messageOf(call(index))).toBe(message);
    });

    it.each(["", "a.b", 'a"b', "$a"])("refuses the metadata key %j", async (key) => {
      const { index } = await make();
      const message = await messageOf(index.upsert([aVector("x", [1, 2, 3], { metadata: { [key]: 1 } })]));
      expect(message).toMatch(/^VECTOR_UPSERT_ERROR \(code = 40015\): invalid metadata for vector id="x"; /);
    });

    it.each<[string, unknown]>([
      ["null", null],
      ["a list of numbers", [1]],
      ["a list of lists", [["a"]]],
      ["two levels of nesting", { b: { c: 1 } }],
      ["a number that is none", Number.NaN],
    ])("refuses the metadata value %s", async (_what, value) => {
      const { index } = await make();
      const metadata = { a: value } as Vector["metadata"];
      const message = await messageOf(index.upsert([{ ...aVector("x"), ...(metadata && { metadata }) }]));
      expect(message).toMatch(/^VECTOR_UPSERT_ERROR \(code = 40015\): invalid metadata for vector id="x"; /);
    });

    it("names the first of two vectors of a wrong size", async () => {
      const { index } = await make();
      const vectors = [aVector("fine"), aVector("first", [1]), aVector("second", [1, 2])];
      expect(await messageOf(index.upsert(vectors))).toContain('invalid vector for id="first"');
    });

    it("refuses a wrong size even in a vector that another one of the call replaces", async () => {
      const { index } = await make();
      expect(await messageOf(index.upsert([aVector("a", [1]), aVector("a")]))).toContain("(code = 40012)");
    });

    it("stores nothing of a write that was refused", async () => {
      const made = await make();
      await messageOf(made.index.upsert([aVector("fine"), aVector("x", [1])]));
      await made.advance(DELAY_MS);
      expect((await made.index.describe()).vectorCount).toBe(0);
    });

    it("takes the largest of everything", async () => {
      const made = await make();
      await visibleAfter(made, [
        aVector("é".repeat(32), [1, 2, 3], {
          namespace: "n".repeat(64),
          metadata: { t: "x".repeat(10_232) },
        }),
      ]);
      expect(await made.index.getByIds(["é".repeat(32), ...manyIds(19)])).toHaveLength(1);
      await made.index.deleteByIds(manyIds(100));
      for (const options of [
        { topK: 100 },
        { topK: 100, returnMetadata: "indexed" },
        { topK: 50, returnMetadata: "all" },
        { topK: 50, returnValues: true },
      ] as const)
        expect((await made.index.query([1, 2, 3], options)).count).toBe(1);
    });
  });
}

function describeFaults(make: Make): void {
  describe("fault switches", () => {
    it("pause holds every mutation, due or not, until resume", async () => {
      const made = await make();
      await made.pause();
      await made.index.upsert([aVector("a")]);
      await made.advance(DELAY_MS * 10);
      expect(await made.index.getByIds(["a"])).toEqual([]);
      expect(await made.inspect()).toMatchObject({ held: true, pendingMutations: 1 });
      await made.resume();
      expect(await made.index.getByIds(["a"])).toHaveLength(1);
    });

    it("pause leaves visible what was due before it", async () => {
      const made = await make();
      await made.index.upsert([aVector("a")]);
      await made.advance(DELAY_MS);
      await made.pause();
      expect(await made.index.getByIds(["a"])).toHaveLength(1);
      await made.resume();
    });

    it("dropNext loses so many vectors while their mutations succeed", async () => {
      const made = await make();
      await made.dropNext(2);
      await made.index.upsert([aVector("a")]);
      const { mutationId } = await made.index.upsert([aVector("b"), aVector("c")]);
      await made.advance(DELAY_MS);
      expect(await made.index.describe()).toMatchObject({
        vectorCount: 1,
        processedUpToMutation: mutationId,
      });
      expect((await made.index.getByIds(["a", "b", "c"])).map(({ id }) => id)).toEqual(["c"]);
    });

    it("loseVectors takes visible vectors away", async () => {
      const made = await make();
      await visibleAfter(made, [aVector("a"), aVector("b")]);
      await made.loseVectors(["a"]);
      expect((await made.index.query([1, 0, 0])).matches.map(({ id }) => id)).toEqual(["b"]);
      expect(await made.listIds()).toEqual({ items: ["b"], cursor: null });
    });

    it("failNext throws an error of the service so many times", async () => {
      const made = await make();
      await made.failNext({ operation: "VECTOR_UPSERT", code: 40041, text: "Too Many Requests", times: 1 });
      expect((await made.index.describe()).vectorCount).toBe(0);
      const message = await messageOf(made.index.upsert([aVector("a")]));
      expect(message).toBe("VECTOR_UPSERT_ERROR (code = 40041): Too Many Requests");
      await visibleAfter(made, [aVector("a")]);
      expect((await made.index.describe()).vectorCount).toBe(1);
    });

    it("listIds pages through all visible ids", async () => {
      const made = await make();
      const ids = Array.from({ length: 1001 }, (_, n) => `v${String(n).padStart(4, "0")}`);
      await made.index.upsert(ids.slice(0, 1000).map((id) => aVector(id)));
      await visibleAfter(made, [aVector(ids[1000] ?? "")]);
      const first = await made.listIds();
      const second = await made.listIds(first.cursor);
      expect([...first.items, ...second.items]).toEqual(ids);
      expect(second.cursor).toBeNull();
    });
  });
}

function describePlans(make: Make, startFreeHost: () => Promise<IndexHost>): void {
  const inNamespaces = (from: number, to: number): Vector[] =>
    manyIds(to)
      .slice(from)
      .map((id) => aVector(id, [1, 0, 0], { namespace: `n-${id}` }));

  describe("limits that depend on the plan", () => {
    let free: IndexHost;
    beforeAll(async () => {
      free = await startFreeHost();
    });
    afterAll(() => free.close());

    it("a free index has at most 1,000 namespaces, those without vectors not counted", async () => {
      const made = await free.makeIndex(CONTRACT_CONFIGS.cosine);
      await visibleAfter(made, inNamespaces(0, 1000));
      const another = aVector("another", [1, 0, 0], { namespace: "another" });
      expect(await messageOf(made.index.upsert([another]))).toBe(
        "VECTOR_UPSERT_ERROR (code = 40009): the index has as many namespaces as the plan allows; max is 1000",
      );
      await visibleAfter(made, [aVector("same", [1, 0, 0], { namespace: "n-v7" }), aVector("none")]);
      await made.index.deleteByIds(["v0"]);
      await made.advance(DELAY_MS);
      await visibleAfter(made, [another]);
      expect((await made.index.query([1, 0, 0], { namespace: "another" })).count).toBe(1);
    });

    it("a paid index has at most 50,000 namespaces", async () => {
      const made = await make();
      for (let from = 0; from < 50_000; from += 1000)
        await made.index.upsert(inNamespaces(from, from + 1000));
      expect(await messageOf(made.index.insert(inNamespaces(50_000, 50_001)))).toBe(
        "VECTOR_INSERT_ERROR (code = 40009): the index has as many namespaces as the plan allows; max is 50000",
      );
    });

    it("a free account has at most 100 indexes", async () => {
      const { name, shaped, control } = await free.makeName();
      const shape = { dimensions: 2, metric: "cosine" } as const;
      const room = 100 - (await control.listIndexes()).length;
      for (const id of manyIds(room)) await control.createIndex(`one-of-many-${id}`, shape);
      const refusal = "an account on the free plan has at most 100 indexes: delete one first [code: 40026]";
      expect(await messageOf(control.createIndex(name, shape))).toBe(refusal);
      expect(await messageOf(shaped.describe())).toBe(refusal);
      await control.deleteIndex("one-of-many-v0");
      expect(await control.createIndex(name, shape)).toMatchObject({ name });
    });
  });
}
