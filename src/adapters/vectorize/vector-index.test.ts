import { describe, expect, it } from "vitest";
import { failureOf, type FailureKind } from "../../core/errors.ts";
import type { VectorIndex } from "../../ports/vectors.ts";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { createVectorIndex } from "./vector-index.ts";

const { world } = await aWorkspace();

const noTime = () => ({ signal: AbortSignal.abort(), stop: () => undefined });

/** The kind under which a call fails if the binding throws these words. */
async function kindOf(words: string, call: (index: VectorIndex) => Promise<unknown>): Promise<FailureKind> {
  const failing = new Proxy({}, { get: () => () => Promise.reject(new Error(words)) });
  return call(createVectorIndex(failing as never, world)).then(
    () => expect.unreachable(),
    (error: unknown) => failureOf(error).kind,
  );
}
const upsert = (index: VectorIndex): Promise<void> => index.upsert([{ id: "a", values: [1], metadata: {} }]);

describe("a failure of the vector index", () => {
  it.each<[string, FailureKind]>([
    ["VECTOR_UPSERT_ERROR (code = 40016): metadata too large", "refused"],
    ["VECTOR_UPSERT_ERROR (code = 40041): Too many requests", "rate_limited"],
    ["VECTOR_UPSERT_ERROR (code = 50000): internal error", "unreachable"],
    ["Network connection lost.", "unreachable"],
    ["no space left on device", "storage_full"],
  ])("in an upsert with the words %j is %s", async (words, kind) => {
    expect(await kindOf(words, upsert)).toBe(kind);
  });

  it("that gives no answer in time is timed_out", async () => {
    const hanging = new Proxy({}, { get: () => () => new Promise(() => undefined) });
    const index = createVectorIndex(hanging as never, { ...world, timer: noTime });
    for (const call of [
      upsert,
      (of: VectorIndex) => of.getByIds(["a"]),
      (of: VectorIndex) => of.describe(),
    ]) {
      await expect(call(index)).rejects.toMatchObject({ failure: { kind: "timed_out", party: "vectorize" } });
    }
  });

  it("that blames a request for ids blames us, not a vector", async () => {
    const words = "VECTOR_GET_ERROR (code = 40007): too many ids in payload";
    expect(await kindOf(words, (index) => index.getByIds(["a"]))).toBe("defect");
  });
});
