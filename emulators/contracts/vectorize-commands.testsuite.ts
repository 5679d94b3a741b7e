/**
 * The commands on Vectorize indexes, one rule a test, by RPC (`VectorizeControl`) and by the HTTP API.
 *
 * They follow developers.cloudflare.com: /vectorize/best-practices/create-indexes and /list-vectors,
 * /vectorize/reference/metadata-filtering (metadata indexes), /vectorize/platform/limits, /vectorize/reference/client-api
 * (the wrangler commands), and the OpenAPI schema of /accounts/{account_id}/vectorize/v2/indexes; error texts and codes
 * 3000, 3002 and 3005 follow what users published.
 *
 * Not enforced: 50,000 indexes of a paid account (the bound is the one of the free plan's 100 with another number), tokens
 * and permissions of the HTTP API, its rate of 1,200 requests in five minutes.
 */
import { describe, expect, it } from "vitest";
import type { VectorizeControlApi } from "../vectorize/control-api.ts";
import type { Vector, VectorIndex } from "../vectorize/types.ts";
import { aVector, manyIds, messageOf } from "./a-vector.ts";

/** A name under which nothing was created yet, with two bindings to it and the commands of production. */
export interface NameUnderTest {
  name: string;
  /** A binding that only names the index. */
  plain: VectorIndex;
  /** A binding whose props say `CONTRACT_CONFIGS.cosine`. */
  shaped: VectorIndex;
  control: VectorizeControlApi;
  /** Ask the HTTP API; `path` begins after ".../vectorize/v2/indexes". */
  api(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** The same with a body and headers of one's own, and the whole path. */
  fetch(path: string, init: RequestInit): Promise<ApiAnswer>;
  /** What all indexes of the host take on disk. */
  bytesOnDisk(): Promise<number>;
  restart(): Promise<void>;
}

/** What the HTTP API answered. */
export interface ApiAnswer {
  status: number;
  body: {
    success: boolean;
    result: unknown;
    errors: { code: number; message: string }[];
    messages: unknown[];
  };
}

/** Read an answer, which is always JSON. */
export async function answerOf(response: Response): Promise<ApiAnswer> {
  return { status: response.status, body: (await response.json()) as ApiAnswer["body"] };
}

/** Calls with JSON bodies on top of plain ones. */
export function apiThrough(fetch: NameUnderTest["fetch"]): NameUnderTest["api"] {
  return (method, path, body) =>
    fetch(`/accounts/any/vectorize/v2/indexes${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
}

/** How long a mutation stays invisible in the bindings of this suite, ms. */
const DELAY_MS = 5_000;

const shape = { dimensions: 3, metric: "cosine" } as const;

type MakeName = () => Promise<NameUnderTest>;

/** The rules of the commands, for every implementation. */
export function describeCommands(makeName: MakeName): void {
  describeIndexCommands(makeName);
  describeShapedBindings(makeName);
  describeMetadataIndexes(makeName);
  describeList(makeName);
  describeHttpApi(makeName);
}

function describeIndexCommands(makeName: MakeName): void {
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
      expect((await plain.query([1, 2])).matches).toMatchObject([{ id: "b" }]);
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
}

function describeShapedBindings(makeName: MakeName): void {
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
}

function describeMetadataIndexes(makeName: MakeName): void {
  const day = (n: number): Partial<Vector> => ({ metadata: { day: n } });

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

    it("hold back no vector behind them: made at once, they are waited for by nobody", async () => {
      const { name, plain, control } = await makeName();
      await control.createIndex(name, shape);
      const { mutationId } = await control.createMetadataIndex(name, "day", "number");
      expect(await plain.describe()).toMatchObject({ processedUpToMutation: mutationId });
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

function describeList(makeName: MakeName): void {
  const listed = (page: { vectors: { id: string }[] }): string[] => page.vectors.map(({ id }) => id);
  const filled = async (count: number): Promise<NameUnderTest> => {
    const made = await makeName();
    await made.control.createIndex(made.name, shape);
    for (let from = 0; from < count; from += 1000)
      await made.plain.upsert(
        manyIds(count)
          .slice(from, from + 1000)
          .map((id) => aVector(id)),
      );
    await made.control.advance(made.name, DELAY_MS);
    return made;
  };

  describe("list-vectors", () => {
    it("lists 100 ids unless told otherwise, with what production says about the rest", async () => {
      const { name, control } = await filled(101);
      const page = await control.listVectors(name);
      expect(page).toMatchObject({ count: 100, totalCount: 101, isTruncated: true });
      expect(listed(page)).toHaveLength(100);
      expect(Date.parse(page.cursorExpirationTimestamp ?? "")).toBeGreaterThan(0);
      const last = await control.listVectors(name, { cursor: page.nextCursor ?? "" });
      expect(last).toMatchObject({ count: 1, totalCount: 101, isTruncated: false, nextCursor: null });
      expect([...listed(page), ...listed(last)].toSorted()).toEqual(manyIds(101).toSorted());
    });

    it("lists 1,000 ids a page at most, and at least one", async () => {
      const { name, control } = await filled(1001);
      expect((await control.listVectors(name, { count: 1000 })).count).toBe(1000);
      for (const count of [0, 1001, 1.5]) {
        expect(await messageOf(control.listVectors(name, { count }))).toBe(
          `count must be 1 to 1000, got ${count} [code: 40026]`,
        );
      }
    });

    it("pages through the index as it was at the first page, whatever is written meanwhile", async () => {
      const { name, plain, control } = await filled(6);
      const first = await control.listVectors(name, { count: 2 });
      await plain.deleteByIds(["v3", "v4"]);
      await plain.upsert([aVector("v2", [0, 1, 0]), aVector("v99")]);
      await control.advance(name, DELAY_MS);
      const second = await control.listVectors(name, { count: 2, cursor: first.nextCursor ?? "" });
      const third = await control.listVectors(name, { count: 2, cursor: second.nextCursor ?? "" });
      expect([first, second, third].flatMap(listed)).toEqual(manyIds(6));
      expect(third.totalCount).toBe(6);
      expect(listed(await control.listVectors(name))).toEqual(["v0", "v1", "v2", "v5", "v99"]);
    });

    it("refuses a cursor that it never gave, and one that has expired", async () => {
      const { name, control } = await filled(3);
      const { nextCursor } = await control.listVectors(name, { count: 1 });
      const refusal = "the cursor is unknown or has expired: start again without one [code: 40026]";
      expect(await messageOf(control.listVectors(name, { cursor: "nonsense" }))).toBe(refusal);
      expect(await messageOf(control.listVectors(name, { cursor: btoa("99 v0") }))).toBe(refusal);
      await control.advance(name, 5 * 60_000);
      expect(await messageOf(control.listVectors(name, { cursor: nextCursor ?? "" }))).toBe(refusal);
    });

    it("goes on over a restart", async () => {
      const { name, control, restart } = await filled(3);
      const first = await control.listVectors(name, { count: 2 });
      await restart();
      const second = await control.listVectors(name, { count: 2, cursor: first.nextCursor ?? "" });
      expect([first, second].flatMap(listed)).toEqual(manyIds(3));
    });

    it("lists what is visible only, and nothing of an empty index", async () => {
      const { name, plain, control } = await filled(0);
      await plain.upsert([aVector("waiting")]);
      expect(await control.listVectors(name)).toEqual({
        count: 0,
        totalCount: 0,
        isTruncated: false,
        nextCursor: null,
        cursorExpirationTimestamp: null,
        vectors: [],
      });
    });

    it("is no method of the binding", async () => {
      const { plain } = await filled(0);
      const binding = plain as unknown as { listVectors?: () => Promise<unknown> };
      await expect((async () => binding.listVectors?.() ?? Promise.reject(new Error()))()).rejects.toThrow();
    });
  });
}

function describeHttpApi(makeName: MakeName): void {
  const lines = (vectors: unknown[]): RequestInit => ({
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: vectors.map((vector) => JSON.stringify(vector)).join("\n"),
  });
  const path = (name: string, rest = ""): string => `/accounts/any/vectorize/v2/indexes/${name}${rest}`;
  /** A form as it goes over the wire, whoever's `fetch` sends it. */
  const sent = async (form: FormData): Promise<RequestInit> => {
    const encoded = new Response(form);
    const headers = { "content-type": encoded.headers.get("content-type") ?? "" };
    return { method: "POST", headers, body: await encoded.arrayBuffer() };
  };
  const filled = async (vectors: Vector[] = []): Promise<NameUnderTest> => {
    const made = await makeName();
    await made.control.createIndex(made.name, shape);
    if (vectors.length > 0) await made.plain.upsert(vectors);
    await made.control.advance(made.name, DELAY_MS);
    return made;
  };

  describe("the HTTP API", () => {
    it("creates an index, gets it, lists it and deletes it, in production's envelope", async () => {
      const { name, api } = await makeName();
      const made = await api("POST", "", { name, description: "d", config: shape });
      expect(made).toMatchObject({
        status: 201,
        body: { success: true, errors: [], messages: [], result: { name, description: "d", config: shape } },
      });
      expect(await api("GET", `/${name}`)).toEqual({ ...made, status: 200 });
      const { result } = (await api("GET", "")).body;
      expect(result).toEqual(expect.arrayContaining([made.body.result]));
      expect(await api("DELETE", `/${name}`)).toEqual({
        status: 200,
        body: { success: true, errors: [], messages: [], result: null },
      });
    });

    it("answers under /client/v4 too, so that wrangler can be pointed at it", async () => {
      const { name, fetch } = await filled();
      expect((await fetch(`/client/v4${path(name)}`, {})).status).toBe(200);
    });

    it("creates from a preset", async () => {
      const { name, api } = await makeName();
      const { body } = await api("POST", "", { name, config: { preset: "@cf/baai/bge-small-en-v1.5" } });
      expect(body.result).toMatchObject({ config: { dimensions: 384, metric: "cosine" } });
      const refused = await api("POST", "", { name, config: { preset: "none" } });
      expect(refused.body.errors).toEqual([{ code: 40026, message: "unknown preset none" }]);
    });

    it("refuses with the code and the text of the service, and status 400", async () => {
      const { name, api } = await makeName();
      const refusal = (code: number, message: string): ApiAnswer => ({
        status: 400,
        body: { success: false, result: null, errors: [{ code, message }], messages: [] },
      });
      const text = `Index name "${name}"`;
      expect(await api("GET", `/${name}`)).toEqual(refusal(3000, `vectorize.index.not_found - ${text}`));
      expect(await api("GET", `/${name}/info`)).toEqual(refusal(3000, `vectorize.index.not_found - ${text}`));
      await api("POST", "", { name, config: shape });
      expect(await api("POST", "", { name, config: shape })).toEqual(
        refusal(3002, `vectorize.index.duplicate_name - ${text}`),
      );
      await api("DELETE", `/${name}`);
      expect(await api("DELETE", `/${name}`)).toEqual(refusal(3005, `vectorize.index.deleted - ${text}`));
      expect(await api("GET", `/${name}`)).toEqual(refusal(3005, `vectorize.index.deleted - ${text}`));
    });

    it("refuses a body that is not JSON, or not said to be", async () => {
      const { name, fetch } = await filled();
      const send = async (contentType: string, body: string): Promise<string | undefined> => {
        const init = { method: "POST", headers: { "content-type": contentType }, body };
        return (await fetch(path(name, "/query"), init)).body.errors[0]?.message;
      };
      expect(await send("text/plain", "{}")).toBe("Expected request with `Content-Type: application/json`");
      expect(await send("application/json", "{")).toContain("Failed to parse the request body as JSON");
      expect(await send("application/json", "[]")).toContain("Failed to parse the request body as JSON");
      expect(await send("application/json", "{}")).toContain("missing field `vector`");
    });

    it("knows no other addresses", async () => {
      const { name, fetch } = await filled();
      for (const [method, address] of [
        ["GET", "/"],
        ["PUT", path(name)],
        ["GET", path(name, "/nothing")],
        ["GET", `/accounts/any/vectorize/indexes/${name}`],
      ] as const) {
        const { status, body } = await fetch(address, { method });
        expect([status, body.errors[0]?.code]).toEqual([404, 7003]);
      }
    });

    it("shows how far an index has come, and its ids page by page", async () => {
      const { name, api } = await filled(manyIds(3).map((id) => aVector(id)));
      expect((await api("GET", `/${name}/info`)).body.result).toMatchObject({
        vectorCount: 3,
        dimensions: 3,
        processedUpToMutation: expect.any(String),
      });
      const first = (await api("GET", `/${name}/list?count=2`)).body.result as { nextCursor: string };
      expect(first).toMatchObject({ count: 2, totalCount: 3, vectors: [{ id: "v0" }, { id: "v1" }] });
      const cursor = encodeURIComponent(first.nextCursor);
      expect((await api("GET", `/${name}/list?count=2&cursor=${cursor}`)).body.result).toMatchObject({
        vectors: [{ id: "v2" }],
        nextCursor: null,
      });
      expect((await api("GET", `/${name}/list?count=many`)).status).toBe(400);
    });

    it("creates, lists and deletes metadata indexes", async () => {
      const { name, api } = await filled();
      const index = { propertyName: "day", indexType: "number" };
      const made = await api("POST", `/${name}/metadata_index/create`, index);
      expect(made.body.result).toEqual({ mutationId: expect.any(String) });
      expect((await api("GET", `/${name}/metadata_index/list`)).body.result).toEqual({
        metadataIndexes: [index],
      });
      const gone = await api("POST", `/${name}/metadata_index/delete`, { propertyName: "day" });
      expect(gone.body.result).toEqual({ mutationId: expect.any(String) });
      expect((await api("GET", `/${name}/metadata_index/list`)).body.result).toEqual({ metadataIndexes: [] });
    });

    it("takes vectors as one JSON object a line, asks for them and deletes them", async () => {
      const { name, control, api, fetch } = await filled();
      const vectors = [aVector("a", [1, 0, 0], { metadata: { n: 1 } }), aVector("b", [0, 1, 0])];
      const { body } = await fetch(path(name, "/upsert"), lines(vectors));
      expect(body.result).toEqual({ mutationId: expect.any(String) });
      await fetch(path(name, "/insert"), lines([aVector("a", [0, 0, 1]), aVector("c", [0, 0, 1])]));
      await control.advance(name, DELAY_MS);
      expect((await api("POST", `/${name}/get_by_ids`, { ids: ["a", "c"] })).body.result).toEqual([
        { id: "a", values: [1, 0, 0], metadata: { n: 1 } },
        { id: "c", values: [0, 0, 1] },
      ]);
      const near = await api("POST", `/${name}/query`, { vector: [0, 1, 0], topK: 1, returnValues: true });
      expect(near.body.result).toMatchObject({ count: 1, matches: [{ id: "b", values: [0, 1, 0] }] });
      const byId = await api("POST", `/${name}/query`, { vectorId: "c", topK: 1 });
      expect(byId.body.result).toMatchObject({ matches: [{ id: "c" }] });
      await api("POST", `/${name}/delete_by_ids`, { ids: ["a", "b", "c"] });
      await control.advance(name, DELAY_MS);
      expect((await api("GET", `/${name}/info`)).body.result).toMatchObject({ vectorCount: 0 });
    });

    it("takes vectors from a form too, as wrangler sends them", async () => {
      const { name, control, api, fetch } = await filled();
      const form = new FormData();
      const file = new File([JSON.stringify(aVector("a"))], "vectors.ndjson", {
        type: "application/x-ndjson",
      });
      form.append("vectors", file);
      expect((await fetch(path(name, "/upsert"), await sent(form))).status).toBe(200);
      await control.advance(name, DELAY_MS);
      expect((await api("GET", `/${name}/info`)).body.result).toMatchObject({ vectorCount: 1 });
      const empty = new FormData();
      empty.append("other", "x");
      const refused = await fetch(path(name, "/upsert"), await sent(empty));
      expect(refused.body.errors[0]?.message).toBe('the form has no file named "vectors"');
    });

    it("takes 5,000 vectors in one upload, no more", async () => {
      const { name, control, api, fetch } = await filled();
      const vectors = manyIds(5001).map((id) => aVector(id));
      expect((await fetch(path(name, "/upsert"), lines(vectors.slice(1)))).status).toBe(200);
      await control.advance(name, DELAY_MS);
      expect((await api("GET", `/${name}/info`)).body.result).toMatchObject({ vectorCount: 5000 });
      expect((await fetch(path(name, "/upsert"), lines(vectors))).body.errors).toEqual([
        { code: 40007, message: "too many vectors in payload; max vector count is 5000, got 5001" },
      ]);
    });

    it("takes 100 MB in one upload, no more", async () => {
      const { name, fetch } = await filled();
      const vector = new TextEncoder().encode(`${JSON.stringify(aVector("a"))}\n`);
      const padded = (sizeBytes: number): RequestInit => {
        const body = new Uint8Array(sizeBytes).fill(0x20);
        body.set(vector);
        return { method: "POST", headers: { "content-type": "application/x-ndjson" }, body };
      };
      expect((await fetch(path(name, "/upsert"), padded(100_000_000))).status).toBe(200);
      expect((await fetch(path(name, "/upsert"), padded(100_000_001))).body.errors).toEqual([
        { code: 40026, message: "an upload has at most 100000000 bytes, got 100000001" },
      ]);
    });

    it("refuses an upload for a line that is no vector, or leaves the line out when told to", async () => {
      const { name, control, api, fetch } = await filled();
      const init = { ...lines([aVector("a")]), body: `${JSON.stringify(aVector("a"))}\nnonsense\n[]\n` };
      expect((await fetch(path(name, "/upsert"), init)).body.errors[0]).toEqual({
        code: 40023,
        message: "failed to parse upsert vectors request in json format",
      });
      expect((await fetch(path(name, "/upsert?unparsable-behavior=discard"), init)).status).toBe(200);
      await control.advance(name, DELAY_MS);
      expect((await api("GET", `/${name}/info`)).body.result).toMatchObject({ vectorCount: 1 });
      expect((await fetch(path(name, "/upsert?unparsable-behavior=maybe"), init)).status).toBe(400);
    });
  });
}
