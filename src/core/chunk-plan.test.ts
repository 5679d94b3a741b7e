import { describe, expect, it } from "vitest";
import { chunkTranscript } from "./chunk.ts";
import { planDocument, vectorMetadata, type LedgerChunk } from "./chunk-plan.ts";
import { CHUNK_SIZES } from "./policy.ts";

const DOCUMENT = {
  documentId: "m1",
  model: "model",
  metadata: vectorMetadata({ id: "m1", date: "2026-05-06" }),
};
const [CHUNK] = chunkTranscript(
  [{ speaker: "Maya", text: "The pump order slipped.", startSeconds: 0, endSeconds: 2 }],
  CHUNK_SIZES,
);
const chunks = (...texts: string[]) => texts.map((text, position) => ({ ...CHUNK!, text, position }));
const inState = (rows: readonly LedgerChunk[], state: LedgerChunk["state"]): LedgerChunk[] =>
  rows.map((row) => ({ ...row, state }));

describe("planDocument", () => {
  it("plans the same ids for the same document every time", async () => {
    const [first, second] = [
      await planDocument(DOCUMENT, chunks("a", "b"), []),
      await planDocument(DOCUMENT, chunks("a", "b"), []),
    ];
    expect(first).toEqual(second);
    expect(first.rows.every((row) => row.id.length === 43 && /^[\w-]+$/.test(row.id))).toBe(true);
  });

  it("gives a text that stands thrice three ids", async () => {
    const { rows } = await planDocument(DOCUMENT, chunks("a", "a", "a"), []);
    expect(new Set(rows.map((row) => row.id)).size).toBe(3);
    expect(rows.map((row) => row.repetition)).toEqual([0, 1, 2]);
    expect(new Set(rows.map((row) => row.textHash)).size).toBe(1);
  });

  it("keeps the id of a chunk that only moved, and gives up what is no longer wanted", async () => {
    const before = await planDocument(DOCUMENT, chunks("a", "b"), []);
    const after = await planDocument(DOCUMENT, chunks("new", "b"), inState(before.rows, "live"));
    expect(after.rows[1]).toMatchObject({ id: before.rows[1]?.id, state: "live", position: 1 });
    expect(after.leftovers).toEqual([before.rows[0]?.id]);
  });

  it("never uses an id again once it was given up: text that comes back gets the next generation", async () => {
    const first = await planDocument(DOCUMENT, chunks("a"), []);
    const dead = inState(first.rows, "dead");
    const back = await planDocument(DOCUMENT, chunks("a"), dead);
    expect(back.rows[0]).toMatchObject({
      generation: 1,
      state: "planned",
      textHash: first.rows[0]?.textHash,
    });
    expect(back.rows[0]?.id).not.toBe(first.rows[0]?.id);
    const again = await planDocument(DOCUMENT, chunks("a"), [...dead, ...inState(back.rows, "gone")]);
    expect(again.rows[0]?.generation).toBe(2);
  });

  it("knows a row again whose metadata is written in another order", async () => {
    const before = await planDocument(DOCUMENT, chunks("a"), []);
    const turned = before.rows.map((row) => ({
      ...row,
      state: "live" as const,
      metadata: Object.fromEntries(Object.entries(row.metadata).toReversed()),
    }));
    expect(Object.keys(turned[0]!.metadata)).toHaveLength(2);
    const after = await planDocument(DOCUMENT, chunks("a"), turned);
    expect(after).toMatchObject({ rows: [{ id: before.rows[0]?.id, state: "live" }], leftovers: [] });
  });

  it("leaves rows alone that were given up already", async () => {
    const { rows } = await planDocument(DOCUMENT, chunks("a", "b"), []);
    const over = [...inState(rows.slice(0, 1), "dead"), ...inState(rows.slice(1), "gone")];
    expect((await planDocument(DOCUMENT, [], over)).leftovers).toEqual([]);
  });

  it("gives other metadata another id, because an id always means the same bytes", async () => {
    const [one] = (await planDocument(DOCUMENT, chunks("a"), [])).rows;
    const moved = { ...DOCUMENT, metadata: vectorMetadata({ id: "m1", date: "2026-05-07" }) };
    const plan = await planDocument(moved, chunks("a"), inState(one === undefined ? [] : [one], "live"));
    expect(plan.rows[0]?.id).not.toBe(one?.id);
    expect(plan.leftovers).toEqual([one?.id]);
  });
});
