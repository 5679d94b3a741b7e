import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Vectorize } from "@cloudflare/workers-types";
import { expect, it } from "vitest";
import {
  CONTRACT_CONFIGS,
  describeVectorIndex,
  type IndexHost,
  type IndexUnderTest,
} from "../contracts/vector-index.testsuite.ts";
import { answerOf, apiThrough, type ApiAnswer } from "../contracts/vectorize-commands.testsuite.ts";
import { createVectorizeInMemory, type InMemoryIndex } from "./in-memory.ts";
import { createVectorizeInProcess, type InProcessVectorize } from "./in-process.ts";
import type { Plan } from "./limits.ts";
import type { IndexConfig, VectorIndex } from "./types.ts";

describeVectorIndex("the core on node:sqlite, in this process", async (plan) => hostInProcess(plan));

function hostInProcess(plan: Plan): IndexHost {
  const folder = mkdtempSync(path.join(tmpdir(), "vectorize-"));
  let nowMs = Date.parse("2026-01-01T00:00:00Z");
  let mutations = 0;
  let names = 0;
  const open = (): InProcessVectorize =>
    createVectorizeInProcess({
      folder,
      plan,
      nowMs: () => nowMs,
      newMutationId: () => `00000000-0000-4000-8000-${String((mutations += 1)).padStart(12, "0")}`,
    });
  let current = open();
  // Looks the open one up at each call, since a restart replaces it.
  const control = new Proxy({} as InProcessVectorize["control"], {
    get: (_target, method) => Reflect.get(current.control, method),
  });
  const bind = (props: Parameters<InProcessVectorize["bind"]>[0]): VectorIndex =>
    new Proxy({} as VectorIndex, { get: (_target, method) => Reflect.get(current.bind(props), method) });
  const restart = async (): Promise<void> => {
    current.close();
    current = open();
  };
  const fetch = async (url: string, init: RequestInit): Promise<ApiAnswer> =>
    answerOf(await current.fetch(new Request(`http://vectorize${url}`, init)));
  const newName = (): string => `index-${(names += 1)}`;
  const makeIndex = async (config: IndexConfig): Promise<IndexUnderTest> => {
    const name = newName();
    const index = bind({ ...config, name });
    return {
      index,
      advance: async (ms) => void (nowMs += ms),
      pause: () => control.pause(name),
      resume: () => control.resume(name),
      dropNext: (count) => control.dropNext(name, count),
      failNext: (failure) => control.failNext(name, failure),
      loseVectors: (ids) => control.loseVectors(name, ids),
      inspect: () => control.inspect(name),
      listIds: (cursor) => control.listIds(name, cursor),
      restart,
    };
  };
  return {
    makeIndex,
    makeName: async () => {
      const name = newName();
      const shaped = bind({ ...CONTRACT_CONFIGS.cosine, name });
      return {
        name,
        plain: bind({ name }),
        shaped,
        control,
        api: apiThrough(fetch),
        fetch,
        bytesOnDisk: async () => sizeOf(folder),
        restart,
      };
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0);
}

const anyIndex = (config: IndexConfig): InMemoryIndex =>
  createVectorizeInMemory({ ...config, nowMs: () => 0, newMutationId: () => "m" });

it("has the methods of the Workers binding", () => {
  // describe() is left out: the types call two strings numbers.
  const binding: Omit<Vectorize, "describe"> = anyIndex({ dimensions: 2, metric: "cosine", delayMs: 0 });
  expect(binding).toBeTypeOf("object");
});

it("refuses to open an index with another size or metric and says what to do", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "vectorize-"));
  const file = path.join(folder, "index.sqlite");
  const common = { path: file, delayMs: 0, nowMs: () => 0, newMutationId: () => "m" };
  createVectorizeInMemory({ ...common, dimensions: 2, metric: "cosine" }).close();
  expect(() => createVectorizeInMemory({ ...common, dimensions: 3, metric: "cosine" })).toThrow(
    "this index was created with 2 dimensions, cosine and cannot become 3 dimensions, cosine: give the new one another name",
  );
  rmSync(folder, { recursive: true });
});

it("refuses more dimensions or metadata indexes than the service has", () => {
  expect(() => anyIndex({ dimensions: 1537, metric: "cosine", delayMs: 0 })).toThrow("1 to 1536");
  const metadataIndexes = Object.fromEntries(
    Array.from({ length: 11 }, (_, n) => [`p${n}`, "string" as const]),
  );
  expect(() => anyIndex({ dimensions: 2, metric: "cosine", delayMs: 0, metadataIndexes })).toThrow(
    "at most 10",
  );
});

it.each(["exact", "approximate"] as const)(
  "answers the same with a cache that holds everything, a part or nothing: %s",
  async (scoring) => {
    const answers = [];
    const blockBytes = 512 * 8 * (scoring === "exact" ? 4 : 1);
    for (const cacheBytesMax of [1e9, blockBytes, 0]) {
      const index = createVectorizeInMemory({
        scoring,
        dimensions: 8,
        metric: "cosine",
        delayMs: 0,
        nowMs: () => 0,
        newMutationId: () => "m",
        cacheBytesMax,
      });
      const vectorOf = (n: number): number[] => Array.from({ length: 8 }, (_, at) => Math.sin(n * 8 + at));
      for (let at = 0; at < 3000; at += 500) {
        await index.upsert(
          Array.from({ length: 500 }, (_, n) => ({ id: `v${at + n}`, values: vectorOf(at + n) })),
        );
        answers.push(await index.query(vectorOf(at), { topK: 20 }));
      }
      await index.deleteByIds(["v0", "v700", "v1400", "v2999"]);
      await index.upsert([{ id: "v701", values: vectorOf(1) }]);
      for (const n of [0, 1, 700, 701, 1400, 2999])
        answers.push(await index.query(vectorOf(n), { topK: 20 }));
      index.loseVectors(["v702"]);
      answers.push(await index.query(vectorOf(702), { topK: 20 }));
    }
    const each = answers.length / 3;
    expect(answers.slice(each, 2 * each)).toEqual(answers.slice(0, each));
    expect(answers.slice(2 * each)).toEqual(answers.slice(0, each));
    expect(answers[each - 1]?.matches[0]?.id).not.toBe("v702");
  },
);

it("lets two bindings of different uses take turns on one index", async () => {
  let nowMs = 0;
  const inProcess = createVectorizeInProcess({ nowMs: () => nowMs, newMutationId: () => "m" });
  const shape = { name: "shared", dimensions: 2, metric: "cosine" } as const;
  const slow = inProcess.bind({ ...shape, delayMs: 100, scoring: "exact" });
  const fast = inProcess.bind({ ...shape, delayMs: 0 });
  await fast.upsert([{ id: "a", values: [1, 0.003] }]);
  await slow.upsert([{ id: "b", values: [1, 0] }]);
  await fast.upsert([{ id: "c", values: [1, 0] }]);
  expect((await fast.query([0, 1])).matches).toEqual([{ id: "a", score: 0 }]);
  expect((await slow.query([0, 1])).matches[0]?.score).toBeCloseTo(0.003, 6);
  nowMs = 100;
  expect((await fast.query([0, 1])).count).toBe(3);
  await slow.deleteByIds(["a"]);
  nowMs = 200;
  expect((await fast.query([0, 1])).count).toBe(2);
  expect((await slow.query([0, 1])).count).toBe(2);
  inProcess.close();
});

/** A store as it was made before indexes were created by command, with one vector and a mutation that waits. */
function earlierStore(folder: string): string {
  const file = path.join(folder, "old.sqlite");
  const database = new DatabaseSync(file);
  database.exec(`CREATE TABLE vectors (row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL,
    mutation_seq INTEGER NOT NULL, namespace TEXT, metadata TEXT, indexed_metadata TEXT, norm REAL NOT NULL,
    float32 BLOB NOT NULL);
    CREATE UNIQUE INDEX vectors_by_id ON vectors (id, mutation_seq);
    CREATE INDEX vectors_by_mutation ON vectors (mutation_seq);
    CREATE TABLE mutations (seq INTEGER PRIMARY KEY AUTOINCREMENT, mutation_id TEXT NOT NULL, kind TEXT NOT NULL,
    accepted_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, delete_ids TEXT);
    CREATE TABLE state (key TEXT PRIMARY KEY, value);
    INSERT INTO state VALUES ('config', '2 dimensions, cosine'), ('applied_seq', 1), ('applied_mutation', 'old');
    INSERT INTO state VALUES ('props',
      '{"dimensions":2,"metric":"cosine","delayMs":5,"metadataIndexes":{"day":"number"},"name":"Old_Name"}');
    INSERT INTO vectors (id, mutation_seq, namespace, metadata, indexed_metadata, norm, float32)
      VALUES ('a', 1, 'x', '{"day":7}', '{"day":7}', 1, x'0000803f00000000');
    INSERT INTO mutations (mutation_id, kind, accepted_ms, due_ms, delete_ids) VALUES ('new', 'delete', 0, 9, '["b"]');`);
  database.close();
  return file;
}

it("takes up a store that was made before indexes were created by command, whatever the binding says", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "vectorize-"));
  earlierStore(folder);
  const inProcess = createVectorizeInProcess({ folder, nowMs: () => 10, newMutationId: () => "m" });
  const plain = inProcess.bind({ name: "old", delayMs: 0 });
  await plain.upsert([{ id: "c", values: [0, 1], metadata: { day: 7 } }]);
  expect((await plain.query([1, 0], { filter: { day: 7 } })).matches.map(({ id }) => id)).toEqual(["a", "c"]);
  expect(await inProcess.control.listMetadataIndexes("old")).toEqual([
    { propertyName: "day", indexType: "number" },
  ]);
  expect(await inProcess.control.getIndex("old")).toMatchObject({
    config: { dimensions: 2, metric: "cosine" },
    created_on: "1970-01-01T00:00:00.000Z",
  });
  inProcess.close();
  rmSync(folder, { recursive: true });
});

it("takes up such a store with its namespaces, and with the binding it had", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "vectorize-"));
  const file = earlierStore(folder);
  const use = { delayMs: 5, metadataIndexes: { day: "number" } } as const;
  const index = createVectorizeInMemory({
    ...use,
    path: file,
    dimensions: 2,
    metric: "cosine",
    nowMs: () => 10,
    newMutationId: () => "m",
  });
  expect(await index.query([1, 0], { filter: { day: 7 } })).toMatchObject({ matches: [{ id: "a" }] });
  expect(await index.describe()).toMatchObject({ vectorCount: 1 });
  await index.upsert([{ id: "c", values: [0, 1], metadata: { day: 7 } }]);
  const names = Array.from({ length: 50_000 }, (_, n) => `n${n}`);
  for (let from = 0; from < 49_999; from += 1000) {
    const vectors = names.slice(from, Math.min(from + 1000, 49_999)).map((namespace) => ({
      id: namespace,
      values: [1, 1],
      namespace,
    }));
    await index.upsert(vectors);
  }
  // The namespace of the old vector counts.
  await expect(index.upsert([{ id: "d", values: [0, 1], namespace: "one more" }])).rejects.toThrow(
    "max is 50000",
  );
  index.close();
  const inProcess = createVectorizeInProcess({ folder, nowMs: () => 20, newMutationId: () => "m" });
  expect((await inProcess.control.listIndexes()).map(({ name }) => name)).toEqual(["old"]);
  expect(await inProcess.control.listMetadataIndexes("old")).toHaveLength(1);
  expect((await inProcess.bind({ name: "old" }).query([1, 0], { filter: { day: 7 } })).count).toBe(2);
  inProcess.close();
  rmSync(folder, { recursive: true });
});
