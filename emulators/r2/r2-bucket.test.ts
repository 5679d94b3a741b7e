import { describe, expect, it } from "vitest";
import { r2BucketSuite } from "../contracts/r2-bucket.testsuite.ts";
import { createR2 } from "./r2-bucket.ts";
import { r2Error } from "./r2-errors.ts";

r2BucketSuite("in-process", async () => createR2());

describe("R2 in-process, stricter than local workerd", () => {
  it("refuses to delete more than 1,000 keys at once", async () => {
    const keys = Array.from({ length: 1_001 }, (_, index) => `k${index}`);
    const bucket = createR2();
    await bucket.put("k0", "");
    await expect(bucket.delete(keys)).rejects.toThrow(/^delete: .*\(10029\)$/);
    expect(bucket.keys()).toEqual(["k0"]);
  });

  it("allows one write per second and key when asked to", async () => {
    let nowMs = 0;
    const bucket = createR2({ nowMs: () => nowMs, writeIntervalMs: 1_000 });
    await bucket.put("a", "1");
    await bucket.put("b", "1");
    nowMs = 999;
    await expect(bucket.put("a", "2")).rejects.toThrow(/\(10058\)$/);
    nowMs = 1_000;
    await expect(bucket.put("a", "2")).resolves.toMatchObject({ uploaded: new Date(1_000) });
  });

  it("may return fewer keys than the limit while more are there", async () => {
    const bucket = createR2({ listPageMax: 2 });
    for (const key of ["a", "b", "c"]) await bucket.put(key, "");
    const page = await bucket.list({ limit: 1_000 });
    expect([page.objects.length, page.truncated]).toEqual([2, true]);
  });

  it("refuses a cursor that it did not give out", async () => {
    await expect(createR2().list({ cursor: "nonsense" })).rejects.toThrow("(10029)");
  });
});

describe("R2 in-process, for the simulation", () => {
  it("a failure before the call stores nothing, one after it has stored", async () => {
    const bucket = createR2();
    const fail = () => {
      throw r2Error("put", 10001);
    };
    bucket.setHooks({ beforeCall: fail });
    await expect(bucket.put("a", "1")).rejects.toThrow(
      "put: We encountered an internal error. Please try again. (10001)",
    );
    expect(bucket.peek("a")).toBeNull();
    bucket.setHooks({ afterCall: fail });
    await expect(bucket.put("a", "1")).rejects.toThrow("(10001)");
    expect(bucket.peek("a")).toEqual(new TextEncoder().encode("1"));
  });

  it("stores nothing beyond its size, not even half, and goes on when there is room", async () => {
    const bucket = createR2();
    await bucket.put("a", "123");
    bucket.setSizeMax(4);
    await expect(bucket.put("b", "12")).rejects.toThrow("put: no space left on device");
    expect(bucket.keys()).toEqual(["a"]);
    await bucket.put("a", "1234");
    bucket.setSizeMax(Number.POSITIVE_INFINITY);
    await bucket.put("b", "12");
    expect(bucket.usedBytes).toBe(6);
  });

  it("counts the writes of each key, refused ones left out and deleted keys kept", async () => {
    const bucket = createR2();
    await bucket.put("a", "1", { onlyIf: { etagDoesNotMatch: "*" } });
    await bucket.put("a", "1", { onlyIf: { etagDoesNotMatch: "*" } });
    await bucket.put("b", "1");
    await bucket.put("b", "22");
    expect(bucket.usedBytes).toBe(3);
    await bucket.delete("b");
    expect([...bucket.writeCounts()]).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(bucket.usedBytes).toBe(1);
  });

  it("a corrupted object keeps its etag and size while its bytes differ", async () => {
    const bucket = createR2();
    const etag = (await bucket.put("a", "hello"))?.etag;
    bucket.corrupt("a");
    expect(await bucket.head("a")).toMatchObject({ etag, size: 5 });
    expect(await (await bucket.get("a"))?.text()).not.toBe("hello");
  });

  it("the same calls give the same versions", async () => {
    const version = async () => (await createR2().put("a", "1"))?.version;
    expect(await version()).toBe(await version());
  });
});
