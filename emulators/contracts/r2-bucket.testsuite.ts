import type { R2Bucket } from "@cloudflare/workers-types";
import { beforeEach, describe, expect, it } from "vitest";

const HELLO = {
  md5: "5d41402abc4b2a76b9719d911017c592",
  sha1: "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
  sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
};

type Open = () => R2Bucket;

/**
 * What the Cloudflare adapters rely on in R2, each rule a sentence. Runs over the in-memory version in Node and over
 * workerd's own R2.
 *
 * @param name which implementation
 * @param openEmpty gives a bucket without objects
 */
export function r2BucketSuite(name: string, openEmpty: () => Promise<R2Bucket>): void {
  describe(`R2 contract: ${name}`, () => {
    let bucket: R2Bucket;
    beforeEach(async () => {
      bucket = await openEmpty();
    });
    readingRules(() => bucket);
    valueRules(() => bucket);
    checksumRules(() => bucket);
    conditionRules(() => bucket);
    limitRules(() => bucket);
    listRules(() => bucket);
    deleteRules(() => bucket);
  });
}

function readingRules(bucket: Open): void {
  describe("reading", () => {
    it("put answers with the object's facts; etag is the MD5 of the bytes", async () => {
      const object = present(await bucket().put("a", "hello"));
      expect(object).toMatchObject({ key: "a", size: 5, etag: HELLO.md5, httpEtag: `"${HELLO.md5}"` });
      expect(object.uploaded).toBeInstanceOf(Date);
      expect(object.checksums.toJSON()).toEqual({ md5: HELLO.md5 });
      expect(object.version).not.toBe(present(await bucket().put("a", "hello")).version);
    });

    it("get brings the bytes as text, buffer, bytes, blob, JSON or stream", async () => {
      await bucket().put("a", '{"a":1}');
      const read = async () => present(await bucket().get("a"));
      expect(await (await read()).text()).toBe('{"a":1}');
      expect(await (await read()).json()).toEqual({ a: 1 });
      expect((await (await read()).arrayBuffer()).byteLength).toBe(7);
      expect((await (await read()).bytes()).length).toBe(7);
      expect((await (await read()).blob()).size).toBe(7);
      const reader = (await read()).body.getReader();
      expect((await reader.read()).value).toHaveLength(7);
      await reader.cancel();
    });

    it("a body can be read once", async () => {
      await bucket().put("a", "hello");
      const object = present(await bucket().get("a"));
      expect(object.bodyUsed).toBe(false);
      await object.text();
      expect(object.bodyUsed).toBe(true);
      await expect(object.text()).rejects.toThrow("Body has already been used");
    });

    it("what is not there is null", async () => {
      expect(await bucket().get("nothing")).toBeNull();
      expect(await bucket().head("nothing")).toBeNull();
    });

    it("head has the facts and no body", async () => {
      await bucket().put("a", "hello");
      const object = present(await bucket().head("a"));
      expect(object.size).toBe(5);
      expect("body" in object).toBe(false);
    });

    it("a write is visible to the next read, and the last writer wins", async () => {
      await bucket().put("a", "one");
      await bucket().put("a", "two");
      expect(await present(await bucket().get("a")).text()).toBe("two");
    });

    it("keeps HTTP and custom metadata", async () => {
      await bucket().put("a", "hello", {
        httpMetadata: { contentType: "application/json", contentEncoding: "gzip" },
        customMetadata: { Source: "é", n: "1" },
      });
      for (const object of [await bucket().get("a"), await bucket().head("a")]) {
        expect(object?.httpMetadata).toEqual({ contentType: "application/json", contentEncoding: "gzip" });
        expect(object?.customMetadata).toEqual({ Source: "é", n: "1" });
      }
      const headers = new Headers();
      const object = present(await bucket().head("a"));
      Reflect.apply(object.writeHttpMetadata, object, [headers]);
      expect(headers.get("content-encoding")).toBe("gzip");
      await bucket().put("a", "hello");
      expect((await bucket().head("a"))?.customMetadata).toEqual({});
    });

    it.each([
      [{ offset: 1, length: 2 }, "el", { offset: 1, length: 2 }],
      [{ offset: 3 }, "lo", { offset: 3, length: 2 }],
      [{ offset: 1, length: 100 }, "ello", { offset: 1, length: 4 }],
      [{ suffix: 2 }, "lo", { offset: 3, length: 2 }],
    ])("a range brings a piece: %j", async (range, text, told) => {
      await bucket().put("a", "hello");
      const object = present(await bucket().get("a", { range }));
      expect(await object.text()).toBe(text);
      expect(object.range).toEqual(told);
      expect(object.size).toBe(5);
    });

    it("a range outside the object fails with 10039", async () => {
      await bucket().put("a", "hello");
      await expect(bucket().get("a", { range: { offset: 5 } })).rejects.toThrow(/^get: .*\(10039\)$/);
    });
  });
}

function valueRules(bucket: Open): void {
  describe("values", () => {
    it.each([
      ["text", "é", 2],
      ["nothing", null, 0],
      ["a buffer", new ArrayBuffer(4), 4],
      ["a view", new DataView(new ArrayBuffer(4), 1), 3],
      ["bytes", new Uint8Array([1, 2]), 2],
    ])("takes %s", async (_, value, size) => {
      expect(present(await bucket().put("a", value)).size).toBe(size);
    });

    it.each([
      ["a number", 5],
      ["an object", {}],
    ])("refuses %s with a TypeError", async (_, value) => {
      const put = async () => Reflect.apply(bucket().put, bucket(), ["a", value]);
      await expect(put()).rejects.toThrow(TypeError);
      expect(await bucket().head("a")).toBeNull();
    });

    it("refuses a stream of unknown length with a TypeError", async () => {
      const stream = new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array(3));
          controller.close();
        },
      });
      const put = async () => Reflect.apply(bucket().put, bucket(), ["a", stream]);
      await expect(put()).rejects.toThrow("Provided readable stream must have a known length");
    });

    it("the bytes count as they were when put was called", async () => {
      const bytes = new Uint8Array([1, 2, 3]);
      const pending = bucket().put("a", bytes);
      bytes.fill(9);
      await pending;
      expect([...(await present(await bucket().get("a")).bytes())]).toEqual([1, 2, 3]);
    });
  });
}

function checksumRules(bucket: Open): void {
  describe("checksums", () => {
    it.each(["md5", "sha1", "sha256"] as const)("a right %s is kept beside the MD5", async (algorithm) => {
      const object = await bucket().put("a", "hello", { [algorithm]: HELLO[algorithm] });
      expect(object.checksums.toJSON()).toEqual({ md5: HELLO.md5, [algorithm]: HELLO[algorithm] });
      expect((await bucket().head("a"))?.checksums.toJSON()).toMatchObject({ [algorithm]: HELLO[algorithm] });
    });

    it("a checksum may be given as bytes", async () => {
      const sha256 = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("hello"));
      const object = await bucket().put("a", "hello", { sha256 });
      expect(object.checksums.toJSON()).toMatchObject({ sha256: HELLO.sha256 });
      expect(object.checksums.sha256?.byteLength).toBe(32);
    });

    it.each([
      ["md5", "MD5", 32],
      ["sha256", "SHA-256", 64],
    ] as const)(
      "a wrong %s stores nothing and the error ends with (10037)",
      async (algorithm, title, length) => {
        const put = bucket().put("a", "hello", { [algorithm]: "0".repeat(length) });
        await expect(put).rejects.toThrow(
          `put: The ${title} checksum you specified did not match what we received.`,
        );
        await expect(bucket().put("a", "x", { [algorithm]: "0".repeat(length) })).rejects.toThrow(
          / \(10037\)$/,
        );
        expect(await bucket().head("a")).toBeNull();
      },
    );

    it("only one algorithm per put", async () => {
      const put = async () => bucket().put("a", "hello", { md5: HELLO.md5, sha256: HELLO.sha256 });
      await expect(put()).rejects.toThrow("You cannot specify multiple hashing algorithms.");
    });

    it("a checksum of the wrong length is a TypeError", async () => {
      const put = async () => bucket().put("a", "hello", { sha256: "00" });
      await expect(put()).rejects.toThrow("SHA-256 is 64 hex characters, not 2");
    });
  });
}

function conditionRules(bucket: Open): void {
  describe("conditions", () => {
    const CREATE_ONLY = { etagDoesNotMatch: "*" };

    it("create-only writes once: the second put answers null and changes nothing", async () => {
      expect(await bucket().put("a", "hello", { onlyIf: CREATE_ONLY })).not.toBeNull();
      expect(await bucket().put("a", "other", { onlyIf: CREATE_ONLY })).toBeNull();
      expect(await present(await bucket().get("a")).text()).toBe("hello");
    });

    it("If-None-Match: * in headers means the same", async () => {
      const onlyIf = new Headers({ "If-None-Match": "*" });
      const put = () => Reflect.apply(bucket().put, bucket(), ["a", "hello", { onlyIf }]);
      expect(await put()).not.toBeNull();
      expect(await put()).toBeNull();
    });

    it("a wrong checksum is refused before a condition is looked at", async () => {
      await bucket().put("a", "hello");
      const put = bucket().put("a", "x", { onlyIf: CREATE_ONLY, md5: "0".repeat(32) });
      await expect(put.then((object) => object)).rejects.toThrow(/10037/);
    });

    it.each([
      ["etagMatches of the stored object", { etagMatches: HELLO.md5 }, true],
      ["etagMatches of another", { etagMatches: "0".repeat(32) }, false],
      ["etagMatches anything", { etagMatches: "*" }, true],
      ["etagDoesNotMatch the stored object", { etagDoesNotMatch: HELLO.md5 }, false],
      ["etagDoesNotMatch another", { etagDoesNotMatch: "0".repeat(32) }, true],
      ["uploadedBefore the past", { uploadedBefore: new Date(0) }, false],
      ["uploadedBefore the future", { uploadedBefore: new Date(4e12) }, true],
      ["uploadedAfter the past", { uploadedAfter: new Date(0) }, true],
      ["uploadedAfter the future", { uploadedAfter: new Date(4e12) }, false],
    ])("with an object there, %s: %j passes is %s", async (_, onlyIf, passes) => {
      await bucket().put("a", "hello");
      expect((await bucket().put("a", "next", { onlyIf })) !== null).toBe(passes);
    });

    it.each([
      ["etagMatches anything", { etagMatches: "*" }, false],
      ["etagMatches something", { etagMatches: HELLO.md5 }, false],
      ["etagDoesNotMatch something", { etagDoesNotMatch: HELLO.md5 }, true],
      ["uploadedAfter", { uploadedAfter: new Date(0) }, false],
      ["uploadedBefore", { uploadedBefore: new Date(0) }, true],
    ])("with no object there, %s: %j passes is %s", async (_, onlyIf, passes) => {
      expect((await bucket().put("a", "next", { onlyIf })) !== null).toBe(passes);
    });

    it("a get whose condition fails has facts and no body", async () => {
      await bucket().put("a", "hello");
      const object = present(await bucket().get("a", { onlyIf: { etagMatches: "0" } }));
      expect(object.size).toBe(5);
      expect("body" in object).toBe(false);
    });

    it("an ETag in quotes is a TypeError", async () => {
      const put = async () => bucket().put("a", "x", { onlyIf: { etagMatches: '"abc"' } });
      await expect(put()).rejects.toThrow("Conditional ETag should not be wrapped in quotes");
    });
  });
}

function limitRules(bucket: Open): void {
  describe("limits", () => {
    it("a key of 1,024 bytes passes, a longer one fails with 10020", async () => {
      expect(present(await bucket().put("k".repeat(1_024), "")).key).toHaveLength(1_024);
      await expect(bucket().put("k".repeat(1_025), "")).rejects.toThrow(
        "put: The specified object name is not valid. (10020)",
      );
      await expect(bucket().put("é".repeat(513), "")).rejects.toThrow("(10020)");
      await expect(bucket().get("k".repeat(1_025))).rejects.toThrow(
        "get: The specified object name is not valid. (10020)",
      );
    });

    it("custom metadata of 8,192 bytes passes, more fails with 10012", async () => {
      const put = (bytes: number) => bucket().put("a", "", { customMetadata: { a: "x".repeat(bytes - 1) } });
      await expect(put(8_192)).resolves.toBeTruthy();
      await expect(put(8_193)).rejects.toThrow(
        "put: Your metadata headers exceed the maximum allowed metadata size. (10012)",
      );
    });
  });
}

function listRules(bucket: Open): void {
  describe("listing", () => {
    const KEYS = ["p/1", "p/2", "p/q/1", "p/q/2", "p/z/1", "r", "P/9", "é", "z"];
    beforeEach(async () => {
      for (const key of KEYS) {
        await bucket().put(key, key, { customMetadata: { k: "v" }, httpMetadata: { contentType: "t/p" } });
      }
    });
    const keysOf = (page: { objects: { key: string }[] }) => page.objects.map((object) => object.key);

    it("is ordered by the keys' bytes and says when it is whole", async () => {
      const page = await bucket().list();
      expect(keysOf(page)).toEqual(["P/9", "p/1", "p/2", "p/q/1", "p/q/2", "p/z/1", "r", "z", "é"]);
      expect(page.truncated).toBe(false);
      expect(page.delimitedPrefixes).toEqual([]);
      expect(Reflect.get(page, "cursor")).toBeUndefined();
    });

    it("by cursor brings every key once", async () => {
      const found: string[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < 20; pages++) {
        const page = await bucket().list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        found.push(...keysOf(page));
        if (!page.truncated) break;
        cursor = page.cursor;
      }
      expect(found).toEqual(["P/9", "p/1", "p/2", "p/q/1", "p/q/2", "p/z/1", "r", "z", "é"]);
    });

    it("a page of exactly the last keys is not truncated", async () => {
      expect((await bucket().list({ limit: 9 })).truncated).toBe(false);
      expect((await bucket().list({ limit: 8 })).truncated).toBe(true);
    });

    it("starts after a key, there or not", async () => {
      expect(keysOf(await bucket().list({ startAfter: "p/q/1", prefix: "p/" }))).toEqual(["p/q/2", "p/z/1"]);
      expect(keysOf(await bucket().list({ startAfter: "p/q/0", prefix: "p/" }))).toEqual([
        "p/q/1",
        "p/q/2",
        "p/z/1",
      ]);
    });

    it("by prefix and delimiter tells objects and folders apart", async () => {
      const page = await bucket().list({ prefix: "p/", delimiter: "/" });
      expect(keysOf(page)).toEqual(["p/1", "p/2"]);
      expect(page.delimitedPrefixes).toEqual(["p/q/", "p/z/"]);
      expect((await bucket().list({ delimiter: "/" })).delimitedPrefixes).toEqual(["P/", "p/"]);
      expect(keysOf(await bucket().list({ prefix: "nothing" }))).toEqual([]);
    });

    it("folders count towards the limit, and the cursor steps over all their keys", async () => {
      const page = await bucket().list({ limit: 2, delimiter: "/" });
      expect([keysOf(page), page.delimitedPrefixes]).toEqual([[], ["P/", "p/"]]);
      if (!page.truncated) throw new Error("expected more");
      expect(keysOf(await bucket().list({ delimiter: "/", cursor: page.cursor }))).toEqual(["r", "z", "é"]);
    });

    it("brings metadata only when asked to include it", async () => {
      const [plain] = (await bucket().list({ limit: 1 })).objects;
      expect([plain?.customMetadata, plain?.httpMetadata]).toEqual([{}, {}]);
      const [full] = (await bucket().list({ limit: 1, include: ["customMetadata", "httpMetadata"] })).objects;
      expect([full?.customMetadata, full?.httpMetadata]).toEqual([{ k: "v" }, { contentType: "t/p" }]);
    });

    it.each([0, 1_001])("a limit of %i fails with 10022", async (limit) => {
      await expect(bucket().list({ limit })).rejects.toThrow(
        "list: MaxKeys params must be positive integer <= 1000. (10022)",
      );
    });
  });
}

function deleteRules(bucket: Open): void {
  describe("deleting", () => {
    it("takes one key or many, and what is not there is no error", async () => {
      for (const key of ["a", "b", "c"]) await bucket().put(key, key);
      expect(await bucket().delete("a")).toBeUndefined();
      await bucket().delete(["a", "b", "nothing"]);
      await bucket().delete([]);
      expect((await bucket().list()).objects.map((object) => object.key)).toEqual(["c"]);
    });

    it("takes 1,000 keys", async () => {
      await bucket().put("k7", "");
      await bucket().delete(Array.from({ length: 1_000 }, (_, index) => `k${index}`));
      expect(await bucket().head("k7")).toBeNull();
    });
  });
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error("expected an object");
  return value;
}
