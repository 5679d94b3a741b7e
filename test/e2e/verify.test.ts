import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import type { ProofReport } from "../../src/queries/proof.ts";
import type { Status } from "../../src/queries/status.ts";
import { readD1, writeD1, writeIndexes } from "./end-state.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  runSyncctl,
  startEmulator,
  startProgram,
  sync,
  temporaryFolder,
  waitFor,
} from "./program.ts";

afterEach(cleanUp);

/** Change a byte in the middle of what lies under a key of R2, on the disk. */
function rot(dataDir: string, key: string): void {
  const index = globSync(join(dataDir, "state/r2/miniflare-R2BucketObject/*.sqlite")).find(
    (name) => !name.endsWith("/metadata.sqlite"),
  );
  const database = new DatabaseSync(index ?? "", { readOnly: true, timeout: 5_000 });
  const row = database.prepare("select blob_id as id from _mf_objects where key = ?1").get(key);
  database.close();
  const [file = ""] = globSync(join(dataDir, `state/r2/**/blobs/${String(row?.["id"])}`));
  const bytes = readFileSync(file);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}

const FINDINGS = { findings: 1 } as const;

test(
  "a dropped vector, a rotten object and a deleted row are named, mended, and clean the second time; so is an edited page",
  async () => {
    const emulator = await startEmulator(["--meetings-count", "4"]);
    const dataDir = join(temporaryFolder(), "data");
    const vendors = ["--fireflies-url", emulator.url, "--notion-url", emulator.notion.url];
    const where = ["--data-dir", dataDir, ...vendors];
    const first = await sync(where);
    expect(first.outcome.proof, first.story).toMatchObject({ ok: true, findings: [] });
    const [dropped, rotten, deleted] = readD1(
      dataDir,
      `select document_id as meeting, min(chunks.id) as chunk, r2_key as key
       from chunks join meetings on meetings.id = document_id group by 1 order by 1 limit 3`,
    ).map((row) => ({ id: String(row["meeting"]), chunk: String(row["chunk"]), key: String(row["key"]) }));
    writeIndexes(dataDir, "delete from vectors where id = ?1", dropped?.chunk ?? "");
    writeD1(dataDir, "delete from meetings where id = ?1", deleted?.id ?? "");
    rot(dataDir, rotten?.key ?? "");

    // At its end a one-shot proves everything, has it mended, and proves it again.
    const second = await sync(where);
    expect(second.code, second.story).toBe(FINDINGS.findings);
    const { findings } = second.outcome.proof;
    expect(findings.map(({ what, subject }) => `${what}: ${subject}`).toSorted()).toEqual([
      `raw revision missing or damaged: ${rotten?.id}`,
      `record missing: ${deleted?.id}`,
      `vector missing: ${dropped?.id}`,
    ]);
    for (const { cause, repair, verified } of findings)
      expect({ cause, repair, verified }).toEqual({
        cause: expect.any(String),
        repair: expect.any(String),
        verified: true,
      });
    expect(second.outcome.proof.ok).toBe(true);

    const before = Number(readD1(dataDir, "select max(asked_ms) as ms from proofs")[0]?.["ms"]);
    const program = startProgram(["start", ...where, "--port", "0", "--json"]);
    await waitFor("the first proof of the program", async () => {
      const proof = await askApi<ProofReport>(dataDir, "/api/proof");
      const status = await askApi<Status>(dataDir, "/api/status");
      const isNew = (proof?.proof?.askedMs ?? 0) > before;
      return isNew && proof?.proof?.endedMs !== null && status?.unfinished.length === 0 ? true : undefined;
    });
    const [row] = readD1(
      dataDir,
      "select page_id from notion_pages where sync = 'clients' and state = 'bound' order by page_id limit 1",
    );
    const page = String(row?.["page_id"]);
    await emulator.notion.control({ op: "behave", indexLagMs: 0 });
    await emulator.notion.control({ op: "edit", page, set: { Address: "1 Quay Street" } });
    const found = await verified(dataDir, "--complete");
    expect(found.report.findings.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      `page_differs ${page}`,
    ]);
    expect(found.report.findings[0]).toMatchObject({
      repair: expect.any(String),
      verifiedMs: expect.any(Number),
    });
    expect(found.code).toBe(FINDINGS.findings);
    const again = await verified(dataDir, "--complete");
    expect({ code: again.code, findings: again.report.findings, open: again.report.open }).toEqual({
      code: 0,
      findings: [],
      open: 0,
    });
    program.kill("group");
    await program.exit;
    await emulator.stop();
  },
  RUN_MS,
);

async function verified(
  dataDir: string,
  ...words: string[]
): Promise<{ code: number | null; report: ProofReport }> {
  const { code, stdout } = await runSyncctl(["verify", "--data-dir", dataDir, "--json", ...words]);
  return { code, report: JSON.parse(stdout) as ProofReport };
}
