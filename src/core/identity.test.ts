import { describe, expect, it } from "vitest";
import { revisionKey, sha256Hex, vectorId } from "./identity.ts";

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

describe("sha256Hex", () => {
  it("is the well-known digest, of text and of bytes", async () => {
    const known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(await sha256Hex("abc")).toBe(known);
    expect(await sha256Hex(new TextEncoder().encode("abc"))).toBe(known);
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
