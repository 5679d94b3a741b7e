import { beforeEach, describe, expect, it } from "vitest";
import { aListedMeeting, aWorkspace, runSync, type Workspace } from "../../test/in-process/workspace.ts";
import { FailureError } from "../core/errors.ts";
import { DEAD_LINGERS_MS, DEAD_RECHECK_AGES_MS, REFUSED_RETRY_AFTER_MS } from "../core/policy.ts";
import type { Ports } from "../ports/ports.ts";

const SAID =
  "The crane moves to the north side before the pour, and the permit for the scaffold is renewed by Friday noon. ";
const spoken = (lines: number, word = "") =>
  Array.from({ length: lines }, (_, line) => ({ speaker_name: "Maya", text: `${word}${line} ${SAID}` }));

describe("syncVectors", () => {
  let space: Workspace;
  beforeEach(async () => {
    space = await aWorkspace();
    space.source.meetings = [aListedMeeting("m1", { sentences: spoken(60) })];
    await runSync(space, "fireflies");
  });
  const changeMeeting = async (lines: number): Promise<void> => {
    space.source.meetings = [aListedMeeting("m1", { sentences: spoken(lines, "changed ") })];
    await runSync(space, "fireflies");
  };
  const rows = async (): Promise<{ id: string; state: string }[]> =>
    (await space.d1.prepare("select id, state from chunks").all<{ id: string; state: string }>()).results;
  const visible = async (): Promise<string[]> =>
    (await space.ports.index.getByIds((await rows()).map((row) => row.id))).map((vector) => vector.id);
  const live = async (): Promise<string[]> =>
    (await rows()).filter((row) => row.state === "live").map((row) => row.id);

  it("replaces the vectors of a changed transcript, sees the old ones gone, and embeds nothing twice", async () => {
    const first = await runSync(space, "vectors");
    expect(first.result?.counts).toMatchObject({ seen: 1, created: 1 });
    const before = await live();
    await changeMeeting(60);
    const second = await runSync(space, "vectors");
    expect(second.result?.counts).toMatchObject({ seen: 1, updated: 1 });
    expect((await visible()).toSorted()).toEqual((await live()).toSorted());
    expect((await live()).some((id) => before.includes(id))).toBe(false);
  });

  it("gives text that comes back a new id and its old embedding", async () => {
    await runSync(space, "vectors");
    const original = space.source.meetings;
    await changeMeeting(60);
    await runSync(space, "vectors");
    space.source.meetings = original;
    await runSync(space, "fireflies");
    const back = await runSync(space, "vectors");
    expect(back.result?.embeddedChunks).toBe(0);
    expect((await visible()).toSorted()).toEqual((await live()).toSorted());
  });

  it("keeps a document owed, with a finding, when a vector was accepted and never appears", async () => {
    const index = { ...space.ports.index, upsert: async () => {} };
    const lost = await runSync(space, "vectors", { ...space.ports, index });
    expect(lost).toMatchObject({ state: "succeeded_with_findings" });
    expect(lost.result?.counts).toMatchObject({ seen: 1, pending: 1 });
    expect(await space.ports.records.owedCount(space.world.nowMs())).toEqual({ owed: 1, due: 1 });
    expect((await space.ports.runs.openAlerts()).items.map((alert) => alert.kind)).toContain(
      "vectors_not_visible",
    );
    const found = await runSync(space, "vectors");
    expect(found).toMatchObject({ state: "succeeded" });
    expect(found.result?.embeddedChunks).toBe(0);
  });

  it("does not take a vector with other values for the one it sent", async () => {
    const getByIds: Ports["index"]["getByIds"] = async (ids) =>
      (await space.ports.index.getByIds(ids)).map((vector) => ({
        ...vector,
        values: Array.from(vector.values, () => 0),
      }));
    const run = await runSync(space, "vectors", {
      ...space.ports,
      index: { ...space.ports.index, getByIds },
    });
    expect(run.result?.counts.pending).toBe(1);
  });

  it("goes on deleting a vector whose delete was lost, and says so until it is gone", async () => {
    await runSync(space, "vectors");
    const before = await live();
    await changeMeeting(60);
    const deaf = { ...space.ports, index: { ...space.ports.index, deleteByIds: async () => {} } };
    expect((await runSync(space, "vectors", deaf)).result?.findings.join()).toContain("still visible");
    space.world.advance(DEAD_LINGERS_MS);
    expect((await runSync(space, "vectors", deaf)).result?.findings.join()).toContain("still visible");
    expect(await visible()).toEqual(expect.arrayContaining(before));
    expect((await runSync(space, "vectors")).state).toBe("succeeded_with_findings");
    expect((await runSync(space, "vectors")).state).toBe("succeeded");
    expect((await visible()).toSorted()).toEqual((await live()).toSorted());
  });

  it("looks at a deleted vector again after an hour and after a day, and no more", async () => {
    await runSync(space, "vectors");
    await changeMeeting(60);
    await runSync(space, "vectors");
    const due = async (): Promise<number> =>
      (await space.ports.records.deadDue(space.world.nowMs(), 100)).items.length;
    const looks: boolean[] = [];
    for (const ageMs of DEAD_RECHECK_AGES_MS) {
      looks.push((await due()) > 0);
      space.world.advance(ageMs);
      looks.push((await due()) > 0);
      await runSync(space, "vectors");
    }
    space.world.advance(10 * (DEAD_RECHECK_AGES_MS.at(-1) ?? 0));
    expect([...looks, (await due()) > 0]).toEqual([false, true, false, true, false]);
  });

  it("does not pay again for what was embedded before a call of the model failed", async () => {
    await changeMeeting(3_000);
    let texts = 0;
    let calls = 0;
    const embedder: Ports["embedder"] = {
      ...space.ports.embedder,
      embedDocuments: async (batch) => {
        calls += 1;
        if (calls === 3)
          throw new FailureError({ kind: "rate_limited", party: "workers-ai", detail: "3040" });
        texts += batch.length;
        return space.ports.embedder.embedDocuments(batch);
      },
    };
    const run = await runSync(space, "vectors", { ...space.ports, embedder });
    expect(run.state).toBe("succeeded");
    expect(texts).toBe((await live()).length);
  });

  describe("a document that is refused", () => {
    const refusing = (
      party: "vectorize" | "workers-ai",
      isRefused: (documentId: string) => boolean,
    ): Pick<Ports, "index" | "embedder"> => {
      const { index, embedder } = space.ports;
      const refuse = (): never => {
        throw new FailureError({ kind: "refused", party, detail: "40016" });
      };
      return {
        index: {
          ...index,
          upsert: async (vectors) => {
            upserts += 1;
            const ids = vectors.map((vector) => String(vector.metadata["document"]));
            return party === "vectorize" && ids.some(isRefused) ? refuse() : index.upsert(vectors);
          },
        },
        embedder: {
          ...embedder,
          embedDocuments: async (texts) => {
            embeds += 1;
            const isOf = (text: string): boolean => isRefused(/(\w+)0 The crane/.exec(text)?.[1] ?? "");
            return party === "workers-ai" && texts.some(isOf) ? refuse() : embedder.embedDocuments(texts);
          },
        },
      };
    };
    let upserts = 0;
    let embeds = 0;
    const ids = ["m1", "m2", "m3", "m4", "m5", "m6", "m7"];
    const bring = async (changed = ""): Promise<void> => {
      space.source.meetings = ids.map((id) =>
        aListedMeeting(id, { sentences: spoken(20, id === changed ? `changed${id} ` : id) }),
      );
      await runSync(space, "fireflies");
      [upserts, embeds] = [0, 0];
    };
    const openKinds = async (): Promise<string[]> =>
      (await space.ports.runs.openAlerts()).items.map((alert) => alert.kind);

    it.each(["vectorize", "workers-ai"] as const)(
      "by %s costs itself alone, is paused, and comes in when its text changes",
      async (party) => {
        await bring();
        const ports = { ...space.ports, ...refusing(party, (id) => id === "m3") };
        const run = await runSync(space, "vectors", ports);
        expect(run.state).toBe("succeeded_with_findings");
        expect(run.result?.counts).toMatchObject({ seen: 7, created: 6, failed: 1 });
        const { items } = await space.ports.runs.setAside(run.id, 10);
        expect(items).toEqual([{ itemId: "m3", verdict: "failed", reason: `${party} refuses it: 40016` }]);
        expect(await openKinds()).toContain("vectors_refused");
        expect((await visible()).toSorted()).toEqual(expect.arrayContaining((await live()).toSorted()));
        expect(await space.ports.records.owedCount(space.world.nowMs())).toEqual({ owed: 1, due: 0 });

        [upserts, embeds] = [0, 0];
        expect((await runSync(space, "vectors", ports)).result?.counts.seen).toBe(0);
        expect([upserts, embeds], "it costs no call until it is due").toEqual([0, 0]);
        expect(await openKinds()).toContain("vectors_refused");

        await bring("m3");
        const cured = { ...space.ports, ...refusing(party, (id) => id === "m3" && party === "workers-ai") };
        expect((await runSync(space, "vectors", cured)).result?.counts).toMatchObject({
          seen: 1,
          created: 1,
        });
        expect(await openKinds()).not.toContain("vectors_refused");
        expect(await space.ports.records.owedCount(space.world.nowMs())).toEqual({ owed: 0, due: 0 });
      },
    );

    it("is tried again a day later", async () => {
      await bring();
      await runSync(space, "vectors", { ...space.ports, ...refusing("vectorize", (id) => id === "m3") });
      space.world.advance(REFUSED_RETRY_AFTER_MS);
      expect((await runSync(space, "vectors")).result?.counts).toMatchObject({ seen: 1, created: 1 });
      expect(await openKinds()).not.toContain("vectors_refused");
    });

    it("is not taken for the fault when every document is refused: the run fails, and nothing is paused", async () => {
      await bring();
      const run = await runSync(space, "vectors", { ...space.ports, ...refusing("vectorize", () => true) });
      expect(run).toMatchObject({
        state: "failed",
        detail: "every one of 7 documents: vectorize refuses it: 40016",
      });
      expect(await space.ports.records.owedCount(space.world.nowMs())).toEqual({ owed: 7, due: 7 });
    });
  });

  it("says of a run that broke off what it did not reach", async () => {
    const embedDocuments = async () => {
      throw new FailureError({ kind: "defect", party: "workers-ai", detail: "5006" });
    };
    const run = await runSync(space, "vectors", {
      ...space.ports,
      embedder: { ...space.ports.embedder, embedDocuments },
    });
    expect(run).toMatchObject({ state: "failed" });
    expect(run.result?.counts).toMatchObject({ seen: 1, failed: 1 });
  });
});
