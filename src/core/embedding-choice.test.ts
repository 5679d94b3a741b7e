import { describe, expect, it } from "vitest";
import {
  embeddingsText,
  keyFor,
  measured,
  parseEmbeddings,
  type EmbeddingChoice,
} from "./embedding-choice.ts";
import { CHUNK_SIZES, EMBEDDING_MODEL } from "./policy.ts";

const OLLAMA = "openai:http://127.0.0.1:11434/v1#nomic-embed-text";

describe("parseEmbeddings", () => {
  it.each([
    ["lexical", "lexical#1024", 1_024],
    ["lexical#512", "lexical#512", 512],
    [" lexical#16 ", "lexical#16", 16],
    ["lexical#1536", "lexical#1536", 1_536],
    ["openai:https://api.example.com/v1//#nomic#1", "openai:nomic#1", 1],
    ["openai:http://127.0.0.1/v1#nomic#1536", "openai:nomic#1536", 1_536],
    [`workers-ai:${EMBEDDING_MODEL.served}`, EMBEDDING_MODEL.name, 1_024],
    ["workers-ai:@cf/baai/bge-m3", "@cf/baai/bge-m3", 1_024],
    [`${OLLAMA}#768`, "openai:nomic-embed-text#768", 768],
    ["openai:https://api.example.com/v1/#BAAI/bge-m3:latest#1024", "openai:BAAI/bge-m3:latest#1024", 1_024],
  ])("reads %s as the model %s", (text, name, dimensions) => {
    expect(parseEmbeddings(text)).toMatchObject({ model: { name, dimensions } });
  });

  it("leaves the length of an openai model open where it is not given: its server knows", () => {
    expect(parseEmbeddings(OLLAMA)).toEqual({
      kind: "unmeasured",
      served: "nomic-embed-text",
      address: "http://127.0.0.1:11434/v1",
      tokensMax: null,
    });
  });

  it("stores no password beside the vectors, nor a name that one belongs to", () => {
    for (const address of [
      "http://ann@h/v1",
      "http://:secret@h/v1",
      "http://ann:secret@h/v1",
      "http://h/v1?key=secret",
    ])
      expect(parseEmbeddings(`openai:${address}#nomic#768`), address).toEqual({
        problem: expect.stringContaining("must hold no password and no parameters"),
      });
  });

  it("keeps the address out of the name, so that a moved server is the same model", () => {
    const names = ["http://127.0.0.1:11434", "https://gpu.example/api/v1//"].map((url) => {
      const choice = parseEmbeddings(`openai:${url}#nomic#768`) as EmbeddingChoice;
      return [choice.model.name, choice.address];
    });
    expect(names).toEqual([
      ["openai:nomic#768", "http://127.0.0.1:11434/v1"],
      ["openai:nomic#768", "https://gpu.example/api/v1"],
    ]);
  });

  it("takes a stated window for an openai model", () => {
    expect(parseEmbeddings(`${OLLAMA}#768`, "8192")).toMatchObject({ model: { tokensMax: 8_192 } });
    expect(parseEmbeddings(`${OLLAMA}#768`, " ")).toMatchObject({ model: { tokensMax: null } });
  });

  it.each([
    ["semantic", undefined, "EMBEDDINGS must be lexical, lexical#<dimensions>, openai:"],
    ["Lexical", undefined, "EMBEDDINGS must be lexical"],
    ["lexical#15", undefined, "lexical has 16 to 1536 dimensions"],
    ["lexical#1537", undefined, "lexical has 16 to 1536 dimensions"],
    ["lexical#5.5", undefined, "lexical has 16 to 1536 dimensions"],
    ["lexical#", undefined, "lexical has 16 to 1536 dimensions"],
    ["lexical#512 and more", undefined, "lexical has 16 to 1536 dimensions"],
    ["lexical#about 512", undefined, "lexical has 16 to 1536 dimensions"],
    [
      "workers-ai:@cf/meta/llama",
      undefined,
      "we know; @cf/qwen/qwen3-embedding-0.6b and @cf/baai/bge-m3 take",
    ],
    ["openai:shttp://host/v1#nomic", undefined, "wants an address"],
    ["openai:https-but-not://host/v1#nomic", undefined, "wants an address"],
    [
      "workers-ai:@cf/baai/bge-small-en-v1.5",
      undefined,
      "EMBEDDINGS: @cf/baai/bge-small-en-v1.5 takes 512 tokens and a chunk has up to 1000",
    ],
    ["openai:nomic", undefined, "wants an address"],
    ["openai:ftp://host/v1#nomic", undefined, "wants an address"],
    ["openai:http://127.0.0.1/v1", undefined, "the model's name"],
    ["openai:http://127.0.0.1/v1#", undefined, "the model's name"],
    ["openai:http://127.0.0.1/v1#a#768#b", undefined, "the model's name"],
    ["openai:http://127.0.0.1/v1#a#many", undefined, "takes 1 to 1536 dimensions"],
    ["openai:http://127.0.0.1/v1#a#768 or so", undefined, "takes 1 to 1536 dimensions"],
    ["openai:http://127.0.0.1/v1#a#3072", undefined, "and a would have 3072"],
    ["openai:http://127.0.0.1/v1/embeddings#a", undefined, "leave /embeddings out"],
    ["openai:http://u:secret@127.0.0.1/v1#a", undefined, "a key belongs in OPENAI_API_KEY"],
    ["openai:http://127.0.0.1/v1?key=secret#a", undefined, "a key belongs in OPENAI_API_KEY"],
    [OLLAMA, "many", "EMBEDDINGS_TOKENS_MAX must be a whole number"],
    [OLLAMA, "0", "EMBEDDINGS_TOKENS_MAX must be a whole number"],
    [OLLAMA, String(CHUNK_SIZES.tokensMax - 1), "EMBEDDINGS: nomic-embed-text takes 999 tokens"],
    ["lexical", "8192", "EMBEDDINGS_TOKENS_MAX is only for openai models"],
  ])("says in one sentence what is wrong with %s (window %s)", (text, window, part) => {
    const parsed = parseEmbeddings(text, window) as { problem: string };
    expect(parsed.problem).toContain(part);
    expect(parsed.problem).toMatch(/\.$/);
    expect(parsed.problem).not.toContain("secret");
  });
});

describe("embeddingsText", () => {
  it.each(["lexical#512", "workers-ai:@cf/baai/bge-m3", `${OLLAMA}#768`])("gives back %s", (text) => {
    expect(embeddingsText(parseEmbeddings(text) as EmbeddingChoice)).toBe(text);
  });
});

describe("measured", () => {
  it("refuses a model whose vectors no index takes", () => {
    const open = { kind: "unmeasured", served: "big", address: "http://h/v1", tokensMax: null } as const;
    expect(measured(open, 768)).toMatchObject({ model: { name: "openai:big#768" } });
    expect(measured(open, 4_096)).toEqual({ problem: expect.stringContaining("4096") });
  });
});

describe("keyFor", () => {
  const keys = { named: "of the named server", live: null };

  it("gives the key to the server it was set for, and where none is named to the one that is asked", () => {
    expect(keyFor("http://a/v1", "http://a/other", keys)).toBe("of the named server");
    expect(keyFor("http://a/v1", null, keys)).toBe("of the named server");
  });

  it("gives it to no other server; the live model's has a key of its own, if it needs one", () => {
    expect(keyFor("http://a/v1", "http://b/v1", keys)).toBeNull();
    expect(keyFor("http://a:1/v1", "http://a:2/v1", { ...keys, live: "own" })).toBe("own");
  });
});
