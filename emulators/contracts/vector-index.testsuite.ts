import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VectorizeControlApi } from "../vectorize/control-api.ts";
import type { Inspection, PlannedFailure } from "../vectorize/index-controls.ts";
import type { IdPage } from "../vectorize/index-core.ts";
import type { IndexConfig, Vector, VectorIndex } from "../vectorize/types.ts";

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

/** A name under which nothing was created yet, with two bindings to it and the commands of production. */
export interface NameUnderTest {
  name: string;
  /** A binding that only names the index. */
  plain: VectorIndex;
  /** A binding whose props say `CONTRACT_CONFIGS.cosine`. */
  shaped: VectorIndex;
  control: VectorizeControlApi;
  /** What all indexes of the host take on disk. */
  bytesOnDisk(): Promise<number>;
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
  indexed: {
    dimensions: 3,
    metric: "cosine",
    delayMs: DELAY_MS,
    metadataIndexes: { kind: "string", day: "number", open: "boolean", "who.name": "string" },
  },
  wide: { dimensions: 1536, metric: "cosine", delayMs: DELAY_MS },
} as const satisfies Record<string, IndexConfig>;

/** The rules of a Vectorize index, one sentence each, for every implementation. */
export function describeVectorIndex(name: string, startHost: () => Promise<IndexHost>): void {
  describe(`vector index: ${name}`, () => {
    let host: IndexHost;
    beforeAll(async () => {
      host = await startHost();
    });
    afterAll(() => host.close());
    const make: Make = async (config = CONTRACT_CONFIGS.cosine) => host.makeIndex(config);

    describeLifecycle(() => host.makeName());
    describeVisibility(make);
    describeWrites(make);
    describeReads(make);
    describeFilters(make);
    describeRefusals(make);
    describeFaults(make);
  });
}

type Make = (config?: IndexConfig) => Promise<IndexUnderTest>;

function aVector(id: string, values: number[] = [1, 0, 0], more: Partial<Vector> = {}): Vector {
  return { id, values, ...more };
}

async function messageOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).name).toBe("Error");
    return (error as Error).message;
  }
  return "no error";
}

async function visibleAfter(made: IndexUnderTest, vectors: Vector[]): Promise<void> {
  await made.index.upsert(vectors);
  await made.advance(DELAY_MS);
}

function describeLifecycle(makeName: () => Promise<NameUnderTest>): void {
  const shape = { dimensions: 3, metric: "cosine" } as const;
  const day = (n: number): Partial<Vector> => ({ metadata: { day: n } });

  describe("commands on indexes", () => {
    it("a binding to a name without an index answers not_found, whatever it is asked", async () => {
      const { name, plain } = await makeName();
      const text = `(code = 3000): vectorize.index.not_found - Index name "${name}"`;
      expect(await messageOf(plain.describe())).toBe(`INDEX_GET_ERROR ${text}`);
      expect(await messageOf(plain.query([1, 0, 0]))).toBe(`VECTOR_QUERY_ERROR ${text}`);
      expect(await messageOf(plain.queryById("a"))).toBe(`VECTOR_QUERY_ERROR ${text}`);
      expect(await messageOf(plain.insert([aVector("a")]))).toBe(`VECTOR_INSERT_ERROR ${text}`);
      expect(await messageOf(plain.upsert([aVector("a")]))).toBe(`VECTOR_UPSERT_ERROR ${text}`);
      expect(await messageOf(plain.getByIds(["a"]))).toBe(`VECTOR_GET_ERROR ${text}`);
      expect(await messageOf(plain.deleteByIds(["a"]))).toBe(`VECTOR_DELETE_ERROR ${text}`);
    });

    it("createIndex makes an index that a binding only has to name", async () => {
      const { name, plain, control } = await makeName();
      expect(await control.getIndex(name)).toBeNull();
      const made = await control.createIndex(name, { ...shape, description: "meetings" });
      expect(made).toMatchObject({ name, description: "meetings", config: shape });
      expect(new Date(made.created_on).toISOString()).toBe(made.created_on);
      expect(made.modified_on).toBe(made.created_on);
      expect(await control.getIndex(name)).toEqual(made);
      expect((await control.listIndexes()).find((index) => index.name === name)).toEqual(made);
      expect(await plain.describe()).toMatchObject({ vectorCount: 0, dimensions: 3 });
      await plain.upsert([aVector("a")]);
      await control.advance(name, DELAY_MS);
      expect(await plain.getByIds(["a"])).toHaveLength(1);
    });

    it("listIndexes gives the indexes by name, and no name without an index", async () => {
      const [one, other, never] = [await makeName(), await makeName(), await makeName()];
      await messageOf(never.plain.describe());
      for (const { name, control } of [other, one]) await control.createIndex(name, shape);
      const names = (await one.control.listIndexes()).map(({ name }) => name);
      expect(names).toEqual(names.toSorted());
      expect(names).toEqual(expect.arrayContaining([one.name, other.name]));
      expect(names).not.toContain(never.name);
    });

    it("createIndex refuses a name that is taken, whatever the shape", async () => {
      const { name, control } = await makeName();
      const made = await control.createIndex(name, shape);
      const message = `vectorize.index.duplicate_name - Index name "${name}" [code: 3002]`;
      expect(await messageOf(control.createIndex(name, shape))).toBe(message);
      expect(await messageOf(control.createIndex(name, { ...shape, dimensions: 4 }))).toBe(message);
      expect(await control.getIndex(name)).toEqual(made);
    });

    it.each(["", "a", "Upper", "1st", "-x", "x-", "with space", "dot.ted", "../x", "n".repeat(65)])(
      "createIndex refuses the name %j",
      async (name) => {
        const { control } = await makeName();
        expect(await messageOf(control.createIndex(name, shape))).toMatch(
          /^an index name has 2 to 64 lower-case letters.* \[code: 40026\]$/,
        );
        expect((await control.listIndexes()).map((index) => index.name)).not.toContain(name);
      },
    );

    it.each([
      [{ dimensions: 0, metric: "cosine" }, "dimensions must be 1 to 1536, got 0"],
      [{ dimensions: 1537, metric: "cosine" }, "dimensions must be 1 to 1536, got 1537"],
      [{ dimensions: 2.5, metric: "cosine" }, "dimensions must be 1 to 1536, got 2.5"],
      [{ dimensions: 3, metric: "near" }, "metric must be one of cosine, euclidean, dot-product, got near"],
    ])("createIndex refuses the shape %j", async (config, problem) => {
      const { name, control } = await makeName();
      expect(await messageOf(control.createIndex(name, config as never))).toBe(`${problem} [code: 40026]`);
      expect(await control.getIndex(name)).toBeNull();
    });

    it("deleteIndex takes everything away, and the name can have another shape then", async () => {
      const { name, plain, control } = await makeName();
      await control.createIndex(name, shape);
      await control.createMetadataIndex(name, "day", "number");
      await plain.upsert([aVector("a")]);
      await control.advance(name, DELAY_MS);
      await plain.upsert([aVector("waiting")]);
      await control.pause(name);
      await control.failNext(name, { code: 40041, text: "Too Many Requests", times: 9 });
      await control.deleteIndex(name);

      const text = `(code = 3005): vectorize.index.deleted - Index name "${name}"`;
      expect(await messageOf(plain.describe())).toBe(`INDEX_GET_ERROR ${text}`);
      expect(await messageOf(plain.upsert([aVector("a")]))).toBe(`VECTOR_UPSERT_ERROR ${text}`);
      expect(await control.getIndex(name)).toBeNull();
      expect((await control.listIndexes()).map((index) => index.name)).not.toContain(name);

      await control.createIndex(name, { dimensions: 2, metric: "euclidean" });
      expect(await control.listMetadataIndexes(name)).toEqual([]);
      expect(await plain.describe()).toEqual({
        vectorCount: 0,
        dimensions: 2,
        processedUpToDatetime: null,
        processedUpToMutation: null,
      });
      await plain.upsert([aVector("b", [1, 2])]);
      await control.advance(name, DELAY_MS);
      expect((await plain.query([1, 2])).matches).toEqual([{ id: "b", score: 0 }]);
    });

    it("deleteIndex refuses a name it never knew, and one it deleted", async () => {
      const { name, control } = await makeName();
      const text = `Index name "${name}"`;
      expect(await messageOf(control.deleteIndex(name))).toBe(
        `vectorize.index.not_found - ${text} [code: 3000]`,
      );
      await control.createIndex(name, shape);
      await control.deleteIndex(name);
      expect(await messageOf(control.deleteIndex(name))).toBe(
        `vectorize.index.deleted - ${text} [code: 3005]`,
      );
    });

    it("deleteIndex gives the room on disk back", async () => {
      const { name, plain, control, bytesOnDisk } = await makeName();
      const before = await bytesOnDisk();
      await control.createIndex(name, shape);
      const metadata = { text: "x".repeat(10_000) };
      await plain.upsert(Array.from({ length: 500 }, (_, n) => aVector(`v${n}`, [1, 0, 0], { metadata })));
      expect((await bytesOnDisk()) - before).toBeGreaterThan(5_000_000);
      await control.deleteIndex(name);
      expect((await bytesOnDisk()) - before).toBeLessThan(500_000);
    });

    it("indexes, deletions and metadata indexes survive a restart", async () => {
      const [kept, deleted] = [await makeName(), await makeName()];
      const made = await kept.control.createIndex(kept.name, shape);
      await kept.control.createMetadataIndex(kept.name, "day", "number");
      await deleted.control.createIndex(deleted.name, shape);
      await deleted.control.deleteIndex(deleted.name);
      await kept.restart();
      expect(await kept.control.getIndex(kept.name)).toMatchObject({
        ...made,
        modified_on: expect.any(String),
      });
      expect(await kept.control.listMetadataIndexes(kept.name)).toEqual([
        { propertyName: "day", indexType: "number" },
      ]);
      const names = (await kept.control.listIndexes()).map(({ name }) => name);
      expect(names).toContain(kept.name);
      expect(names).not.toContain(deleted.name);
      expect(await messageOf(deleted.plain.describe())).toContain("(code = 3005)");
    });
  });

  describe("bindings that say what their index is", () => {
    it("create it on first use, and again after it was deleted", async () => {
      const { name, plain, shaped, control } = await makeName();
      expect(await control.getIndex(name)).toBeNull();
      expect(await shaped.describe()).toMatchObject({ dimensions: 3 });
      expect(await control.getIndex(name)).toMatchObject({ config: shape });
      expect((await control.listIndexes()).map((index) => index.name)).toContain(name);
      expect(await plain.describe()).toMatchObject({ dimensions: 3 });
      await control.deleteIndex(name);
      expect(await shaped.describe()).toMatchObject({ vectorCount: 0, dimensions: 3 });
    });

    it("are refused when the index has another shape, with what to do", async () => {
      const { name, plain, shaped, control } = await makeName();
      await control.createIndex(name, { dimensions: 4, metric: "cosine" });
      expect(await messageOf(shaped.describe())).toBe(
        "this index was created with 4 dimensions, cosine and cannot become 3 dimensions, cosine: give the new one another name",
      );
      expect(await plain.describe()).toMatchObject({ dimensions: 4 });
    });
  });

  describe("metadata indexes by command", () => {
    it("cover vectors written afterwards only", async () => {
      const { name, plain, control } = await makeName();
      await control.createIndex(name, shape);
      await plain.upsert([aVector("before", [1, 0, 0], day(1)), aVector("again", [1, 0, 0], day(1))]);
      const { mutationId } = await control.createMetadataIndex(name, "day", "number");
      await control.advance(name, DELAY_MS);
      expect(await plain.describe()).toMatchObject({ vectorCount: 2, processedUpToMutation: mutationId });
      await plain.upsert([aVector("after", [1, 0, 0], day(1)), aVector("again", [1, 0, 0], day(1))]);
      await control.advance(name, DELAY_MS);
      const { matches } = await plain.query([1, 0, 0], { filter: { day: 1 } });
      expect(matches.map(({ id }) => id)).toEqual(["after", "again"]);
      expect((await plain.query([1, 0, 0])).count).toBe(3);
    });

    it("match nothing once deleted, nor when created again, until a vector is written anew", async () => {
      const { name, plain, control } = await makeName();
      await control.createIndex(name, shape);
      await control.createMetadataIndex(name, "day", "number");
      await control.createMetadataIndex(name, "who.name", "string");
      const metadata = { day: 1, who: { name: "Ann" } };
      await plain.upsert([aVector("a", [1, 0, 0], { metadata })]);
      await control.advance(name, DELAY_MS);
      expect((await plain.query([1, 0, 0], { filter: { day: 1 } })).count).toBe(1);
      await control.deleteMetadataIndex(name, "day");
      expect((await plain.query([1, 0, 0], { filter: { day: 1 } })).count).toBe(0);
      expect((await plain.query([1, 0, 0], { filter: { "who.name": "Ann" } })).count).toBe(1);
      await control.createMetadataIndex(name, "day", "number");
      expect((await plain.query([1, 0, 0], { filter: { day: 1 } })).count).toBe(0);
      await plain.upsert([aVector("a", [1, 0, 0], { metadata })]);
      await control.advance(name, DELAY_MS);
      expect((await plain.query([1, 0, 0], { filter: { day: 1 } })).count).toBe(1);
    });

    it("are listed with their types; creating one again changes nothing", async () => {
      const { name, control } = await makeName();
      await control.createIndex(name, shape);
      for (const type of ["string", "number", "boolean"] as const)
        await control.createMetadataIndex(name, `a ${type}`, type);
      await control.createMetadataIndex(name, "a number", "number");
      expect(await control.listMetadataIndexes(name)).toEqual([
        { propertyName: "a string", indexType: "string" },
        { propertyName: "a number", indexType: "number" },
        { propertyName: "a boolean", indexType: "boolean" },
      ]);
    });

    it("are refused beyond ten, of another type, of an unknown type, or under a bad name", async () => {
      const { name, control } = await makeName();
      await control.createIndex(name, shape);
      for (let n = 0; n < 10; n++) await control.createMetadataIndex(name, `p${n}`, "string");
      const create = (property: string, type: string): Promise<string> =>
        messageOf(control.createMetadataIndex(name, property, type as never));
      expect(await create("p10", "string")).toBe("an index has at most 10 metadata indexes [code: 40026]");
      expect(await create("p9", "string")).toBe("no error");
      expect(await create("p9", "number")).toBe(
        'the metadata index on "p9" is of type string: delete it first [code: 40026]',
      );
      expect(await create("p9", "date")).toBe(
        "indexType must be one of string, number, boolean [code: 40026]",
      );
      for (const property of ["", "a..b", "$a", 'a"b', "x".repeat(513)]) {
        expect(await create(property, "string")).toContain("cannot be a metadata property [code: 40026]");
      }
      expect(await messageOf(control.deleteMetadataIndex(name, "nobody"))).toBe(
        'there is no metadata index on "nobody" [code: 40026]',
      );
    });

    it("need an index", async () => {
      const { name, control } = await makeName();
      const message = `vectorize.index.not_found - Index name "${name}" [code: 3000]`;
      expect(await messageOf(control.createMetadataIndex(name, "day", "number"))).toBe(message);
      expect(await messageOf(control.deleteMetadataIndex(name, "day"))).toBe(message);
      expect(await messageOf(control.listMetadataIndexes(name))).toBe(message);
    });
  });
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
      const { matches } = await made.index.query([1, 0, 0]);
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
      const { matches } = await made.index.query([2, 0, 0]);
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
      ["2,048 bytes", { kind: "x".repeat(2048) }],
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
  const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `v${n}`);
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
      (index) => index.upsert(many(1001).map((id) => aVector(id))),
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
      (index) => index.getByIds(many(21)),
      "VECTOR_GET_ERROR (code = 40007): too many ids in payload; max id count is 20, got 21",
    ],
    [
      "more than 100 ids to delete",
      (index) => index.deleteByIds(many(101)),
      "VECTOR_DELETE_ERROR (code = 40007): too many ids in payload; max id count is 100, got 101",
    ],
    [
      "a query vector of another size",
      (index) => index.query([]),
      "VECTOR_QUERY_ERROR (code = 40006): invalid query vector, expected 3 dimensions, and got 0 dimensions",
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
      expect(await made.index.getByIds(["é".repeat(32), ...many(19)])).toHaveLength(1);
      await made.index.deleteByIds(many(100));
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
