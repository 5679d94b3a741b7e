import { beforeEach, describe, expect, it, vi } from "vitest";
import { FailureError } from "../../src/core/errors.ts";
import { EMPTY_AFTER_MS, REBUILD_RUN_MS } from "../../src/core/policy.ts";
import { EVERYTHING, type RebuildName, type RebuildScope } from "../../src/core/rebuild.ts";
import { executeRun } from "../../src/engine/run.ts";
import { askForRebuild } from "../../src/engine/rebuilding.ts";
import { startRun, tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { Run } from "../../src/ports/run-store.ts";
import { readRebuild, readOpenRebuild } from "../../src/queries/rebuild.ts";
import { askLive, composed } from "./embeddings.ts";
import { lookedAt } from "./proof.ts";
import { aListedMeeting, aWorkspace, freshSteps, runSync, type Workspace } from "./workspace.ts";

/** Sizes of chunks, which a test may change as a new version of the program would. */
const sizes = vi.hoisted(() => ({ tokensMax: 1_000, tokensMin: 800, overlapTokens: 200 }));
vi.mock(import("../../src/core/policy.ts"), async (original) => ({
  ...(await original()),
  CHUNK_SIZES: sizes as never,
}));

const SAID =
  "The crane moves to the north side before the pour, and the permit for the scaffold is renewed by Friday noon. ";
const WORDS = ["alabaster", "bergamot", "cinnabar", "damask"];
/** A meeting in which one word is said that is said in no other. */
const aMeetingAbout = (word: string, change: Record<string, unknown> = {}) =>
  aListedMeeting(`m-${word}`, {
    dateString: `2026-05-0${WORDS.indexOf(word) + 1}T10:00:00.000Z`,
    sentences: Array.from({ length: 60 }, (_, line) => ({
      speaker_name: "Maya",
      text: `${word} ${word} ${line} ${SAID}`,
    })),
    ...change,
  });

describe("rebuild", () => {
  let space: Workspace;
  const rows = async <T>(sql: string): Promise<T[]> => (await space.d1.prepare(sql).all<T>()).results;
  const ports = (embeddings: string | null = null): Promise<Ports> => composed(space, embeddings);
  const asked = async (
    what: RebuildName,
    scope: RebuildScope = EVERYTHING,
    embeddings: string | null = null,
  ) => askForRebuild(await ports(embeddings), space.engine, { what, scope, priority: "normal" });
  const execute = async (
    run: Run,
    embeddings: string | null = null,
    change: Partial<Ports> = {},
  ): Promise<Run> => {
    const own = { ...(await ports(embeddings)), ...change };
    await executeRun(own, freshSteps(space.world), run.id, PIPELINES);
    return (await space.ports.runs.run(run.id)) as Run;
  };
  /** Ask, and carry it out to its end: every continuation. */
  const rebuilt = async (
    what: RebuildName,
    scope: RebuildScope = EVERYTHING,
    embeddings: string | null = null,
  ): Promise<Run[]> => {
    const runs: Run[] = [];
    for (;;) {
      const answer = await asked(what, scope, embeddings);
      if ("refused" in answer) throw new Error(answer.refused);
      runs.push(await execute(answer.run, embeddings));
      if ((await space.ports.rebuilds.open()) === null) return runs;
      if (runs.length > 20) throw new Error("it goes on and on");
    }
  };
  const unfinishedRebuild = async (): Promise<Run> =>
    (await space.ports.runs.unfinished()).items.find((run) => run.rebuild !== null) as Run;
  const chunksOfLive = () =>
    rows<{ id: string; document_id: string; text: string }>(
      `select id, document_id, text from chunks where state = 'live'
         and model = (select model from indexes where state = 'live') order by id`,
    );
  const vectorIds = (binding: "VECTORS_A" | "VECTORS_B"): string[] =>
    space.stores[binding].listIds().items.toSorted();

  beforeEach(async () => {
    Object.assign(sizes, { tokensMax: 1_000, tokensMin: 800, overlapTokens: 200 });
    space = await aWorkspace();
    space.source.meetings = WORDS.map((word) => aMeetingAbout(word));
    await runSync(space, "fireflies");
    expect((await runSync(space, "vectors", await ports())).state).toBe("succeeded");
  });

  describe("records", () => {
    it("brings back a row that was deleted by hand and restores one that was altered, without a call", async () => {
      const before = await rows("select * from meetings order by id");
      const calls = space.source.calls.length;
      await space.d1.prepare("delete from meetings where id = 'm-alabaster'").run();
      await space.d1
        .prepare("update meetings set title = 'altered', word_count = 1 where id = 'm-bergamot'")
        .run();
      const [run] = await rebuilt("records");
      expect(run?.result?.counts).toMatchObject({ seen: 4, created: 1, updated: 1, unchanged: 2 });
      expect(run?.state).toBe("succeeded");
      expect(space.source.calls.length).toBe(calls);
      expect((await space.ports.records.owedCount(space.world.nowMs())).owed).toBe(1);
      // Its chunks are there, so nothing is sent.
      const vectors = await runSync(space, "vectors", await ports());
      expect(vectors.result).toMatchObject({ embeddedChunks: 0, counts: { seen: 1, created: 1 } });
      const varying = new Set(["updated_at", "created_at"]);
      const settled = (list: unknown[]): unknown[] =>
        (list as Record<string, unknown>[]).map((row) =>
          Object.fromEntries(Object.entries(row).filter(([name]) => !varying.has(name))),
        );
      expect(settled(await rows("select * from meetings order by id"))).toEqual(settled(before));
    });

    it("changes nothing the second time", async () => {
      await rebuilt("records");
      const before = await rows("select * from meetings order by id");
      space.world.advance(60_000);
      const [again] = await rebuilt("records");
      expect(again?.result?.counts).toMatchObject({ seen: 4, unchanged: 4 });
      expect(await rows("select * from meetings order by id")).toEqual(before);
    });

    it("keeps what no revision holds: the link to the recording, and what vectors are owed", async () => {
      await space.d1
        .prepare("update meetings set recording_url = 'https://media/1', title = 'x' where id = 'm-damask'")
        .run();
      await rebuilt("records");
      expect(
        await rows("select title, recording_url, vectors_owed_since from meetings where id = 'm-damask'"),
      ).toEqual([{ title: "Meeting m-damask", recording_url: "https://media/1", vectors_owed_since: null }]);
    });

    it("names a revision that is missing or damaged, and goes on with the others", async () => {
      const [first, second] = await rows<{ key: string }>(
        "select r2_key as key from meetings order by id limit 2",
      );
      await space.r2.delete(first?.key ?? "");
      space.r2.corrupt(second?.key ?? "");
      const [run] = await rebuilt("records");
      expect(run?.state).toBe("succeeded_with_findings");
      expect(run?.result?.findings).toContain("raw revision missing or damaged: m-alabaster, m-bergamot");
      expect(run?.result?.counts).toMatchObject({ seen: 4, failed: 2, unchanged: 2 });
    });

    it("overwrites nothing that was observed later, and lifts no tombstone", async () => {
      await space.d1
        .prepare(
          "update meetings set observed_ms = observed_ms + 1, content_hash = 'later', title = 'later' where id = 'm-damask'",
        )
        .run();
      await space.d1.prepare("update meetings set deleted_ms = 7 where id = 'm-cinnabar'").run();
      await rebuilt("records");
      expect(await rows("select id, title, deleted_ms from meetings where id > 'm-c' order by id")).toEqual([
        { id: "m-cinnabar", title: "Meeting m-cinnabar", deleted_ms: 7 },
        { id: "m-damask", title: "later", deleted_ms: null },
      ]);
    });

    it("judges what is set aside again and keeps its reasons", async () => {
      space.source.meetings.push(aListedMeeting("m-untitled", { title: null }));
      await runSync(space, "fireflies");
      await space.d1.prepare("delete from quarantine").run();
      const [run] = await rebuilt("records");
      expect(run?.result?.counts).toMatchObject({ seen: 5, quarantined: 1, unchanged: 4 });
      expect(await rows("select source_id, problems from quarantine")).toEqual([
        { source_id: "m-untitled", problems: expect.stringContaining("title") },
      ]);
    });

    it.each<[Partial<RebuildScope>, string[]]>([
      [{ meetings: ["m-damask", "m-alabaster"] }, ["m-alabaster", "m-damask"]],
      [{ from: "2026-05-03" }, ["m-cinnabar", "m-damask"]],
      [{ to: "2026-05-01" }, ["m-alabaster"]],
      [{ from: "2026-05-02", to: "2026-05-03", meetings: ["m-bergamot"] }, ["m-bergamot"]],
      [{ from: "2027-01-01" }, []],
    ])("keeps to the scope %j", async (scope, ids) => {
      const [run] = await rebuilt("records", { ...EVERYTHING, ...scope });
      const items = await rows<{ id: string }>(
        `select item_id as id from run_items where run_id = '${run?.id}' order by item_id`,
      );
      expect(items.map(({ id }) => id)).toEqual(ids);
    });

    it("is not held back by what its lane waits for, and does not make it go on before its time", async () => {
      const untilMs = space.world.nowMs() + 3_600_000;
      space.source.failWith = () => {
        throw new FailureError({
          kind: "quota",
          party: "fireflies",
          detail: "used up",
          notBeforeMs: untilMs,
        });
      };
      expect((await runSync(space, "fireflies")).state).toBe("parked");
      expect((await rebuilt("records"))[0]?.state).toBe("succeeded");
      expect((await space.ports.runs.lane("fireflies")).notBeforeMs).toBe(untilMs);
    });

    it("needs no key", async () => {
      const answer = await asked("records");
      if ("refused" in answer) throw new Error(answer.refused);
      expect(await execute(answer.run, null, { source: null })).toMatchObject({ state: "succeeded" });
    });
  });

  describe("chunks", () => {
    it("sends nothing where every text is as it was", async () => {
      const before = await rows("select * from chunks order by id");
      const calls = space.calls.ai;
      const [run] = await rebuilt("chunks");
      expect(run?.result?.counts).toMatchObject({ seen: 4, unchanged: 4 });
      expect(space.calls.ai).toBe(calls);
      expect(await rows("select * from chunks order by id")).toEqual(before);
    });

    it("brings back rows that were deleted, emptied or altered by hand, under their own ids", async () => {
      const before = await chunksOfLive();
      await space.d1.prepare("delete from chunks where document_id = 'm-alabaster'").run();
      await space.d1.prepare("update chunks set text = null where document_id = 'm-bergamot'").run();
      await space.d1
        .prepare(
          "update chunks set text = 'altered', text_hash = 'x', tokens = 1, position = 9 where document_id = 'm-cinnabar'",
        )
        .run();
      const [run] = await rebuilt("chunks");
      expect(run?.state).toBe("succeeded");
      expect(await chunksOfLive()).toEqual(before);
      expect(vectorIds("VECTORS_A")).toEqual(before.map(({ id }) => id));
      expect(await rows("select count(*) as n from chunks where text_hash = 'x' or tokens = 1")).toEqual([
        { n: 0 },
      ]);
    });

    it("cuts anew where the sizes changed, under new ids in the live index, and sees the old ones gone", async () => {
      const before = await chunksOfLive();
      Object.assign(sizes, { tokensMax: 400, tokensMin: 300, overlapTokens: 50 });
      const [run] = await rebuilt("chunks");
      expect(run?.result?.counts).toMatchObject({ seen: 4, updated: 4 });
      const after = await chunksOfLive();
      expect(after.length).toBeGreaterThan(before.length);
      expect(vectorIds("VECTORS_A")).toEqual(after.map(({ id }) => id));
      const old = new Set(before.map(({ id }) => id));
      expect(after.some(({ id }) => old.has(id))).toBe(false);
      expect(await rows("select binding, state from indexes")).toEqual([
        { binding: "VECTORS_A", state: "live" },
      ]);
      // Twice is once.
      expect((await rebuilt("chunks"))[0]?.result?.counts).toMatchObject({ unchanged: 4 });
    });

    it("leaves a document owed whose new vectors never appear, and keeps the old ones answering", async () => {
      Object.assign(sizes, { tokensMax: 400, tokensMin: 300, overlapTokens: 50 });
      const before = await chunksOfLive();
      const answer = await asked("chunks");
      if ("refused" in answer) throw new Error(answer.refused);
      const own = await ports();
      const index = { ...own.index, upsert: async () => {} };
      expect(await execute(answer.run, null, { index })).toMatchObject({ state: "succeeded_with_findings" });
      expect((await space.ports.records.owedCount(space.world.nowMs())).owed).toBe(4);
      expect(await chunksOfLive()).toEqual(before);
      expect((await runSync(space, "vectors", await ports())).state).toBe("succeeded");
      expect(vectorIds("VECTORS_A")).toEqual((await chunksOfLive()).map(({ id }) => id));
    });
  });

  describe("vectors of the live model", () => {
    it("sends every vector again under its own id, embeds nothing, and answers all the while", async () => {
      const before = await chunksOfLive();
      space.stores.VECTORS_A.loseVectors(vectorIds("VECTORS_A").slice(0, 3));
      const own = await ports();
      const sent: string[] = [];
      const upsert: Ports["index"]["upsert"] = async (vectors) => {
        sent.push(...vectors.map(({ id }) => id));
        expect((await chunksOfLive()).length).toBe(before.length);
        await own.index.upsert(vectors);
      };
      const answer = await asked("vectors");
      if ("refused" in answer) throw new Error(answer.refused);
      const run = await execute(answer.run, null, { index: { ...own.index, upsert } });
      expect(run.result).toMatchObject({ embeddedChunks: 0, counts: { seen: 4, unchanged: 4 } });
      expect(run.state).toBe("succeeded");
      expect(sent.toSorted()).toEqual(before.map(({ id }) => id));
      expect(await chunksOfLive()).toEqual(before);
      expect(vectorIds("VECTORS_A")).toEqual(sent.toSorted());
    });

    it("makes an embedding again whose copy was lost", async () => {
      const keys = (await space.r2.list({ prefix: "embeddings/" })).objects.map(({ key }) => key);
      await space.r2.delete(keys);
      const [run] = await rebuilt("vectors", { ...EVERYTHING, meetings: ["m-alabaster"] });
      expect(run?.state).toBe("succeeded");
      const chunks = (await chunksOfLive()).filter((chunk) => chunk.document_id === "m-alabaster");
      expect(run?.result?.embeddedChunks).toBe(chunks.length);
      // And keeps it: another rebuild embeds nothing.
      expect(
        (await rebuilt("vectors", { ...EVERYTHING, meetings: ["m-alabaster"] }))[0]?.result?.embeddedChunks,
      ).toBe(0);
    });

    it("stops calling a vector live that does not come back, and has it sent by the next run", async () => {
      const answer = await asked("vectors", { ...EVERYTHING, meetings: ["m-damask"] });
      if ("refused" in answer) throw new Error(answer.refused);
      const own = await ports();
      const ids = (await chunksOfLive())
        .filter((chunk) => chunk.document_id === "m-damask")
        .map(({ id }) => id);
      space.stores.VECTORS_A.loseVectors(ids);
      await execute(answer.run, null, { index: { ...own.index, upsert: async () => {} } });
      expect((await chunksOfLive()).some((chunk) => chunk.document_id === "m-damask")).toBe(false);
      await runSync(space, "vectors", await ports());
      expect(
        (await chunksOfLive()).filter((chunk) => chunk.document_id === "m-damask").map(({ id }) => id),
      ).toEqual(ids);
    });
  });

  describe("vectors of another model", () => {
    const OTHER = "lexical#64";
    const replaced = (): Promise<Run[]> => rebuilt("vectors", EVERYTHING, OTHER);

    it("builds the other index, verifies it, makes it live, and empties the old one", async () => {
      const before = (await chunksOfLive()).map(({ text }) => text).toSorted();
      const runs = await replaced();
      const checks = runs.flatMap((run) => run.result?.checks ?? []);
      expect(checks).toEqual(
        expect.arrayContaining([
          { name: "new index: documents of lexical#64", ok: true, expected: 4, actual: "4" },
          {
            name: "new index: vectors of lexical#64",
            ok: true,
            expected: before.length,
            actual: before.length,
          },
          { name: "old index: vectors left of lexical#1024", ok: true, expected: 0, actual: 0 },
        ]),
      );
      expect(runs.map((run) => run.state)).toEqual(["succeeded"]);
      expect(await rows("select binding, model, dimensions, state from indexes")).toEqual([
        { binding: "VECTORS_B", model: OTHER, dimensions: 64, state: "live" },
      ]);
      const after = await chunksOfLive();
      expect(after.map(({ text }) => text).toSorted()).toEqual(before);
      expect(vectorIds("VECTORS_B")).toEqual(after.map(({ id }) => id));
      expect(vectorIds("VECTORS_A")).toEqual([]);
      expect(await rows("select * from built_documents")).toEqual([]);
      expect(await rows("select what, model, outcome from rebuilds")).toEqual([
        { what: "vectors", model: OTHER, outcome: "done" },
      ]);
      expect(await space.ports.records.totals()).toMatchObject({ liveChunks: before.length });
    });

    it("goes on with ordinary runs afterwards, without the setting and with it", async () => {
      await replaced();
      for (const embeddings of [null, OTHER]) {
        expect((await runSync(space, "vectors", await ports(embeddings))).state).toBe("succeeded");
      }
      expect((await runSync(space, "vectors", await ports("lexical"))).detail).toContain("rebuild vectors");
    });

    it("comes back to the first model under new ids, without embedding anything again", async () => {
      const before = await chunksOfLive();
      await replaced();
      const calls: number[] = [];
      for (const run of await rebuilt("vectors", EVERYTHING, "lexical#1024"))
        calls.push(run.result?.embeddedChunks ?? 0);
      expect(Math.max(...calls)).toBe(0);
      const after = await chunksOfLive();
      expect(after.length).toBe(before.length);
      const old = new Set(before.map(({ id }) => id));
      expect(after.some(({ id }) => old.has(id))).toBe(false);
      expect(vectorIds("VECTORS_A")).toEqual(after.map(({ id }) => id));
      expect(vectorIds("VECTORS_B")).toEqual([]);
    });

    it("answers a question that was begun before the switch", async () => {
      const answer = await asked("vectors", EVERYTHING, OTHER);
      if ("refused" in answer) throw new Error(answer.refused);
      const old = await ports();
      const own = await ports(OTHER);
      const found: string[][] = [];
      let switchedMs = Number.POSITIVE_INFINITY;
      let emptiedMs = 0;
      const records: Ports["records"] = {
        ...own.records,
        markDead: async (...given) => {
          emptiedMs ||= space.world.nowMs();
          await own.records.markDead(...given);
        },
      };
      const registry: Ports["registry"] = {
        ...own.registry,
        switchTo: async (...given) => {
          const switched = await own.registry.switchTo(...given);
          expect(await readOpenRebuild(own)).toMatchObject({ phase: "emptying" });
          switchedMs = space.world.nowMs();
          found.push(await askLive(space, old, "alabaster"));
          found.push(await askLive(space, await ports(OTHER), "alabaster"));
          return switched;
        },
      };
      await execute(answer.run, OTHER, { registry, records });
      expect(found.map(([first]) => first)).toEqual(["m-alabaster", "m-alabaster"]);
      expect(emptiedMs - switchedMs).toBeGreaterThanOrEqual(EMPTY_AFTER_MS);
    });

    it("catches up with what changed and came while it was built", async () => {
      const answer = await asked("vectors", EVERYTHING, OTHER);
      if ("refused" in answer) throw new Error(answer.refused);
      const own = await ports(OTHER);
      let changes = 0;
      const registry: Ports["registry"] = {
        ...own.registry,
        commitBuilt: async (...given) => {
          await own.registry.commitBuilt(...given);
          changes += 1;
          if (changes > 1) return;
          space.source.meetings = [
            ...WORDS.slice(1).map((word) => aMeetingAbout(word)),
            aMeetingAbout("alabaster", {
              title: "Renamed",
              sentences: [{ speaker_name: "Maya", text: `quicksilver ${SAID}` }],
            }),
            aListedMeeting("m-new", { sentences: [{ speaker_name: "Maya", text: `saffron ${SAID}` }] }),
          ];
          await runSync(space, "fireflies");
        },
      };
      const run = await execute(answer.run, OTHER, { registry });
      expect(run.state).toBe("succeeded");
      expect(await space.ports.rebuilds.open()).toBeNull();
      // The new index holds them as they are now, so nothing is owed.
      expect((await space.ports.records.owedCount(space.world.nowMs())).owed).toBe(0);
      const now = await ports();
      expect((await askLive(space, now, "quicksilver"))[0]).toBe("m-alabaster");
      expect((await askLive(space, now, "saffron"))[0]).toBe("m-new");
      expect(vectorIds("VECTORS_B")).toEqual((await chunksOfLive()).map(({ id }) => id));
    });

    it("does not go live while the index holds other vectors than the ledger, and does when it no longer does", async () => {
      const answer = await asked("vectors", EVERYTHING, OTHER);
      if ("refused" in answer) throw new Error(answer.refused);
      const own = await ports(OTHER);
      const registry: Ports["registry"] = {
        ...own.registry,
        buildState: async (...given) => {
          const stray = { id: "stray", values: new Float32Array(64).fill(0.5), metadata: {} };
          await space.ports.indexes["VECTORS_B"]?.upsert([stray]);
          return own.registry.buildState(...given);
        },
      };
      const run = await execute(answer.run, OTHER, { registry });
      const chunks = (await chunksOfLive()).length;
      expect(run.state).toBe("succeeded_with_findings");
      expect(run.result?.findings.join()).toContain(
        `the new index does not go live yet: new index: vectors of lexical#64: ${chunks + 1}, expected ${chunks}`,
      );
      expect((await ports(OTHER)).embedder.model).toBe("lexical#1024");
      await space.ports.indexes["VECTORS_B"]?.deleteByIds(["stray"]);
      await replaced();
      expect((await ports()).embedder.model).toBe(OTHER);
    });

    it("does not switch over a document that the new index lacks, and builds it first", async () => {
      const answer = await asked("vectors", EVERYTHING, OTHER);
      if ("refused" in answer) throw new Error(answer.refused);
      const own = await ports(OTHER);
      const registry: Ports["registry"] = {
        ...own.registry,
        switchTo: async (...given) => {
          await space.d1.prepare("delete from built_documents where document_id = 'm-damask'").run();
          return own.registry.switchTo(...given);
        },
      };
      expect(await execute(answer.run, OTHER, { registry })).toMatchObject({ continues: true });
      expect((await ports(OTHER)).embedder.model).toBe("lexical#1024");
      await replaced();
      expect((await ports()).embedder.model).toBe(OTHER);
    });

    it("counts and proves the live index alone while another is built", async () => {
      const answer = await asked("vectors", EVERYTHING, OTHER);
      if ("refused" in answer) throw new Error(answer.refused);
      const own = await ports(OTHER);
      const liveChunks = (await chunksOfLive()).length;
      const seen: unknown[] = [];
      const registry: Ports["registry"] = {
        ...own.registry,
        buildState: async (...given) => {
          const { sums, faults } = await lookedAt(own);
          seen.push((await own.records.totals()).liveChunks, sums.chunks, sums.vectors, faults);
          expect(await readOpenRebuild(own)).toMatchObject({ phase: "going on", done: 4, total: 4 });
          return own.registry.buildState(...given);
        },
      };
      await execute(answer.run, OTHER, { registry });
      expect(seen).toEqual([liveChunks, liveChunks, liveChunks, []]);
      expect((await lookedAt(await ports())).faults).toEqual([]);
    });

    it("takes a document whose revision is lost from the ledger, and says so", async () => {
      const [first] = await rows<{ key: string }>("select r2_key as key from meetings order by id limit 1");
      await space.r2.delete(first?.key ?? "");
      const [run] = await replaced();
      expect(run?.result?.findings.join()).toContain("vectors made from the ledger: m-alabaster");
      expect((await askLive(space, await ports(), "alabaster"))[0]).toBe("m-alabaster");
      expect(await space.ports.rebuilds.open()).toBeNull();
    });

    it.each([
      ["has another length", "lexical#65", "VECTORS_B has 64 dimensions and lexical#65 makes 65"],
      ["holds vectors that nobody knows", OTHER, "VECTORS_B holds 1 vectors that nobody knows"],
    ])(
      "refuses an index that %s, with a sentence, and leaves it untouched",
      async (what, embeddings, sentence) => {
        if (what.startsWith("holds"))
          await space.ports.indexes["VECTORS_B"]?.upsert([
            { id: "theirs", values: new Float32Array(64).fill(0.5), metadata: {} },
          ]);
        const answer = await asked("vectors", EVERYTHING, embeddings);
        if ("refused" in answer) throw new Error(answer.refused);
        const run = await execute(answer.run, embeddings);
        expect(run).toMatchObject({ state: "failed", detail: expect.stringContaining(sentence) });
        expect(await rows("select binding, state from indexes")).toEqual([
          { binding: "VECTORS_A", state: "live" },
        ]);
        expect((await space.ports.runs.openAlerts()).items).toMatchObject([
          { kind: "embeddings_refused", subject: "rebuild vectors" },
        ]);
      },
    );

    it.each([
      ["wrong length", [1, 2]],
      ["NaN", Array.from({ length: 64 }, () => Number.NaN)],
    ])("leaves nothing half indexed by a model that answers with %s", async (_what, vector) => {
      const answer = await asked("vectors", EVERYTHING, OTHER);
      if ("refused" in answer) throw new Error(answer.refused);
      const own = await ports(OTHER);
      const broken = async (): Promise<never> => {
        throw new FailureError({ kind: "unreachable", party: "openai", detail: `${vector.length}` });
      };
      const wanted = {
        embedder: { ...(own.wanted?.embedder as Ports["embedder"]), embedDocuments: broken },
        problem: null,
      };
      const run = await execute(answer.run, OTHER, { wanted });
      expect(run).toMatchObject({ state: "failed" });
      expect(run.result?.retries).toBe(5);
      expect(vectorIds("VECTORS_B")).toEqual([]);
      expect((await askLive(space, await ports(OTHER), "damask"))[0]).toBe("m-damask");
      // It goes on by itself once the model answers.
      space.world.advance(15 * 60_000);
      await tick(await ports(OTHER), space.engine);
      expect((await execute(await unfinishedRebuild(), OTHER)).state).toBe("succeeded");
      expect((await ports()).embedder.model).toBe(OTHER);
    });

    it("is given up, and what was built is taken away, when the configuration no longer asks for it", async () => {
      const answer = await asked("vectors", EVERYTHING, OTHER);
      if ("refused" in answer) throw new Error(answer.refused);
      const own = await ports(OTHER);
      const registry = { ...own.registry, buildState: () => Promise.reject(new TypeError("it broke")) };
      expect(await execute(answer.run, OTHER, { registry })).toMatchObject({ state: "failed" });
      expect(vectorIds("VECTORS_B").length).toBeGreaterThan(0);
      // Another wish has to wait; the open rebuild sees by itself that nobody wants it any more.
      expect(await asked("vectors", EVERYTHING, "lexical")).toMatchObject({
        refused: expect.stringContaining("going on"),
      });
      space.world.advance(15 * 60_000);
      await tick(await ports("lexical"), space.engine);
      const run = await execute(await unfinishedRebuild(), "lexical");
      expect(run.result?.findings.join()).toContain("what was built of it is given up");
      expect(vectorIds("VECTORS_B")).toEqual([]);
      expect(await rows("select binding, state from indexes")).toEqual([
        { binding: "VECTORS_A", state: "live" },
      ]);
      expect(await rows("select outcome from rebuilds")).toEqual([{ outcome: "given_up" }]);
      expect(await rows("select * from built_documents")).toEqual([]);
      // And may be asked for again.
      await replaced();
      expect((await ports()).embedder.model).toBe(OTHER);
    });

    it("ends the refusal of the ordinary runs, and its alert", async () => {
      expect((await runSync(space, "vectors", await ports(OTHER))).state).toBe("failed");
      expect((await space.ports.runs.openAlerts()).items.map(({ kind }) => kind)).toEqual([
        "embeddings_refused",
      ]);
      await replaced();
      expect((await space.ports.runs.openAlerts()).items).toEqual([]);
    });

    it("lets ordinary runs go on with the live model as soon as it was asked for", async () => {
      expect((await runSync(space, "vectors", await ports(OTHER))).state).toBe("failed");
      await asked("vectors", EVERYTHING, OTHER);
      const [rebuild] = (await space.ports.runs.unfinished()).items;
      const own = await ports(OTHER);
      const broken = () =>
        Promise.reject(new FailureError({ kind: "unreachable", party: "openai", detail: "down" }));
      const wanted = {
        embedder: { ...(own.wanted?.embedder as Ports["embedder"]), embedQuery: broken },
        problem: null,
      };
      await execute(rebuild as Run, OTHER, { wanted });
      space.source.meetings.push(
        aListedMeeting("m-new", { sentences: [{ speaker_name: "Maya", text: `saffron ${SAID}` }] }),
      );
      await runSync(space, "fireflies");
      expect((await runSync(space, "vectors", await ports(OTHER))).state).toBe("succeeded");
      expect((await askLive(space, await ports(OTHER), "saffron"))[0]).toBe("m-new");
    });
  });

  describe("asking", () => {
    it("returns the same rebuild for the same wish, and refuses another while it is going on", async () => {
      const first = await asked("chunks");
      const again = await asked("chunks");
      expect(again).toMatchObject({ created: false, run: { id: "run" in first ? first.run.id : "" } });
      for (const other of [
        await asked("records"),
        await asked("chunks", { ...EVERYTHING, from: "2026-05-01" }),
        await asked("vectors"),
      ])
        expect(other).toMatchObject({
          never: false,
          refused: expect.stringMatching(/^rebuild chunks .*is going on/),
        });
      expect(await rows("select count(*) as n from rebuilds")).toEqual([{ n: 1 }]);
      expect(space.engine.started.filter((id) => "run" in first && id === first.run.id)).not.toEqual([]);
    });

    it("refuses what cannot be begun, in one sentence, and writes nothing", async () => {
      expect(await asked("chunks", { ...EVERYTHING, meetings: ["m-damask", "m-none"] })).toMatchObject({
        never: true,
        refused: 'there is no meeting "m-none"',
      });
      expect(await asked("vectors", { ...EVERYTHING, from: "2026-05-01" }, "lexical#64")).toMatchObject({
        refused: expect.stringContaining("leave the scope out"),
      });
      expect(await asked("chunks", EVERYTHING, "lexical#64")).toMatchObject({
        refused: expect.stringContaining("rebuild vectors"),
      });
      expect(await asked("vectors", EVERYTHING, "nonsense")).toMatchObject({
        refused: expect.stringContaining("EMBEDDINGS must be"),
      });
      expect(await rows("select count(*) as n from rebuilds")).toEqual([{ n: 0 }]);
      expect((await space.ports.runs.unfinished()).items).toEqual([]);
    });

    it("stands in the ledger before the answer: a start that was lost is made up for by the tick", async () => {
      const engine = { ...space.engine, start: () => Promise.reject(new Error("the process died")) };
      const wish = { what: "records", scope: EVERYTHING, priority: "normal" } as const;
      await expect(askForRebuild(await ports(), engine, wish)).rejects.toThrow("died");
      space.engine.knows = "lost";
      await tick(await ports(), space.engine);
      const [run] = (await space.ports.runs.unfinished()).items;
      expect(run?.rebuild?.what).toBe("records");
      expect(space.engine.started).toContain(run?.id);
    });

    it("waits in its lane behind a run that is going on, and is started when that has ended", async () => {
      const { run: ordinary } = await startRun(await ports(), space.engine, {
        sync: "vectors",
        trigger: "manual",
        priority: "normal",
      });
      const answer = await asked("chunks");
      const id = "run" in answer ? answer.run.id : "";
      expect(space.engine.started).not.toContain(id);
      space.engine.knows = "lost";
      await tick(await ports(), space.engine);
      expect(space.engine.started).not.toContain(id);
      await execute(ordinary);
      await tick(await ports(), space.engine);
      expect(space.engine.started).toContain(id);
    });

    it("has its turn when its lane is asked for a run, for nobody else may start it", async () => {
      const manual = { sync: "vectors", trigger: "manual", priority: "normal" } as const;
      const { run: ordinary } = await startRun(await ports(), space.engine, manual);
      const answer = await asked("chunks");
      await execute(ordinary);
      const next = await startRun(await ports(), space.engine, manual);
      expect(next).toMatchObject({ created: false, run: { id: "run" in answer ? answer.run.id : "" } });
      expect(space.engine.started).toContain(next.run.id);
    });
  });

  it("ends a run that has lasted long enough, and goes on from its cursor", async () => {
    const first = await asked("chunks");
    if ("refused" in first) throw new Error(first.refused);
    const own = await ports();
    let takes = 0;
    const documents: Ports["rebuilds"]["documents"] = async (scope, after) => {
      takes += 1;
      space.world.advance(REBUILD_RUN_MS + 1);
      return own.rebuilds.documents(scope, after, 3);
    };
    const late = await execute(first.run, null, { rebuilds: { ...own.rebuilds, documents } });
    expect([late.continues, late.result?.counts.seen, takes]).toEqual([true, 3, 1]);
    const id = first.run.rebuild?.id ?? "";
    expect(await readRebuild(own, id)).toMatchObject({ phase: "going on", done: 3, total: 4 });
    expect((await rebuilt("chunks")).map((run) => run.result?.counts.seen)).toEqual([1]);
    expect(await readRebuild(own, id)).toMatchObject({
      phase: "ended",
      done: 4,
      total: 4,
      words: "rebuild chunks",
    });
  });

  it("takes turns with what else is due in its lane", async () => {
    const order: string[] = [];
    await asked("vectors");
    // A rebuild that never gets far: each of its runs is late at once.
    for (let beats = 0; beats < 6; beats += 1) {
      await space.d1.prepare("update meetings set vectors_owed_since = 1 where id = 'm-damask'").run();
      await tick(await ports(), space.engine);
      const run = (await space.ports.runs.unfinished()).items.find((one) => one.sync === "vectors");
      order.push(run?.rebuild === null ? "vectors" : "rebuild");
      const own = await ports();
      const documents = () =>
        Promise.reject(
          new FailureError({
            kind: "not_yet",
            party: "openai",
            detail: "later",
            notBeforeMs: space.world.nowMs() + 20 * 60_000,
          }),
        );
      await execute(run as Run, null, { rebuilds: { ...own.rebuilds, documents } });
      space.world.advance(21 * 60_000);
    }
    expect(order).toEqual(["rebuild", "vectors", "rebuild", "vectors", "rebuild", "vectors"]);
  });
});
