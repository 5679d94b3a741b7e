import { describe, expect, it } from "vitest";
import { lexicalModel, openAiModel, workersAiModel, workersAiNames } from "./embedding-models.ts";
import { CHUNK_SIZES } from "./policy.ts";

describe("workersAiModel", () => {
  it("puts the pooling into the name where the model leaves the choice, for it changes the vectors", () => {
    expect(workersAiModel("@cf/baai/bge-base-en-v1.5")).toMatchObject({
      name: "@cf/baai/bge-base-en-v1.5#cls",
      served: "@cf/baai/bge-base-en-v1.5",
      dimensions: 768,
      pooling: "cls",
    });
    expect(workersAiModel("@cf/baai/bge-m3")).toMatchObject({ name: "@cf/baai/bge-m3", pooling: null });
    expect(workersAiModel("@cf/baai/bge-m4")).toBeUndefined();
  });
});

describe("workersAiNames", () => {
  it("names the models whose window takes a chunk, and none with a smaller one", () => {
    expect(workersAiNames(CHUNK_SIZES.tokensMax)).toEqual([
      "@cf/qwen/qwen3-embedding-0.6b",
      "@cf/baai/bge-m3",
    ]);
    expect(workersAiNames(512), "a window that is just large enough").toContain("@cf/baai/bge-large-en-v1.5");
    expect(workersAiNames(513)).not.toContain("@cf/baai/bge-large-en-v1.5");
    expect(workersAiNames(1_000_000)).toEqual([]);
  });
});

describe("how a model is given its texts", () => {
  it("is as documents by the stand-in's, and as plain text by a server that speaks OpenAI's", () => {
    expect(lexicalModel(64)).toMatchObject({ name: "lexical#64", served: "lexical#64", input: "documents" });
    expect(openAiModel("nomic", 768, null)).toMatchObject({
      name: "openai:nomic#768",
      served: "nomic",
      input: "text",
    });
  });
});
