import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import type { SearchReply } from "../../src/queries/search.ts";
import type { Status } from "../../src/queries/status.ts";
import { readD1, readIndexes } from "./end-state.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  runProgram,
  runSyncctl,
  startProgram,
  sync,
  temporaryFolder,
  untilServing,
  waitFor,
  type Started,
  runOf,
} from "./program.ts";
import { settledMeetings, writeMeetings } from "./worlds.ts";

const MEETINGS = 60;
/** Said in the sample workspace's meetings. */
const QUESTION = "concrete pour schedule";

afterEach(cleanUp);

/** Asks one question over and over, as long as the program runs. */
class Questions {
  readonly #dataDir: string;
  readonly #answers: SearchReply[] = [];
  #isOver = false;
  #asking: Promise<void>;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#asking = this.#askOn();
  }

  async #askOn(): Promise<void> {
    while (!this.#isOver) {
      const reply = await askApi<SearchReply>(this.#dataDir, `/api/search?q=${encodeURIComponent(QUESTION)}`);
      // Nobody answers while the program is down.
      if (reply !== undefined) this.#answers.push(reply);
      await delay(25);
    }
  }

  async end(): Promise<readonly SearchReply[]> {
    this.#isOver = true;
    await this.#asking;
    return this.#answers;
  }
}

async function started(dataDir: string, embeddings: string): Promise<Started> {
  const program = startProgram(["start", "--port", "0", "--data-dir", dataDir], {
    env: { EMBEDDINGS: embeddings },
  });
  await waitFor("the API", () => askApi<Status>(dataDir, "/api/status"));
  return program;
}

/** Whether an index is in a state, read off the disk: the API takes its turn behind what is going on. */
const isSome = (dataDir: string, state: "building" | "emptying"): true | undefined =>
  readD1(dataDir, `select 1 from indexes where state = '${state}'`).length > 0 || undefined;

test(
  "another dimension, killed twice, ends with the new index complete and the old one empty, and search answers all the while",
  async () => {
    const folder = temporaryFolder();
    const dataDir = join(folder, "data");
    const meetings = writeMeetings(join(folder, "meetings.jsonl"), settledMeetings(MEETINGS));
    const first = await sync(["--data-dir", dataDir, "--meetings", meetings]);
    expect(first, first.story).toMatchObject({ code: 0, outcome: { ok: true } });
    const before = readIndexes(dataDir);
    const chunks = first.outcome.proof.meetings.chunks;
    expect(before).toContainEqual({ shape: "1024 dimensions, cosine", vectors: chunks });

    // Without a word from a person, nothing is built and nothing is lost.
    const refused = await sync(["--data-dir", dataDir], { env: { EMBEDDINGS: "lexical#512" } });
    expect(refused.code).toBe(3);
    expect(refused.outcome.runs.find((run) => run.sync === "vectors")?.detail).toBe(
      "the vectors are those of lexical#1024 and EMBEDDINGS asks for lexical#512: build them anew with npm run -s syncctl -- rebuild vectors, or set EMBEDDINGS back",
    );

    let program = await started(dataDir, "lexical#512");
    const questions = new Questions(dataDir);
    const asked = await waitFor("the rebuild to be taken", () =>
      askApi<{ rebuild_id: string }>(dataDir, "/api/rebuilds", { what: "vectors" }),
    );
    // The first kill takes workerd as well, the second node alone.
    await waitFor("the other index to be built", () => isSome(dataDir, "building"), { everyMs: 2 });
    program.kill("group");
    await program.exit;
    expect(liveIn(dataDir)).toEqual(["lexical#1024"]);

    program = await started(dataDir, "lexical#512");
    await waitFor("the old index to be taken away", () => isSome(dataDir, "emptying"), { everyMs: 2 });
    program.kill("node");
    await program.exit;
    expect(liveIn(dataDir)).toEqual(["lexical#512"]);

    // Whatever is started next carries it to its end, be it the one-shot.
    const last = await sync(["--data-dir", dataDir], { env: { EMBEDDINGS: "lexical#512" } });
    expect(last, last.story).toMatchObject({ code: 0, outcome: { ok: true } });
    const answers = await questions.end();
    expect(readD1(dataDir, `select outcome from rebuilds where id = '${asked.rebuild_id}'`)).toEqual([
      { outcome: "done" },
    ]);

    expect(answers.length).toBeGreaterThan(20);
    for (const { items, notes } of answers) {
      expect(notes).toEqual([]);
      expect(items.length).toBeGreaterThan(0);
      expect(items.some((hit) => hit.foundBy.includes("vectors"))).toBe(true);
    }
    expect(readD1(dataDir, "select binding, model, dimensions, state from indexes")).toEqual([
      { binding: "VECTORS_B", model: "lexical#512", dimensions: 512, state: "live" },
    ]);
    expect(readIndexes(dataDir)).toEqual([
      { shape: "1024 dimensions, cosine", vectors: 0 },
      { shape: "512 dimensions, cosine", vectors: chunks },
    ]);
    // Twice is once, and the proof holds; without the setting what is live goes on.
    const again = await sync(["--data-dir", dataDir]);
    expect(again, again.story).toMatchObject({
      code: 0,
      outcome: { ok: true, proof: { ok: true, meetings: { chunks, vectors: chunks, unexplained: [] } } },
    });
    expect(runOf(again, "vectors").embedded_chunks).toBe(0);
  },
  2 * RUN_MS,
);

const liveIn = (dataDir: string): unknown[] =>
  readD1(dataDir, "select model from indexes where state = 'live'").map((row) => row["model"]);

test(
  "records and chunks that were damaged by hand come back by a command, which says how far it is and how it ended",
  async () => {
    const folder = temporaryFolder();
    const dataDir = join(folder, "data");
    const first = await sync(["--data-dir", dataDir, "--meetings-count", "12"]);
    expect(first, first.story).toMatchObject({ outcome: { ok: true } });
    const program = startProgram(["start", "--port", "0", "--data-dir", dataDir]);
    await untilServing(program);
    const command = (...words: string[]) => runSyncctl([...words, "--data-dir", dataDir]);

    const records = await command("rebuild", "records", "--watch");
    expect(records).toMatchObject({ code: 0, stdout: "rebuild records: done.\n" });
    expect(records.stderr).toContain("rebuild records: ");
    const chunks = await command("rebuild", "chunks", "--scope", "from:2020-01-01", "--watch", "--json");
    expect(chunks.code).toBe(0);
    expect(JSON.parse(chunks.stdout)).toMatchObject({ outcome: "done", findings: [] });
    const plain = await command("rebuild", "vectors");
    expect(plain.stdout).toMatch(/^rebuild vectors asked for: run \w+\.\n/);

    for (const [words, code, sentence] of [
      [
        ["rebuild", "everything"],
        2,
        'error: there is no "everything" to rebuild; there are records, chunks, vectors\n',
      ],
      [["rebuild", "chunks", "--scope", "yesterday"], 2, "A scope is meeting:<id>"],
      [["rebuild", "records", "--scope", "meeting:none"], 2, 'there is no meeting "none"\n'],
    ] as const) {
      const refused = await command(...words);
      expect([refused.code, refused.stdout]).toEqual([code, ""]);
      // The vectors are being made anew; then that is what is said.
      if (!refused.stderr.includes("is going on")) expect(refused.stderr).toContain(sentence);
    }
    program.kill("group");
    await program.exit;
    const off = await command("rebuild", "records");
    expect(off).toMatchObject({ code: 3, stderr: expect.stringContaining("Nothing is running on") });
  },
  2 * RUN_MS,
);

test("a setting that means nothing is one sentence, exit 2, and nothing is started", async () => {
  const dataDir = join(temporaryFolder(), "data");
  const ended = await runProgram(["sync", "--data-dir", dataDir], { env: { EMBEDDINGS: "lexical#7" } });
  expect(ended).toEqual({
    code: 2,
    stdout: "",
    stderr: "EMBEDDINGS: lexical has 16 to 1536 dimensions, as in lexical#512.\n",
  });
  expect(readD1(dataDir, "select 1")).toEqual([]);
});
