import { beforeEach, describe, expect, it } from "vitest";
import { verified } from "../../test/in-process/proof.ts";
import { FailureError } from "../core/errors.ts";
import { askForProof } from "../engine/proving/asking.ts";
import { dueForProof } from "../engine/proving/due.ts";
import { executeRun } from "../engine/run.ts";
import { PIPELINES } from "./index.ts";
import {
  aListedMeeting,
  aWorkspace,
  freshSteps,
  runSync,
  type Workspace,
} from "../../test/in-process/workspace.ts";

const CLEAN = { states: ["verify succeeded"], found: [] };
const DAY_MS = 24 * 3_600_000;

let space: Workspace;
const rows = async <T = Record<string, unknown>>(sql: string): Promise<T[]> =>
  (await space.d1.prepare(sql).all<T>()).results;
const keyOf = async (id: string): Promise<string> =>
  (await rows<{ key: string }>(`select revision_key as key from sightings where source_id = '${id}'`))[0]
    ?.key ?? "";

beforeEach(async () => {
  space = await aWorkspace();
  space.source.meetings = ["m1", "m2", "m3"].map((id) => aListedMeeting(id));
  await runSync(space, "fireflies");
  await runSync(space, "vectors");
});

describe("a proof", () => {
  it("finds nothing where nothing is wrong, shows each figure by two paths, and asks the source for nothing", async () => {
    const calls = space.source.calls.length;
    const { report, ...clean } = await verified(space);
    expect(clean).toMatchObject(CLEAN);
    expect(space.source.calls.length).toBe(calls);
    expect(report).toMatchObject({ open: 0, findings: [], menders: [] });
    const { figures, sums, notes } = report.proof?.state ?? { figures: [], sums: null, notes: [] };
    expect(sums).toMatchObject({ source: 3, raw: 3, records: 3, chunks: 3, vectors: 3, deleted: 0 });
    expect(figures.map(({ domain, ledger, store, ok }) => [domain, ledger, store, ok])).toEqual([
      ["raw", 3, 3, true],
      ["records", 3, 3, true],
      ["vectors", 3, 3, true],
      ["raw", 3, 3, true],
      ["full_text", 3, 3, true],
      ["vectors", 3, 3, true],
      ["source", 3, 3, true],
    ]);
    expect(notes).toEqual([]);
  });

  const faults: [string, () => Promise<unknown>, string[], string[]][] = [
    [
      "a vector that the store has dropped",
      async () => {
        const [chunk] = await rows<{ id: string }>("select id from chunks where document_id = 'm2'");
        space.stores.VECTORS_A.loseVectors([chunk?.id ?? ""]);
      },
      ["vector_missing m2"],
      ["vectors"],
    ],
    [
      "a raw object whose bytes are not gzip any more",
      async () => space.r2.put(await keyOf("m1"), "rotten"),
      ["raw_damaged m1"],
      ["fireflies", "vectors"],
    ],
    [
      "a raw object that is gone",
      async () => space.r2.delete(await keyOf("m1")),
      ["raw_damaged m1"],
      ["fireflies", "vectors"],
    ],
    [
      "a row that somebody deleted",
      () => rows("delete from meetings where id = 'm3'"),
      ["record_missing m3"],
      ["fireflies", "vectors"],
    ],
    [
      "a row of another revision",
      () => rows("update meetings set content_hash = 'another', indexed_hash = 'another' where id = 'm3'"),
      ["record_differs m3"],
      ["fireflies", "vectors"],
    ],
    [
      "chunks that somebody deleted, whose vectors nobody knows any more",
      async () => {
        const [chunk] = await rows<{ id: string }>("select id from chunks where document_id = 'm2'");
        space.stores.VECTORS_A.loseVectors([chunk?.id ?? ""]);
        await rows("delete from chunks where document_id = 'm2'");
      },
      ["chunks_missing m2"],
      ["vectors"],
    ],
    [
      "a chunk whose text somebody changed",
      () => rows("update chunks set text = 'something else' where document_id = 'm2'"),
      ["chunk_damaged m2"],
      ["vectors"],
    ],
    [
      "a chunk that the full-text index does not have",
      () =>
        rows(
          `insert into chunks_fts (chunks_fts, rowid, text) select 'delete', rowid, text from chunks where document_id = 'm2'`,
        ),
      ["full_text_damaged chunks_fts", "text_unindexed m2"],
      ["vectors"],
    ],
    [
      "a vector that is there again after it was seen gone",
      async () => {
        const [chunk] = await rows<{ id: string }>("select id from chunks where document_id = 'm2'");
        await rows(
          `insert into chunks select 'gone1', document_id, null, text_hash, repetition, generation, model, metadata, position,
             speaker, start_seconds, end_seconds, first_sentence, last_sentence, tokens, 'gone', embedding_key, embedding_index,
             embedded_run_id, planned_ms, sent_ms, live_ms, 1, 2, speakers, moments, 0 from chunks where id = '${chunk?.id}'`,
        );
        const [vector] = await space.ports.index.getByIds([chunk?.id ?? ""]);
        await space.ports.index.upsert([{ id: "gone1", values: vector?.values ?? [], metadata: {} }]);
      },
      ["vectors_risen VECTORS_A"],
      ["vectors"],
    ],
  ];

  it.each(faults)(
    "names %s, has it mended by the sync that owns it, and is clean the second time",
    async (_, harm, found, menders) => {
      await harm();
      space.world.advance(60_000);
      const first = await verified(space);
      expect(first.found).toEqual(found);
      expect(first.states).toEqual([
        "verify succeeded_with_findings",
        ...menders.map((sync) => `${sync} succeeded`),
        "verify succeeded",
      ]);
      expect(first.report.open).toBe(0);
      for (const { cause, repair, tries, verifiedMs } of first.report.findings) {
        expect(cause).not.toBe("");
        expect({ repair: typeof repair, tries, verified: verifiedMs !== null }).toEqual({
          repair: "string",
          tries: 1,
          verified: true,
        });
      }
      space.world.advance(60_000);
      expect(await verified(space)).toMatchObject(CLEAN);
      expect((await space.ports.runs.openAlerts()).items).toEqual([]);
    },
  );

  it("names vectors that nobody knows, which no run can take away, and does not succeed while they are there", async () => {
    const stray = { id: "stray", values: new Float32Array(1_024).fill(0.5), metadata: {} };
    await space.ports.index.upsert([stray]);
    const first = await verified(space);
    expect(first).toMatchObject({
      states: ["verify succeeded_with_findings"],
      found: ["vectors_surplus VECTORS_A"],
      report: { open: 1 },
    });
    expect((await space.ports.runs.openAlerts()).items).toMatchObject([
      { kind: "proof_failed", subject: "proof" },
    ]);
    space.stores.VECTORS_A.loseVectors(["stray"]);
    space.world.advance(60_000);
    expect((await verified(space)).states).toEqual(["verify succeeded"]);
    expect((await space.ports.runs.openAlerts()).items).toEqual([]);
  });

  it("mends damage with what the source gives now, if that is another revision", async () => {
    await space.r2.delete(await keyOf("m1"));
    space.source.meetings = [
      aListedMeeting("m1", { title: "Edited since" }),
      ...space.source.meetings.filter(({ id }) => id !== "m1"),
    ];
    space.world.advance(60_000);
    expect((await verified(space)).found).toEqual(["raw_damaged m1"]);
    expect(await rows("select title from meetings where id = 'm1'")).toEqual([{ title: "Edited since" }]);
    space.world.advance(60_000);
    expect(await verified(space)).toMatchObject(CLEAN);
  });

  it("tries three times to get what the source does not give, and leaves the rest to a person", async () => {
    await space.r2.delete(await keyOf("m1"));
    const gone = { ...space.ports.source, getMeeting: async () => ({ item: null, quota: NO_READING }) };
    const ports = { ...space.ports, source: gone as never };
    for (let n = 0; n < 4; n += 1) {
      space.world.advance(DAY_MS);
      await verified(space, { ports });
    }
    const [finding] = (await space.ports.proofs.findings(space.world.nowMs(), 10)).items;
    expect(finding).toMatchObject({
      kind: "raw_damaged",
      repair: "the source does not show it to this key",
      tries: 3,
      repairedMs: null,
      verifiedMs: null,
    });
    expect(await rows("select state from sightings where source_id = 'm1'")).toEqual([{ state: "live" }]);
  });

  it("explains a meeting that is known deleted", async () => {
    await rows("update meetings set deleted_ms = 1, vectors_owed_since = null where id = 'm1'");
    const { states, report } = await verified(space);
    expect({ states, sums: report.proof?.state.sums }).toMatchObject({
      states: ["verify succeeded"],
      sums: { source: 2, records: 2, deleted: 1 },
    });
  });

  it("counts what a run has still to do, and calls it no fault", async () => {
    space.source.meetings.push(aListedMeeting("m4"));
    space.world.advance(3_600_000);
    await runSync(space, "fireflies");
    const { states, report } = await verified(space);
    expect({ states, state: report.proof?.state }).toMatchObject({
      states: ["verify succeeded"],
      state: { named: ["vectors owed: m4"], differences: 1, faults: 0 },
    });
  });
});

describe("a daily proof", () => {
  const daily = (): ReturnType<typeof verified> => verified(space, { isComplete: false });
  const lookedAt = async (): Promise<number> => (await daily()).report.proof?.state.sums.records ?? -1;

  it("takes what changed, and one slice of the rest, so that a week goes over everything", async () => {
    space.source.meetings = Array.from({ length: 14 }, (_, n) => aListedMeeting(`m${100 + n}`));
    space.world.advance(3_600_000);
    await runSync(space, "fireflies");
    await runSync(space, "vectors");
    space.world.advance(1_000);
    await verified(space);
    space.world.advance(DAY_MS);
    // 3 + 14 meetings, of which nothing has changed since: slices of three.
    const days: number[] = [];
    for (let day = 0; day < 7; day += 1) {
      days.push(await lookedAt());
      space.world.advance(DAY_MS);
    }
    expect(days).toEqual([3, 3, 3, 3, 3, 2, 3]);
  });

  it("finds what is wrong in the slice of its day, and looks at that again every day until it is mended", async () => {
    await verified(space);
    space.world.advance(DAY_MS);
    await rows("delete from meetings where id = 'm1'");
    const { found, states } = await daily();
    expect({ found, first: states[0], last: states.at(-1) }).toEqual({
      found: ["record_missing m1"],
      first: "verify succeeded_with_findings",
      last: "verify succeeded",
    });
  });
});

describe("the source, listed anew", () => {
  const old = (id: string, change: Record<string, unknown> = {}) =>
    aListedMeeting(id, { dateString: "2026-04-06T10:02:41.000Z", ...change });

  it("is asked for by a complete proof once the newest whole listing is a week old", async () => {
    space.world.advance(8 * DAY_MS);
    await runSync(space, "fireflies");
    const before = space.source.calls.length;
    const { report, ...clean } = await verified(space);
    expect(clean).toMatchObject(CLEAN);
    expect(space.source.calls.slice(before)).toEqual(["list", "list"]);
    const figure = report.proof?.state.figures.find(({ domain }) => domain === "source");
    expect(figure).toMatchObject({ ledger: 3, store: 3, ok: true, asOfMs: expect.any(Number) });
  });

  it("is not asked for again before a proof's own listing is a week old either", async () => {
    const listed = async (): Promise<number> => {
      const before = space.source.calls.length;
      await verified(space);
      return space.source.calls.slice(before).filter((call) => call === "list").length;
    };
    space.world.advance(8 * DAY_MS);
    expect(await listed()).toBe(2);
    space.world.advance(6 * DAY_MS);
    expect(await listed()).toBe(0);
    space.world.advance(DAY_MS);
    expect(await listed()).toBe(2);
  });

  it("names what no window would ever show: an old meeting that appeared, and an old one that was edited", async () => {
    space.source.meetings.push(old("m0"));
    space.world.advance(3_600_000);
    // Nothing has listed so far back since the first run.
    space.source.meetings = [
      ...space.source.meetings.filter(({ id }) => id !== "m2"),
      aListedMeeting("m2", { title: "Edited a month later" }),
    ];
    space.world.advance(8 * DAY_MS);
    const first = await verified(space);
    expect(first.found).toEqual(["meeting_differs m2", "meeting_unknown m0"]);
    expect(await rows("select id, title from meetings where id in ('m0', 'm2') order by id")).toEqual([
      { id: "m0", title: "Meeting m0" },
      { id: "m2", title: "Edited a month later" },
    ]);
    expect(first.states.at(-1)).toBe("verify succeeded");
    space.world.advance(60_000);
    expect(await verified(space)).toMatchObject(CLEAN);
  });

  it("is left as it stands on record where the budget has no call for it, and says from when it is", async () => {
    space.world.advance(8 * DAY_MS);
    space.source.failWith = () => {
      const notBeforeMs = space.world.nowMs() + DAY_MS;
      throw new FailureError({
        kind: "quota",
        party: "fireflies",
        detail: "the day's budget is used up",
        notBeforeMs,
      });
    };
    const { states, report } = await verified(space);
    expect(states).toEqual(["verify succeeded"]);
    expect(report.proof?.state.notes).toEqual([
      "the source could not be listed now: the day's budget is used up",
    ]);
    expect(report.proof?.state.figures.find(({ domain }) => domain === "source")).toMatchObject({
      ledger: 3,
      store: 3,
    });
    expect((await space.ports.runs.lane("verify")).notBeforeMs).toBeNull();
  });

  it("does not take a meeting for gone that it does not list", async () => {
    const [listed] = space.source.meetings.splice(1, 1);
    space.source.meetings = [
      aListedMeeting("m9", { dateString: "2026-05-07T10:00:00.000Z" }),
      ...space.source.meetings,
      aListedMeeting("m8", { dateString: "2026-05-05T10:00:00.000Z" }),
    ];
    space.world.advance(8 * DAY_MS);
    await verified(space);
    // Of the proof that listed: the one after the mending takes its word for it.
    const [first] = await rows<{ state: string }>(
      "select state from proofs where mode = 'complete' order by asked_ms desc limit 1 offset 1",
    );
    expect(JSON.parse(first?.state ?? "{}").notes).toContain(
      "1 known meetings are not listed by the source now; what is not seen is not gone",
    );
    expect(await rows(`select deleted_ms from meetings where id = '${listed?.id}'`)).toEqual([
      { deleted_ms: null },
    ]);
  });
});

describe("a run of verify", () => {
  it("goes on where a former life of it was cut off, in every step, and finds the same", async () => {
    await space.r2.delete(await keyOf("m1"));
    const { run } = await askForProof(space.ports, space.engine, true);
    const steps = freshSteps(space.world);
    let cuts = 0;
    for (;;) {
      // Its lease, and one step more.
      let left = 2;
      const once: typeof steps = {
        ...steps,
        do: async (name, work) => {
          const isKnown = steps.names.includes(name);
          if (!isKnown && left === 0) throw new Error("killed");
          if (!isKnown) left -= 1;
          return steps.do(name, work);
        },
      };
      try {
        await space.ports.runs.raiseEpoch(run.id);
        await executeRun(space.ports, once, run.id, PIPELINES);
        const ended = await space.ports.runs.run(run.id);
        if (ended?.endedMs != null) break;
      } catch {
        cuts += 1;
      }
      if (cuts > 60) throw new Error("it does not come to its end");
    }
    expect(cuts).toBeGreaterThan(5);
    const { items } = await space.ports.proofs.findings(0, 10);
    expect(items.map(({ kind, subject, tries }) => ({ kind, subject, tries }))).toEqual([
      { kind: "raw_damaged", subject: "m1", tries: 0 },
    ]);
    expect((await space.ports.proofs.proof(null))?.state.sums).toMatchObject({
      source: 3,
      raw: 2,
      records: 3,
    });
  });

  it("keeps the same step twice as once: the reply to a commit may be lost", async () => {
    await space.r2.delete(await keyOf("m1"));
    const { proofs } = space.ports;
    const twice: typeof proofs = {
      ...proofs,
      keep: async (fence, kept) => {
        await proofs.keep(fence, kept);
        await proofs.keep(fence, {
          ...kept,
          faults: kept.faults.map((fault) => ({ ...fault, id: `${fault.id}-2` })),
        });
      },
      end: async (fence, ended) => {
        await proofs.end(fence, ended);
        return proofs.end(fence, ended);
      },
      noteRepair: async (fence, repair) => {
        await proofs.noteRepair(fence, repair);
        await proofs.noteRepair(fence, repair);
      },
    };
    const { found, report } = await verified(space, { ports: { ...space.ports, proofs: twice } });
    expect(found).toEqual(["raw_damaged m1"]);
    expect(report.findings[0]).toMatchObject({ tries: 1, verifiedMs: expect.any(Number) });
  });

  it("is started anew as a complete proof while a daily one is under way, and keeps nothing of that", async () => {
    await verified(space);
    space.world.advance(DAY_MS);
    await askForProof(space.ports, space.engine, false);
    const { run, created, proof } = await askForProof(space.ports, space.engine, true);
    expect({ created, mode: proof.mode }).toEqual({ created: false, mode: "complete" });
    await executeRun(space.ports, freshSteps(space.world), run.id, PIPELINES);
    const last = await space.ports.proofs.proof(null);
    expect(last).toMatchObject({
      mode: "complete",
      endedMs: expect.any(Number),
      state: { sums: { records: 3 } },
    });
  });
});

describe("the tick", () => {
  const due = async (): Promise<string[]> =>
    dueForProof(space.ports, await space.ports.requests.glance(space.world.nowMs(), 0, []));

  it("has everything proved a day after the first run, and what was found mended and looked at again", async () => {
    space.world.advance(DAY_MS - 1);
    expect(await due()).toEqual([]);
    space.world.advance(1);
    expect(await due()).toEqual(["verify"]);
    await runSync(space, "verify");
    space.world.advance(DAY_MS);
    expect(await due(), "from then on the schedule has it").toEqual([]);
    await rows("delete from meetings where id = 'm1'");
    await runSync(space, "verify");
    expect(await due()).toEqual(["fireflies"]);
    await runSync(space, "fireflies");
    expect(await due()).toEqual([]);
    space.world.advance(15 * 60_000);
    expect(await due()).toEqual(["verify"]);
    await runSync(space, "vectors");
    expect((await runSync(space, "verify")).state).toBe("succeeded");
    expect(await due()).toEqual([]);
  });
});

const NO_READING = { limit: null, remaining: null, windowEndsMs: null };
