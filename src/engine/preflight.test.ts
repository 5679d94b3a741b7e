import { describe, expect, it } from "vitest";
import { aListedMeeting, aRow, aWorkspace, type Workspace } from "../../test/in-process/workspace.ts";
import { FailureError } from "../core/errors.ts";
import { EMBEDDING_MODEL, SCHEMA_VERSION, STORAGE_FREE_BYTES_MIN } from "../core/policy.ts";
import { PIPELINES } from "../pipelines/index.ts";
import type { Ports } from "../ports/ports.ts";
import type { Run } from "../ports/run-store.ts";
import { executeRun } from "./run.ts";
import { startRun } from "./tick.ts";

async function runOnce(
  space: Awaited<ReturnType<typeof aWorkspace>>,
  { sync = "fireflies", trigger = "manual" }: Partial<Pick<Run, "sync" | "trigger">> = {},
): Promise<Run | null> {
  const { run } = await startRun(space.ports, space.engine, { sync, trigger, priority: "normal" });
  const { steps } = await aWorkspace();
  await executeRun(space.ports, { do: steps.do, sleepUntil: space.steps.sleepUntil }, run.id, PIPELINES);
  return space.ports.runs.run(run.id);
}

const failing = async (change: Partial<Ports>): Promise<Run | null> => runOnce(await aWorkspace(change));

describe("preflight", () => {
  it("passes four kinds of checks and shows each with what was expected and found", async () => {
    const run = await failing({});
    expect(run?.state).toBe("succeeded");
    expect(run?.result?.checks.map((check) => check.name)).toEqual(
      expect.arrayContaining(["credentials", "database", "database room", "storage", "network latency"]),
    );
    expect(run?.result?.checks.every((check) => check.ok)).toBe(true);
    const vectors = await runOnce(await aWorkspace(), { sync: "vectors" });
    expect(vectors?.result?.checks).toContainEqual(
      expect.objectContaining({ name: "vector index", ok: true }),
    );
  });

  it("names everything that is wrong at once, and touches nothing", async () => {
    const run = await failing({ source: null, schemaVersion: "9999_other.sql", freeBytes: async () => 7 });
    expect(run?.state).toBe("failed");
    expect(run?.detail).toContain("credentials: no key: set FIREFLIES_API_KEY in .env");
    expect(run?.detail).toContain(`database: ${SCHEMA_VERSION}, expected 9999_other.sql`);
    expect(run?.detail).toContain(
      `storage: 7 bytes free, expected at least ${STORAGE_FREE_BYTES_MIN} bytes free`,
    );
    expect(run?.result?.counts.seen).toBe(0);
  });

  it("parks without a key and opens an alert", async () => {
    const space = await aWorkspace({ source: null });
    expect(await runOnce(space)).toMatchObject({ state: "parked", notBeforeMs: null });
    expect((await space.ports.runs.openAlerts()).items).toMatchObject([{ kind: "access_lost" }]);
  });

  it("halts when there is no room, says storage_full, and goes on by itself when there is", async () => {
    let free = 0;
    const space = await aWorkspace({ freeBytes: async () => free });
    expect(await runOnce(space)).toMatchObject({ state: "failed" });
    expect((await space.ports.runs.openAlerts()).items).toMatchObject([{ kind: "storage_full" }]);
    free = STORAGE_FREE_BYTES_MIN;
    expect(await runOnce(space)).toMatchObject({ state: "succeeded" });
    expect((await space.ports.runs.openAlerts()).items).toEqual([]);
  });

  it("refuses a model whose window is below a chunk, and says so of one whose window nobody knows", async () => {
    const { ports } = await aWorkspace();
    const withWindow = async (tokensMax: number | null) =>
      runOnce(await aWorkspace({ embedder: { ...ports.embedder, tokensMax } }), { sync: "vectors" });
    const refused = await withWindow(512);
    expect(refused).toMatchObject({ state: "failed" });
    expect(refused?.detail).toBe(
      `${EMBEDDING_MODEL.name} takes 512 tokens and a chunk has up to 1000 tokens`,
    );
    const unknown = await withWindow(null);
    expect(unknown?.state).toBe("succeeded");
    expect(unknown?.result?.checks).toContainEqual({
      name: "model window",
      ok: true,
      expected: "1000 tokens",
      actual: `unknown for ${EMBEDDING_MODEL.name}: state it with EMBEDDINGS_TOKENS_MAX`,
    });
  });

  it.each([
    ["name", { model: "another" }],
    ["length", { dimensions: 512 }],
    ["pooling", { pooling: "mean" }],
  ])(
    "locks the live index to its model: another %s is refused with the command that builds it",
    async (_, change) => {
      const space = await aWorkspace();
      expect((await runOnce(space, { sync: "vectors" }))?.state).toBe("succeeded");
      const wanted = { embedder: { ...space.ports.embedder, ...change }, problem: null };
      const changed = { ...space, ports: { ...space.ports, wanted } };
      const refused = await runOnce(changed, { sync: "vectors" });
      expect(refused).toMatchObject({ state: "failed" });
      expect(refused?.detail).toContain("npm run -s syncctl -- rebuild vectors");
      expect((await space.ports.runs.openAlerts()).items).toMatchObject([
        { kind: "embeddings_refused", subject: "vectors" },
      ]);
      // Meetings come all the same.
      expect((await runOnce(changed))?.state).toBe("succeeded");
      expect((await runOnce(space, { sync: "vectors" }))?.state).toBe("succeeded");
      expect((await space.ports.runs.openAlerts()).items).toEqual([]);
    },
  );

  it("says what is wrong with the setting, in its own words", async () => {
    const wanted = { embedder: null, problem: "EMBEDDINGS must be something else." };
    const run = await runOnce(await aWorkspace({ wanted }), { sync: "vectors" });
    expect(run).toMatchObject({ state: "failed", detail: "EMBEDDINGS must be something else." });
  });

  it("asks who a key belongs to once, not at every run", async () => {
    const space = await aWorkspace();
    await runOnce(space);
    await runOnce(space);
    expect(space.source.calls.filter((call) => call === "account")).toHaveLength(1);
  });

  it("refuses the key of another workspace, at every run, and writes nothing of it", async () => {
    const space = await aWorkspace();
    await runOnce(space);
    const other = {
      ...space.source,
      keyName: "fireflies:other",
      account: async () => ({ accountId: "account-2", meetings: null, quota: NO_QUOTA }),
    };
    other.meetings = [aListedMeeting("foreign")];
    const foreign = { ...space, ports: { ...space.ports, source: other } };
    for (const _ of [1, 2]) expect((await runOnce(foreign))?.detail).toContain("use another --data-dir");
    expect((await space.ports.records.totals()).records).toBe(0);
  });

  it("lets the first account that was proven own the records, whichever key was tried before it", async () => {
    const space = await aWorkspace();
    const keyed = (name: string, accountId: string): Workspace => {
      const account = async () => ({ accountId, meetings: null, quota: NO_QUOTA });
      const source = { ...space.source, keyName: `fireflies:${name}`, account };
      source.listMeetings = async () => {
        space.source.calls.push(`list of ${name}`);
        const items = [aRow(aListedMeeting(`meeting of ${name}`))];
        return { items, cursor: null, replyBytes: 1, quota: NO_QUOTA };
      };
      return { ...space, source, ports: { ...space.ports, source } };
    };
    const a = keyed("a", "account-a");
    const limited = keyed("a", "account-a");
    limited.source.account = async () => {
      throw new FailureError({
        kind: "quota",
        party: "fireflies",
        detail: "too_many_requests",
        notBeforeMs: space.world.nowMs() + 86_400_000,
      });
    };
    // The key of A is known from now on, its account is not.
    expect((await runOnce(limited))?.state).toBe("parked");
    const b = keyed("b", "account-b");
    b.source.listMeetings = async ({ skip }) => ({
      items: skip === 0 ? [aRow(aListedMeeting("meeting of b"))] : [],
      cursor: null,
      replyBytes: 1,
      quota: NO_QUOTA,
    });
    expect((await runOnce(b))?.state).toBe("succeeded");
    space.world.advance(2 * 86_400_000);
    for (const _ of [1, 2]) expect((await runOnce(a))?.detail).toContain("use another --data-dir");
    expect(space.source.calls).not.toContain("list of a");
    expect((await runOnce(b))?.state).toBe("succeeded");
    expect((await space.ports.records.totals()).records).toBe(1);
  });
});

const NO_QUOTA = { limit: null, remaining: null, windowEndsMs: null };
