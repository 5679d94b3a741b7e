import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { createNotionEmulator } from "../../emulators/notion/emulator.ts";
import type { ProofReport } from "../../src/queries/proof.ts";
import { readD1 } from "./end-state.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  runSyncctl,
  startProgram,
  sync,
  temporaryFolder,
  waitFor,
} from "./program.ts";

afterEach(cleanUp);

type Verified = ProofReport & { readonly runs: readonly { sync: string; state: string }[] };

/** Write to a database of a data directory, while nothing runs. */
function write(dataDir: string, folder: string, sql: string, ...values: string[]): void {
  const files = globSync(join(dataDir, folder, "*.sqlite")).filter(
    (name) => !name.endsWith("/metadata.sqlite"),
  );
  for (const file of files) {
    const database = new DatabaseSync(file, { timeout: 5_000 });
    const isThere = database
      .prepare("select 1 from sqlite_schema where name = ?1")
      .get(sql.split(" ")[2] ?? "");
    if (isThere !== undefined) database.prepare(sql).run(...values);
    database.close();
  }
}

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

/** A client's: whether the clock has a run of projects made meanwhile is chance. */
async function editPage(dataDir: string): Promise<string> {
  const world = await createNotionEmulator({
    stateDir: join(dataDir, "notion-emulator"),
    nowMs: () => Date.now(),
    content: () => {
      throw new Error("there is no Notion world yet");
    },
  });
  const [row] = readD1(
    dataDir,
    "select page_id from notion_pages where sync = 'clients' and state = 'bound' order by page_id limit 1",
  );
  const page = String(row?.["page_id"]);
  world.control({ op: "edit", page, set: { Address: "1 Quay Street" } });
  await world.close();
  return page;
}

test(
  "a dropped vector, a rotten object, a deleted row and an edited page are named, mended, and clean the second time",
  async () => {
    const dataDir = join(temporaryFolder(), "data");
    const first = await sync(["--data-dir", dataDir, "--meetings-count", "4"]);
    expect(first, first.story).toMatchObject({ code: 0, outcome: { ok: true, proof: { findings: [] } } });
    const chunks = readD1(
      dataDir,
      "select document_id as meeting, min(chunks.id) as chunk, r2_key as key from chunks join meetings on meetings.id = document_id group by 1 order by 1 limit 3",
    ).map((row) => ({
      meeting: String(row["meeting"]),
      chunk: String(row["chunk"]),
      key: String(row["key"]),
    }));
    const [dropped, rotten, deleted] = chunks;
    write(
      dataDir,
      "state/do/vectorize-VectorizeStore",
      "delete from vectors where id = ?1",
      dropped?.chunk ?? "",
    );
    rot(dataDir, rotten?.key ?? "");
    write(
      dataDir,
      "state/d1/miniflare-D1DatabaseObject",
      "delete from meetings where id = ?1",
      deleted?.meeting ?? "",
    );
    const page = await editPage(dataDir);

    const program = startProgram([
      "start",
      "--data-dir",
      dataDir,
      "--port",
      "0",
      "--json",
      "--advance",
      "2m",
    ]);
    await waitFor("the program to answer", () => askApi(dataDir, "/api/status"));
    const verify = async (
      ...words: string[]
    ): Promise<{ code: number | null; report: Verified; stderr: string }> => {
      const { code, stdout, stderr } = await runSyncctl([
        "verify",
        "--data-dir",
        dataDir,
        "--json",
        ...words,
      ]);
      return { code, stderr, report: JSON.parse(stdout) as Verified };
    };
    const found = await verify("--complete");
    const named = found.report.findings.map(({ kind, subject }) => `${kind} ${subject}`).toSorted();
    expect(named, found.stderr).toEqual([
      `page_differs ${page}`,
      `raw_damaged ${rotten?.meeting}`,
      `record_missing ${deleted?.meeting}`,
      `vector_missing ${dropped?.meeting}`,
    ]);
    expect(found.code).toBe(1);
    for (const finding of found.report.findings) {
      expect(finding).toMatchObject({ repair: expect.any(String), verifiedMs: expect.any(Number) });
    }
    // The clock has runs started as well, so which of them mended is chance.
    const states = found.report.runs.map((run) => `${run.sync} ${run.state}`);
    expect([states[0], states.at(-1)]).toEqual(["verify succeeded_with_findings", "verify succeeded"]);
    const again = await verify("--complete");
    expect({ code: again.code, findings: again.report.findings, open: again.report.open }).toEqual({
      code: 0,
      findings: [],
      open: 0,
    });
    const words = await runSyncctl(["verify", "--data-dir", dataDir]);
    expect(words.code, words.stderr).toBe(0);
    expect(words.stdout).toContain("Nothing was found");
    program.kill("group");
    await program.exit;
  },
  RUN_MS,
);
