import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Vectorize } from "@cloudflare/workers-types";
import { expect, it } from "vitest";
import {
  describeVectorIndex,
  type IndexHost,
  type IndexUnderTest,
} from "../contracts/vector-index.testsuite.ts";
import { createVectorizeInMemory, type InMemoryIndex } from "./in-memory.ts";
import type { IndexConfig, VectorIndex } from "./types.ts";

describeVectorIndex("the core on node:sqlite, in this process", async () => hostInProcess());

function hostInProcess(): IndexHost {
  const folder = mkdtempSync(path.join(tmpdir(), "vectorize-"));
  const opened: InMemoryIndex[] = [];
  let mutations = 0;
  const makeIndex = async (config: IndexConfig): Promise<IndexUnderTest> => {
    let nowMs = Date.parse("2026-01-01T00:00:00Z");
    const file = path.join(folder, `${opened.length}.sqlite`);
    const open = (): InMemoryIndex => {
      const index = createVectorizeInMemory({
        ...config,
        path: file,
        nowMs: () => nowMs,
        newMutationId: () => `00000000-0000-4000-8000-${String((mutations += 1)).padStart(12, "0")}`,
      });
      opened.push(index);
      return index;
    };
    let current = open();
    // Looks the open index up at each call, since a restart replaces it.
    const index = new Proxy({} as VectorIndex, { get: (_target, method) => Reflect.get(current, method) });
    return {
      index,
      advance: async (ms) => void (nowMs += ms),
      pause: async () => current.controls.pause(),
      resume: async () => current.controls.resume(),
      dropNext: async (count) => current.controls.dropNext(count),
      failNext: async (failure) => current.controls.failNext(failure),
      loseVectors: async (ids) => current.loseVectors(ids),
      inspect: async () => current.controls.inspect(),
      listIds: async (cursor) => current.listIds(cursor),
      restart: async () => {
        current.close();
        current = open();
      },
    };
  };
  const close = async (): Promise<void> => rmSync(folder, { recursive: true, force: true });
  return { makeIndex, close };
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
  expect(() => anyIndex({ dimensions: 1537, metric: "cosine", delayMs: 0 })).toThrow(RangeError);
  const metadataIndexes = Object.fromEntries(
    Array.from({ length: 11 }, (_, n) => [`p${n}`, "string" as const]),
  );
  expect(() => anyIndex({ dimensions: 2, metric: "cosine", delayMs: 0, metadataIndexes })).toThrow(
    RangeError,
  );
});

it("answers the same with a cache that holds everything, a part or nothing", async () => {
  const answers = [];
  for (const cacheBytesMax of [1e9, 512 * 8 * 4, 0]) {
    const index = createVectorizeInMemory({
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
    for (const n of [0, 1, 700, 701, 1400, 2999]) answers.push(await index.query(vectorOf(n), { topK: 20 }));
    index.loseVectors(["v702"]);
    answers.push(await index.query(vectorOf(702), { topK: 20 }));
  }
  const each = answers.length / 3;
  expect(answers.slice(each, 2 * each)).toEqual(answers.slice(0, each));
  expect(answers.slice(2 * each)).toEqual(answers.slice(0, each));
  expect(answers[each - 1]?.matches[0]?.id).not.toBe("v702");
});
