import { describe, expect, it } from "vitest";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { failureOf, type FailureKind } from "../../core/errors.ts";
import { EMBEDDING_MODEL } from "../../core/policy.ts";
import { createEmbedder } from "./embedder.ts";

const MODEL = { ...EMBEDDING_MODEL, dimensions: 2 };
const { world } = await aWorkspace();

describe("a failure of the model", () => {
  it.each<[string, FailureKind]>([
    ["3006: Request is too large", "refused"],
    ["5006: Error: bad input", "refused"],
    ["5007: No such model", "defect"],
    ["3040: Capacity temporarily exceeded, please try again.", "rate_limited"],
    ["3007: Request timeout", "timed_out"],
  ])("with the words %j is %s", async (words, kind) => {
    const embedder = createEmbedder({ run: () => Promise.reject(new Error(words)) }, MODEL, world);
    const error: unknown = await embedder.embedDocuments(["said"]).catch((thrown: unknown) => thrown);
    expect(failureOf(error).kind).toBe(kind);
  });

  it("to answer in time is timed_out", async () => {
    const timer = () => ({ signal: AbortSignal.abort(), stop: () => undefined });
    const hanging = { run: () => new Promise(() => undefined) };
    const embedder = createEmbedder(hanging, MODEL, { ...world, timer });
    await expect(embedder.embedQuery("asked")).rejects.toMatchObject({
      failure: { kind: "timed_out", party: "workers-ai" },
    });
  });
});
