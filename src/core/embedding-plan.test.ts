import { describe, expect, it } from "vitest";
import { parseEmbeddings, type EmbeddingChoice } from "./embedding-choice.ts";
import { choiceOfIndex, planEmbeddings, type IndexRow } from "./embedding-plan.ts";

const BINDINGS = ["VECTORS_A", "VECTORS_B"];
const usual = parseEmbeddings("lexical") as EmbeddingChoice;
const anIndex = (change: Partial<IndexRow> = {}): IndexRow => ({
  binding: "VECTORS_A",
  model: "lexical#1024",
  dimensions: 1_024,
  pooling: null,
  address: null,
  state: "live",
  ...change,
});
const NOMIC = anIndex({ model: "openai:nomic#768", dimensions: 768, address: "http://old/v1" });
const planned = (text: string | null, rows: readonly IndexRow[]) =>
  planEmbeddings({
    configured: text === null ? null : parseEmbeddings(text),
    usual,
    rows,
    bindings: BINDINGS,
  });
/** Binding and model of what answers, and the model that is wanted. */
const gist = (text: string | null, rows: readonly IndexRow[]): unknown[] => {
  const { live, wanted } = planned(text, rows);
  const nameOf = (choice: typeof wanted): string | null =>
    choice === null ? null : "problem" in choice ? choice.problem : choice.model.name;
  return [live.binding, nameOf(live.choice), nameOf(wanted)];
};

describe("planEmbeddings", () => {
  it("takes the usual model for the first index where nobody chose one, else the chosen one", () => {
    expect(gist(null, [])).toEqual(["VECTORS_A", "lexical#1024", null]);
    expect(gist("lexical#512", [])).toEqual(["VECTORS_A", "lexical#512", null]);
  });

  it("goes on with what is live where nothing is configured", () => {
    expect(gist(null, [anIndex({ binding: "VECTORS_B", model: "lexical#64", dimensions: 64 })])).toEqual([
      "VECTORS_B",
      "lexical#64",
      null,
    ]);
  });

  it("answers with the live model while the configuration wants another", () => {
    expect(gist("lexical#512", [anIndex()])).toEqual(["VECTORS_A", "lexical#1024", "lexical#512"]);
  });

  it("goes on to build where the setting was forgotten at a restart", () => {
    const building = anIndex({
      binding: "VECTORS_B",
      model: "lexical#512",
      dimensions: 512,
      state: "building",
    });
    expect(gist(null, [anIndex(), building])).toEqual(["VECTORS_A", "lexical#1024", "lexical#512"]);
  });

  it("begins in a binding that no index has, though one is still being emptied", () => {
    const emptied = anIndex({ state: "emptying" });
    expect(gist(null, [emptied])).toEqual(["VECTORS_B", "lexical#1024", null]);
    const both = [emptied, anIndex({ binding: "VECTORS_B", state: "emptying" })];
    expect(gist("lexical#512", both)[0], "none is free").toBe("VECTORS_A");
    const third = planEmbeddings({
      configured: null,
      usual,
      rows: both,
      bindings: [...BINDINGS, "VECTORS_C"],
    });
    expect(third.live.binding, "the third is free").toBe("VECTORS_C");
    const none = planEmbeddings({ configured: null, usual, rows: [], bindings: [] });
    expect(none.live.binding, "there is none").toBe("");
  });

  it("wants nothing while the old index is emptied", () => {
    const emptying = anIndex({ state: "emptying" });
    const live = anIndex({ binding: "VECTORS_B", model: "lexical#512", dimensions: 512 });
    expect(gist("lexical#512", [emptying, live])).toEqual(["VECTORS_B", "lexical#512", null]);
  });

  it("counts another pooling and another length as another model", () => {
    expect(planned("lexical", [anIndex({ pooling: "cls" })]).wanted).not.toBeNull();
    expect(planned("lexical", [anIndex({ dimensions: 512 })]).wanted).not.toBeNull();
  });

  it("counts another name as another model, as long as it may be", () => {
    expect(gist("openai:http://h/v1#other#1024", [anIndex()])).toEqual([
      "VECTORS_A",
      "lexical#1024",
      "openai:other#1024",
    ]);
  });

  it("takes a moved server for the same model, and asks it at its new address", () => {
    const { live, wanted } = planned("openai:http://new/v1#nomic", [NOMIC]);
    expect(wanted).toBeNull();
    expect(live.choice).toMatchObject({ address: "http://new/v1", model: { name: "openai:nomic#768" } });
  });

  it("asks the live model at the address on record while another is wanted", () => {
    expect(planned("lexical", [NOMIC]).live.choice).toMatchObject({ address: "http://old/v1" });
  });

  it("has no answer for an openai model that nobody has measured, and says what to write", () => {
    expect(planned("openai:http://h/v1#other", [NOMIC]).wanted).toEqual({
      problem: expect.stringContaining("#other#768"),
    });
    expect(planned("openai:http://h/v1#other", []).live.choice).toEqual({
      problem: expect.stringContaining("#other#768"),
    });
  });

  it("keeps answering while the setting is wrong", () => {
    expect(gist("nonsense", [anIndex()])).toEqual([
      "VECTORS_A",
      "lexical#1024",
      expect.stringContaining("EMBEDDINGS must be"),
    ]);
  });
});

describe("choiceOfIndex", () => {
  it.each(["lexical#64", "workers-ai:@cf/baai/bge-m3", "openai:http://h/v1#nomic:v1.5#768"])(
    "gives back the choice by which an index of %s was made",
    (text) => {
      const choice = parseEmbeddings(text) as EmbeddingChoice;
      const { name, dimensions, pooling } = choice.model;
      const row = anIndex({ model: name, dimensions, pooling, address: choice.address });
      expect(choiceOfIndex(row)).toEqual(choice);
    },
  );

  it("knows nothing of a model of Workers AI that was taken out since, but by what name it was asked", () => {
    const row = anIndex({ model: "@cf/old/model#mean", dimensions: 64, pooling: "mean" });
    expect(choiceOfIndex(row)).toEqual({
      kind: "workers-ai",
      model: {
        name: "@cf/old/model#mean",
        served: "@cf/old/model",
        dimensions: 64,
        pooling: "mean",
        tokensMax: null,
        input: "documents",
      },
      address: null,
    });
  });

  it("keeps the pooling by which an index was made", () => {
    const row = anIndex({ model: "@cf/baai/bge-base-en-v1.5#mean", dimensions: 768, pooling: "mean" });
    expect(choiceOfIndex(row).model).toMatchObject({
      served: "@cf/baai/bge-base-en-v1.5",
      pooling: "mean",
      input: "text",
    });
  });
});
