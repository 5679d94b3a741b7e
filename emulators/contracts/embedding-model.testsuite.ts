import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AiBinding, AiCounts, AiFailure, AiOutput, EmbeddingOutput } from "../workers-ai/ai-core.ts";
import { EMBEDDING_MODELS } from "../workers-ai/models.ts";

/** The AI binding under test, with the switches a test driver has. */
export interface ModelUnderTest {
  ai: AiBinding;
  failNext(failure: AiFailure): Promise<void>;
  counts(): Promise<AiCounts>;
  close(): Promise<void>;
}

const QWEN = "@cf/qwen/qwen3-embedding-0.6b";
const BGE = "@cf/baai/bge-base-en-v1.5";
const BGE_M3 = "@cf/baai/bge-m3";
const GEMMA = "@cf/google/embeddinggemma-300m";

/** The rules of the embedding models of Workers AI, one sentence each, for every implementation. */
export function describeEmbeddingModel(name: string, start: () => Promise<ModelUnderTest>): void {
  describe(`embedding models: ${name}`, () => {
    let under: ModelUnderTest;
    beforeAll(async () => {
      under = await start();
    });
    afterAll(() => under.close());
    const run: Run = (model, inputs, options) => under.ai.run(model, inputs, options);

    describeShapes(run);
    describeMeaning(run);
    describeRefusals(run);
    describeFaults(run, () => under);
  });
}

type Run = AiBinding["run"];

async function embeddings(
  run: Run,
  model: string,
  inputs: Record<string, unknown>,
): Promise<EmbeddingOutput> {
  const output = await run(model, inputs);
  if (!("data" in output)) throw new Error("no embeddings in the answer");
  return output;
}

async function errorOf(call: Promise<AiOutput>): Promise<string> {
  try {
    await call;
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return `${(error as Error).name} ${(error as Error).message}`;
  }
  return "no error";
}

function describeShapes(run: Run): void {
  describe("shapes", () => {
    it.each(EMBEDDING_MODELS)(
      "$name answers one vector of $dimensions numbers per text, in order",
      async (model) => {
        const both = await embeddings(run, model.name, { text: ["pump pressure", "lease contract"] });
        const second = await embeddings(run, model.name, { text: ["lease contract"] });
        expect(both.shape).toEqual([2, model.dimensions]);
        expect(both.data.map((vector) => vector.length)).toEqual([model.dimensions, model.dimensions]);
        expect(
          both.data.flat().every((value) => Number.isFinite(value) && value === Math.fround(value)),
        ).toBe(true);
        expect(both.data[1]).toEqual(second.data[0]);
        expect(both.data[0]).not.toEqual(both.data[1]);
      },
    );

    it("a single text is a list of one", async () => {
      const alone = await embeddings(run, QWEN, { documents: "pump pressure" });
      expect(alone).toEqual(await embeddings(run, QWEN, { documents: ["pump pressure"] }));
    });

    it("qwen3 takes text as another word for documents", async () => {
      const documents = await embeddings(run, QWEN, { documents: ["pump pressure"] });
      expect(await embeddings(run, QWEN, { text: ["pump pressure"] })).toEqual(documents);
    });

    it("qwen3 takes queries with an instruction of the caller's", async () => {
      const inputs = { queries: ["which pump?"], instruction: "Find the meeting" };
      expect((await embeddings(run, QWEN, inputs)).shape).toEqual([1, 1024]);
    });

    it("bge tells its pooling: mean unless cls was asked for", async () => {
      expect((await embeddings(run, BGE, { text: "pump" })).pooling).toBe("mean");
      expect((await embeddings(run, BGE, { text: "pump", pooling: "cls" })).pooling).toBe("cls");
    });

    it("bge-m3 ranks contexts by a query", async () => {
      const contexts = [{ text: "the lease contract" }, { text: "the pump lost pressure" }];
      const output = (await run(BGE_M3, { query: "pump pressure", contexts })) as {
        response: { id: number; score: number }[];
      };
      expect(output.response.map(({ id }) => id)).toEqual([1, 0]);
      expect(output.response[0]?.score).toBeGreaterThan(output.response[1]?.score ?? 1);
    });

    it("bge-m3 embeds contexts when there is no query", async () => {
      const output = await run(BGE_M3, { contexts: [{ text: "pump" }, { text: "lease" }] });
      expect(output).toMatchObject({ shape: [2, 1024], pooling: "cls" });
      expect((output as { response: number[][] }).response[1]).toHaveLength(1024);
    });

    it("takes the largest list of every model", async () => {
      for (const { name, textsMax } of EMBEDDING_MODELS) {
        const count = textsMax ?? 200;
        const { shape } = await embeddings(run, name, {
          text: Array.from({ length: count }, (_, n) => `text ${n}`),
        });
        expect(shape[0]).toBe(count);
      }
    });
  });
}

function describeMeaning(run: Run): void {
  describe("meaning", () => {
    it("puts a query nearer to the document it asks about than to another", async () => {
      const documents = ["The pump on site three lost pressure again.", "The lease contract ends in May."];
      const { data } = await embeddings(run, QWEN, { documents });
      const asked = (await embeddings(run, QWEN, { queries: "pump pressure" })).data[0] ?? [];
      const nearness = data.map((vector) =>
        vector.reduce((sum, value, at) => sum + value * (asked[at] ?? 0), 0),
      );
      expect(nearness[0]).toBeGreaterThan(nearness[1] ?? 1);
    });
  });
}

function describeRefusals(run: Run): void {
  const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `text ${n}`);
  const cases: [string, () => Promise<AiOutput>, RegExp][] = [
    [
      "an unknown model",
      () => run("@cf/none/such", { text: "x" }),
      /^AiError 5007: No such model @cf\/none\/such or task$/,
    ],
    [
      "input without a text",
      () => run(BGE, {}),
      /^AiError 5006: Error: required properties at '\/' are 'text'$/,
    ],
    ["an empty list", () => run(QWEN, { documents: [] }), /^AiError 5006: /],
    ["an empty text", () => run(QWEN, { documents: ["a", ""] }), /^AiError 5006: /],
    ["something else than text", () => run(BGE, { text: [1] }), /^AiError 5006: /],
    ["more than 32 texts for qwen3", () => run(QWEN, { documents: many(33) }), /^AiError 5006: /],
    ["more than 32 queries for qwen3", () => run(QWEN, { queries: many(33) }), /^AiError 5006: /],
    ["more than 100 texts for bge", () => run(BGE, { text: many(101) }), /^AiError 5006: /],
    ["an unknown pooling", () => run(BGE, { text: "x", pooling: "max" }), /^AiError 5006: /],
    [
      "an over-long text",
      () => run(BGE, { text: ["fine", "pump ".repeat(600)] }),
      /^AiError 3006: Request is too large/,
    ],
    ["an over-long text for bge-m3", () => run(BGE_M3, { text: "pump ".repeat(9000) }), /^AiError 3006: /],
    [
      "an over-long text for embeddinggemma",
      () => run(GEMMA, { text: "pump ".repeat(600) }),
      /^AiError 3006: /,
    ],
    [
      "an over-long text in another script",
      () => run(BGE, { text: "насос ".repeat(600) }),
      /^AiError 3006: /,
    ],
  ];

  describe("refusals", () => {
    it.each(cases)("refuses %s", async (_what, call, message) => {
      expect(await errorOf(call())).toMatch(message);
    });

    it("cuts an over-long text for bge-m3 when told to", async () => {
      const cut = await embeddings(run, BGE_M3, { text: "pump ".repeat(9000), truncate_inputs: true });
      expect(cut.shape).toEqual([1, 1024]);
    });

    it("takes a chunk of 1,000 tokens with qwen3, which bge could not", async () => {
      const chunk = "The pump on site three lost pressure again. ".repeat(100);
      expect((await embeddings(run, QWEN, { documents: chunk })).shape).toEqual([1, 1024]);
      expect(await errorOf(run(BGE, { text: chunk }))).toMatch(/^AiError 3006: /);
    });

    it("says that it has no asynchronous batches and no raw responses", async () => {
      expect(await errorOf(run(BGE, { requests: [{ text: "x" }] }))).toContain("no asynchronous batches");
      expect(await errorOf(run(BGE, { text: "x" }, { queueRequest: true }))).toContain("queueRequest");
    });
  });
}

function describeFaults(run: Run, under: () => ModelUnderTest): void {
  describe("fault switches", () => {
    it("is out of capacity as often as it was told, then works again", async () => {
      await under().failNext({ code: 3040, times: 2 });
      const message = "AiError 3040: Capacity temporarily exceeded, please try again.";
      expect(await errorOf(run(QWEN, { text: "x" }))).toBe(message);
      expect(await errorOf(run(QWEN, { text: "x" }))).toBe(message);
      expect((await embeddings(run, QWEN, { text: "x" })).shape[0]).toBe(1);
    });

    it("has used up the daily allocation when told so", async () => {
      await under().failNext({ code: 3036, times: 1 });
      expect(await errorOf(run(QWEN, { text: "x" }))).toMatch(
        /^AiError 3036: You have used up your daily free allocation/,
      );
    });

    it("fails in the words it was given", async () => {
      await under().failNext({ code: 3007, description: "Timed out", times: 1 });
      expect(await errorOf(run(QWEN, { text: "x" }))).toBe("AiError 3007: Timed out");
    });

    it("counts calls, and the texts it embedded", async () => {
      const before = await under().counts();
      await run(QWEN, { text: ["pump pressure", "lease"] });
      await errorOf(run(QWEN, {}));
      const after = await under().counts();
      expect(after.calls - before.calls).toBe(2);
      expect(after.texts - before.texts).toBe(2);
      expect(after.estimatedTokens).toBeGreaterThan(before.estimatedTokens);
    });
  });
}
