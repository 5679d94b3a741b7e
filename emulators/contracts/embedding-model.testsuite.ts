/**
 * The rules of the text-embedding models of Workers AI, one test each.
 *
 * They follow developers.cloudflare.com: /workers-ai/models/<name> with its input and output schemas (keys, list
 * lengths, dimensions, tokens), /ai-search/configuration/models/supported-models (tokens where the model's page names
 * none), /workers-ai/platform/errors (codes, HTTP statuses, descriptions), /workers-ai/features/batch-api (asynchronous
 * batches), and workerd's ai-api.ts (name and message of errors, `returnRawResponse`).
 *
 * Not enforced, because it cannot be here, or because production names no rule:
 * - a model's own tokens: they are estimated on the high side, and bge may in production cut silently what is 3006 here.
 * - 3,000 requests a minute (1,500 for bge-large), neurons, and the daily allocation but for 3036 on demand.
 * - what the vectors mean: they are lexical unless a server with real embeddings is configured.
 * - `gateway`, `tags` and `signal`: accepted and ignored.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AI_DESCRIPTIONS } from "../workers-ai/ai-errors.ts";
import type { AiBinding, AiCounts, AiFailure, AiOutput, EmbeddingOutput } from "../workers-ai/ai-core.ts";
import { EMBEDDING_MODELS } from "../workers-ai/models.ts";

/** The AI binding under test, with the switches a test driver has. */
export interface ModelUnderTest {
  ai: AiBinding;
  failNext(failure: AiFailure): Promise<void>;
  counts(): Promise<AiCounts>;
  /** Move the clock of asynchronous batches ahead. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** How long a batch takes with the models under test: longer than any test, ms. */
export const BATCH_DELAY_MS = 3_600_000;

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
    describeLexicalModel(run);
    describeRefusals(run);
    describeBatches(run, () => under);
    describeRawResponses(run, () => under);
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
  if (output instanceof Response || !("data" in output)) throw new Error("no embeddings in the answer");
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

function describeLexicalModel(run: Run): void {
  describe("lexical#<dimensions>, the stand-in's own model", () => {
    it.each([16, 512, 1536])("answers vectors of %d numbers", async (dimensions) => {
      const output = await embeddings(run, `lexical#${dimensions}`, { documents: ["pump", "lease"] });
      expect(output.shape).toEqual([2, dimensions]);
      expect(output.data.map((vector) => vector.length)).toEqual([dimensions, dimensions]);
    });

    it.each([
      "lexical",
      "lexical#",
      "lexical#15",
      "lexical#1537",
      "lexical#0512",
      "lexical#5.5",
      "Lexical#512",
    ])("is 5007 as %s", async (name) => {
      expect(await errorOf(run(name, { text: "x" }))).toBe(`AiError 5007: No such model ${name} or task`);
    });

    it("takes what qwen3 takes", async () => {
      const model = "lexical#64";
      const documents = await embeddings(run, model, { documents: "pump pressure" });
      expect(await embeddings(run, model, { text: ["pump pressure"] })).toEqual(documents);
      expect((await embeddings(run, model, { queries: "pump", instruction: "Find" })).shape).toEqual([1, 64]);
      expect((await embeddings(run, model, { text: Array.from({ length: 32 }, () => "x") })).shape[0]).toBe(
        32,
      );
      const tooMany = { documents: Array.from({ length: 33 }, () => "x") };
      expect(await errorOf(run(model, tooMany))).toMatch(/^AiError 5006: /);
      expect(await errorOf(run(model, { documents: "pump ".repeat(9000) }))).toMatch(/^AiError 3006: /);
    });

    it("gives equal vectors for equal texts and nearer ones for shared words", async () => {
      const texts = ["pump pressure fell", "pump pressure rose", "lease contract"];
      const { data } = await embeddings(run, "lexical#256", { documents: texts });
      expect((await embeddings(run, "lexical#256", { documents: texts })).data).toEqual(data);
      const product = (one: number, other: number): number =>
        (data[one] ?? []).reduce((sum, value, at) => sum + value * (data[other]?.[at] ?? 0), 0);
      expect(product(0, 1)).toBeGreaterThan(product(0, 2));
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
      "more than 60,000 tokens in one call of bge-m3",
      () => run(BGE_M3, { text: Array.from({ length: 20 }, () => "pump ".repeat(4000)) }),
      /^AiError 3006: .* in one call$/,
    ],
    [
      "an over-long query for bge-m3",
      () => run(BGE_M3, { query: "pump ".repeat(9000), contexts: [{ text: "x" }] }),
      /^AiError 3006: .*the query/,
    ],
    ["an over-long query for qwen3", () => run(QWEN, { queries: "pump ".repeat(9000) }), /^AiError 3006: /],
    ["more than 100 texts for bge-m3", () => run(BGE_M3, { text: many(101) }), /^AiError 5006: /],
    ["contexts without text", () => run(BGE_M3, { contexts: [{}] }), /^AiError 5006: /],
    ["an empty list of contexts", () => run(BGE_M3, { contexts: [] }), /^AiError 5006: /],
    ["an empty query", () => run(BGE_M3, { query: "", contexts: [{ text: "x" }] }), /^AiError 5006: /],
    ["an instruction that is no text", () => run(QWEN, { queries: "x", instruction: 1 }), /^AiError 5006: /],
    ["inputs that are no object", () => run(QWEN, null as never), /^AiError 5006: /],
    ["a model that production has for other tasks", () => run("@cf/meta/llama-4", {}), /^AiError 5007: /],
    [
      "plamo-embedding-1b, whose pages name neither tokens nor dimensions",
      () => run("@cf/pfnet/plamo-embedding-1b", { text: "x" }),
      /^AiError 5007: /,
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
  });
}

function describeBatches(run: Run, under: () => ModelUnderTest): void {
  const batchModels = EMBEDDING_MODELS.filter(({ batch }) => batch);
  const submit = async (model: string, requests: unknown): Promise<string> => {
    const queued = await run(model, { requests }, { queueRequest: true });
    expect(queued).toEqual({ status: "queued", request_id: expect.any(String), model });
    return (queued as { request_id: string }).request_id;
  };

  describe("asynchronous batches", () => {
    it.each(batchModels)("$name queues a batch and answers each request in the end", async ({ name }) => {
      const id = await submit(name, [
        { text: ["pump pressure", "lease"], external_reference: "first" },
        { text: "lease" },
      ]);
      await under().advance(BATCH_DELAY_MS);
      const output = await run(name, { request_id: id });
      expect(output).toEqual({
        responses: [
          {
            id: 0,
            success: true,
            result: await run(name, { text: ["pump pressure", "lease"] }),
            external_reference: "first",
          },
          { id: 1, success: true, result: await run(name, { text: "lease" }) },
        ],
        usage: expect.objectContaining({ completion_tokens: 0 }),
      });
      const { usage } = output as { usage: { prompt_tokens: number; total_tokens: number } };
      expect(usage.prompt_tokens).toBeGreaterThan(0);
      expect(usage.total_tokens).toBe(usage.prompt_tokens);
    });

    it("is queued first, then running, and stays answered once it is", async () => {
      const id = await submit(BGE, [{ text: "pump" }]);
      const poll = (): Promise<AiOutput> => run(BGE, { request_id: id }, { queueRequest: true });
      expect(await poll()).toEqual({ status: "queued", request_id: id, model: BGE });
      await under().advance(BATCH_DELAY_MS * 0.75);
      expect(await poll()).toEqual({ status: "running", request_id: id, model: BGE });
      await under().advance(BATCH_DELAY_MS);
      const answer = await poll();
      expect(answer).toMatchObject({ responses: [{ id: 0 }] });
      expect(await poll()).toEqual(answer);
    });

    it("ranks contexts in a batch of bge-m3", async () => {
      const contexts = [{ text: "the lease contract" }, { text: "the pump lost pressure" }];
      const id = await submit(BGE_M3, [{ query: "pump pressure", contexts, external_reference: "story" }]);
      await under().advance(BATCH_DELAY_MS);
      expect(await run(BGE_M3, { request_id: id })).toMatchObject({
        responses: [
          { id: 0, success: true, external_reference: "story", result: { response: [{ id: 1 }, { id: 0 }] } },
        ],
      });
    });

    it("fails the request whose text is too long, and no other", async () => {
      const id = await submit(BGE, [
        { text: "pump ".repeat(600), external_reference: "long" },
        { text: "lease" },
      ]);
      await under().advance(BATCH_DELAY_MS);
      expect(await run(BGE, { request_id: id })).toMatchObject({
        responses: [
          { id: 0, success: false, error: expect.stringMatching(/^3006: /), external_reference: "long" },
          { id: 1, success: true },
        ],
      });
    });

    it.each<[string, () => Promise<AiOutput>]>([
      ["requests without queueRequest", () => run(BGE, { requests: [{ text: "x" }] })],
      ["queueRequest without requests", () => run(BGE, { text: "x" }, { queueRequest: true })],
      ["no requests at all", () => run(BGE, { requests: [] }, { queueRequest: true })],
      ["a request that is bad input", () => run(BGE, { requests: [{}] }, { queueRequest: true })],
      ["a request that is no object", () => run(BGE, { requests: ["x"] }, { queueRequest: true })],
      [
        "a reference that is no text",
        () => run(BGE, { requests: [{ text: "x", external_reference: 1 }] }, { queueRequest: true }),
      ],
      ["a batch for qwen3", () => run(QWEN, { requests: [{ text: "x" }] }, { queueRequest: true })],
      ["a batch for embeddinggemma", () => run(GEMMA, { requests: [{ text: "x" }] }, { queueRequest: true })],
      ["an unknown request id", () => run(BGE, { request_id: "none" })],
    ])("refuses %s", async (_what, call) => {
      expect(await errorOf(call())).toMatch(/^AiError 5006: /);
    });

    it("refuses another model's request id", async () => {
      const id = await submit(BGE, [{ text: "x" }]);
      expect(await errorOf(run(BGE_M3, { request_id: id }))).toMatch(/^AiError 5006: /);
    });

    it("refuses 10 MB", async () => {
      const requests = [{ text: Array.from({ length: 100 }, () => "x".repeat(100_001)) }];
      expect(await errorOf(run(BGE, { requests }, { queueRequest: true }))).toMatch(/^AiError 3006: /);
    });
  });
}

function describeRawResponses(run: Run, under: () => ModelUnderTest): void {
  const raw = async (model: string, inputs: Record<string, unknown>): Promise<Response> => {
    const response = await run(model, inputs, { returnRawResponse: true });
    if (response instanceof Response) return response;
    throw new Error("no Response");
  };

  describe("returnRawResponse", () => {
    it("gives the answer as a Response", async () => {
      const response = await raw(QWEN, { documents: "pump" });
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
      expect(await response.json()).toEqual(await run(QWEN, { documents: "pump" }));
    });

    it("gives a refusal as a Response too, with its HTTP status", async () => {
      const response = await raw("@cf/none/such", { text: "x" });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        name: "AiError",
        internalCode: 5007,
        description: "No such model @cf/none/such or task",
        message: "5007: No such model @cf/none/such or task",
      });
      expect((await raw(BGE, { text: "pump ".repeat(600) })).status).toBe(413);
    });

    it.each(Object.values(AI_DESCRIPTIONS))("answers $code with status $status", async ({ code, status }) => {
      await under().failNext({ code, times: 1 });
      expect((await raw(QWEN, { text: "x" })).status).toBe(status);
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

    it("has every code of the service's list with its description", async () => {
      const codes = [3003, 3006, 3007, 3008, 3036, 3040, 3042, 5004, 5006, 5007, 5018, 5035];
      expect(Object.values(AI_DESCRIPTIONS).map(({ code }) => code)).toEqual(codes);
      for (const { code, description } of Object.values(AI_DESCRIPTIONS)) {
        await under().failNext({ code, times: 1 });
        const expected = code === 5007 ? `No such model ${QWEN} or task` : description;
        expect(await errorOf(run(QWEN, { text: "x" }))).toBe(`AiError ${code}: ${expected}`);
      }
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
