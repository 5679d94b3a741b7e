import { describe, expect, it } from "vitest";
import { embeddingKey, revisionFolder, revisionKey, sha256Hex, vectorId } from "./identity.ts";

describe("revisionKey", () => {
  it("lies under fireflies-transcripts, named by meeting and content", async () => {
    expect(await revisionKey("01KQX3T0M8", "ab12")).toBe("fireflies-transcripts/01KQX3T0M8/ab12.json.gz");
  });

  it.each(["../../etc/passwd", "a b", "é", "\ud800", "x".repeat(65), ""])(
    "makes a plain key of the id %j",
    async (id) => {
      expect(await revisionKey(id, "ab12")).toMatch(
        /^fireflies-transcripts\/x-[0-9a-f]{64}\/ab12\.json\.gz$/,
      );
    },
  );
});

describe("revisionFolder", () => {
  it("holds the keys of all revisions of one meeting and of no other", async () => {
    for (const id of ["01KQX3T0M8", "a/b"])
      expect(await revisionKey(id, "ab12")).toBe(`${await revisionFolder(id)}ab12.json.gz`);
    expect(await revisionFolder("01KQX3T0M8")).toBe("fireflies-transcripts/01KQX3T0M8/");
    expect(await revisionFolder("x".repeat(64))).toBe(`fireflies-transcripts/${"x".repeat(64)}/`);
    expect(await revisionFolder("a/b")).not.toBe(await revisionFolder("a/c"));
  });
});

describe("embeddingKey", () => {
  it("is of a model and a text, and knows where one ends and the other begins", async () => {
    const keys = await Promise.all([
      embeddingKey("m", "t"),
      embeddingKey("n", "t"),
      embeddingKey("m", "u"),
      embeddingKey("mt", ""),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys[0], "the same in every release").toBe(
      "cbaa2cbef0260cf9000809b0be8b5461c1a3b7bbca46e447791e48eaa29b4025",
    );
  });
});

describe("sha256Hex", () => {
  it("is the well-known digest, of text and of bytes", async () => {
    const known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(await sha256Hex("abc")).toBe(known);
    expect(await sha256Hex(new TextEncoder().encode("abc"))).toBe(known);
  });

  it.each([256 * 1024, 256 * 1024 + 1, 700_000])(
    "is that of its bytes for a text of %i units",
    async (units) => {
      for (const unit of ["a", "é", "漢"]) {
        const text = unit.repeat(units);
        expect(await sha256Hex(text)).toBe(await sha256Hex(new TextEncoder().encode(text)));
      }
    },
  );

  it("mixes up no two texts that are hashed at once", async () => {
    const texts = ["first", "the second", "a", ""];
    const each = [];
    for (const text of texts) each.push(await sha256Hex(text));
    expect(await Promise.all(texts.map((text) => sha256Hex(text)))).toEqual(each);
    expect(new Set(each).size).toBe(texts.length);
  });
});

describe("vectorId", () => {
  const parts = {
    documentId: "m1",
    text: "t",
    repetition: 0,
    model: "m",
    metadata: { day: 20260506, document: "m1" },
    generation: 0,
  };

  it("fits into Vectorize's 64 bytes and does not depend on the order of the metadata", async () => {
    const id = await vectorId(parts);
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(await vectorId({ ...parts, metadata: { document: "m1", day: 20260506 } })).toBe(id);
    for (let repetition = 0; repetition < 40; repetition += 1)
      expect(await vectorId({ ...parts, repetition })).toMatch(/^[\w-]{43}$/);
  });

  it("is the same in every release: another one would embed everything anew", async () => {
    expect(await vectorId(parts)).toBe("olnsAGBohsSvdFP9N5krIIW1f7GhsICwBxQA8W8M2a0");
  });

  it("changes with each of its parts", async () => {
    const changes = [
      { documentId: "m2" },
      { text: "u" },
      { repetition: 1 },
      { model: "n" },
      { metadata: {} },
      { generation: 1 },
    ];
    const ids = await Promise.all(
      [parts, ...changes.map((change) => ({ ...parts, ...change }))].map(vectorId),
    );
    expect(new Set(ids).size).toBe(changes.length + 1);
  });
});
