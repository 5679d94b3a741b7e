import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Status } from "../../src/queries/status.ts";
import { readD1 } from "./end-state.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  mayRunProgram,
  runEmulators,
  runProgram,
  runSyncctl,
  startEmulator,
  startProgram,
  sync,
  temporaryFolder,
  waitFor,
  type Emulator,
  type Ended,
} from "./program.ts";
import { fill, smallDisk } from "./small-disk.ts";
import { settledMeetings, writeMeetings } from "./worlds.ts";

const EXIT = { findings: 1, usage: 2, failed: 3 } as const;
const FEW = ["--meetings-count", "3"];

const NOBODY = { uid: 65_534, gid: 65_534 };

afterEach(cleanUp);

describe("a wrong command line", () => {
  test.each([
    { args: ["sync", "--meetingz", "x"], says: /unknown option '--meetingz'\n\(Did you mean --meetings\?\)/ },
    { args: ["sinc"], says: /unknown command 'sinc'\n\(Did you mean sync\?\)/ },
    { args: ["sync", "now"], says: /too many arguments for 'sync'/ },
    {
      args: ["sync", "--speed", "fast"],
      says: /'--speed <n>' argument 'fast' is invalid. It must be a number from/,
    },
    {
      args: ["sync", "--advance", "tomorrow"],
      says: /'--advance <time>' argument 'tomorrow' is invalid. Write a span such as 7d/,
    },
    {
      args: ["sync", "--faults", "many"],
      says: /'--faults <spec>' argument 'many' is invalid. Faults are written seed=7/,
    },
    {
      args: ["sync", "--data-dir", ""],
      says: /'--data-dir <dir>' argument '' is invalid. It must name a dir/,
    },
    { args: ["sync", "--vector-delay", "1h"], says: /Write a span up to 5m, such as 2s\./ },
    { args: ["sync", "--fireflies-url", "here"], says: /It must be an address like http/ },
    { args: ["sync", "--meetings", "a", "--meetings-count", "3"], says: /cannot be used with option/ },
  ])("$args is refused with 2 and leaves nothing", async ({ args, says }) => {
    const folder = temporaryFolder();
    const { code, stdout, stderr } = await runProgram(args, { cwd: folder });
    expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: "" });
    expect(stderr).toMatch(says);
    expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ["--meetings", "file.jsonl"],
    ["--meetings-count", "3"],
    ["--seed", "3"],
    ["--speed", "60"],
    ["--faults", "rate=0.2"],
    ["--quota-per-day", "4"],
    ["--advance", "7d"],
  ])("that gives %s to the real service is refused with 2 before anything is made", async (...option) => {
    const folder = temporaryFolder();
    // A file in the way of the data directory: should the option be let through, nothing is asked of anybody.
    writeFileSync(join(folder, "file"), "");
    const args = ["--data-dir", join(folder, "file/data"), ...option];
    for (const command of ["sync", "start"]) {
      const { code, stdout, stderr } = await runProgram([command, ...args], {
        cwd: folder,
        env: { FIREFLIES_API_KEY: "no-real-key" },
      });
      expect({ code, stdout }, stderr).toEqual({ code: EXIT.usage, stdout: "" });
      expect(stderr).toBe(
        `error: FIREFLIES_API_KEY is set, so the real Fireflies would be asked, which knows nothing of ${option[0]}: leave that out, or unset the key (environment or .env) for the emulator.\n`,
      );
    }
  });

  test("lets a key in .env decide as well, and an emulator run elsewhere take any key", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    writeFileSync(join(folder, ".env"), "FIREFLIES_API_KEY=no-real-key\n");
    const args = ["sync", "--data-dir", "file/data"];
    const real = await runProgram([...args, "--speed", "60", "--seed", "1"], { cwd: folder });
    expect(real).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringMatching(/knows nothing of --speed, --seed:/),
    });
    const elsewhere = await runProgram([...args, "--fireflies-url", "http://127.0.0.1:9"], { cwd: folder });
    expectRefused(elsewhere, /a file is in the way/);
  });

  test("of syncctl and of the emulators is refused the same way", async () => {
    const client = await runSyncctl(["status", "--jsn"]);
    expect(client).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringContaining("(Did you mean --json?)"),
    });
    const emulators = await runEmulators(["--fireflies-prt", "0"]);
    expect(emulators).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringContaining("(Did you mean --fireflies-port?)"),
    });
    expect(await runEmulators(["--fireflies-port", "80000"])).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringMatching(/'80000' is invalid\. It must be a whole number from 0 to 65535\./),
    });
  });
});

describe("a file of meetings", () => {
  test("that cannot be read, or holds none, is named with the reason, and no data directory is made", async () => {
    const folder = temporaryFolder();
    const garbage = join(folder, "garbage.jsonl");
    writeFileSync(garbage, "no meeting\n");
    const cases: [string, RegExp][] = [
      [join(folder, "absent.jsonl"), /absent\.jsonl was not loaded: there is no such file/],
      [folder, /was not loaded: it is a folder/],
      [garbage, /garbage\.jsonl holds no meeting: line 1: is not JSON/],
    ];
    for (const [path, says] of cases) {
      expectRefused(await runProgram(["sync", "--data-dir", join(folder, "data"), "--meetings", path]), says);
    }
    expect(readdirSync(folder)).toEqual(["garbage.jsonl"]);
  });

  test(
    "with some bad lines is loaded without them; each is named with what is wrong, and the exit code is 1",
    async () => {
      const folder = temporaryFolder();
      const file = writeMeetings(join(folder, "meetings.jsonl"), settledMeetings(3));
      const [good] = settledMeetings(1);
      writeFileSync(
        file,
        `${JSON.stringify(good).slice(0, 99)}\n{"title":"nameless"}\n{"id":"x","sentences":3}\n[1]\n`,
        { flag: "a" },
      );
      const { code, outcome, stderr } = await sync(["--data-dir", join(folder, "data"), "--meetings", file]);
      expect({ code, ok: outcome.ok }).toEqual({ code: EXIT.findings, ok: false });
      expect(outcome.problems.map((problem) => problem.slice(0, 7))).toEqual([
        "line 4:",
        "line 5:",
        "line 6:",
        "line 7:",
      ]);
      expect(outcome.problems[1]).toContain("the id is missing");
      for (const problem of outcome.problems) expect(stderr).toContain(`${file} ${problem}; left out.`);
      expect(outcome.proof).toMatchObject({ ok: true, meetings: { source: 3, raw: 3 } });
    },
    RUN_MS,
  );
});

describe("credentials and workspaces", () => {
  test(
    "a key that is refused parks the lane with an alert, and the right key lifts both",
    async () => {
      const emulator = await startEmulator(FEW);
      const args = ["--data-dir", join(temporaryFolder(), "data"), "--fireflies-url", emulator.url];
      const wrong = await sync(args, { env: { FIREFLIES_API_KEY: "wrong" } });
      expect(wrong, wrong.story).toMatchObject({ code: EXIT.failed, outcome: { ok: false } });
      expect(wrong.outcome.runs[0]).toMatchObject({ state: "parked", not_before: null, counts: { seen: 0 } });
      expect(wrong.outcome.alerts).toEqual([
        {
          kind: "access_lost",
          subject: "fireflies",
          detail: expect.stringMatching(/key was refused .*FIREFLIES_API_KEY/),
        },
      ]);
      expect(wrong.stderr).toMatch(
        /parked, .*the key was refused \(auth_failed\): set another FIREFLIES_API_KEY/,
      );
      expect((await emulator.log()).length, "one look at the key, no blind retries").toBe(1);

      const right = await sync(args);
      expect(right, right.story).toMatchObject({ code: 0, outcome: { ok: true, alerts: [] } });
    },
    RUN_MS,
  );

  test(
    "a data directory of another workspace is refused, names --data-dir, and keeps what it has",
    async () => {
      const dataDir = join(temporaryFolder(), "data");
      const [own, other] = await Promise.all([startEmulator(FEW), startEmulator([...FEW, "--seed", "9"])]);
      const first = await sync(["--data-dir", dataDir, "--fireflies-url", own.url]);
      expect(first, first.story).toMatchObject({ code: 0 });
      const second = await sync(["--data-dir", dataDir, "--fireflies-url", other.url]);
      expect(second, second.story).toMatchObject({
        code: EXIT.failed,
        outcome: { ok: false, runs: [{ state: "parked" }, {}, {}, {}, {}] },
      });
      expect(second.stderr).toMatch(/belongs to another Fireflies workspace; use another --data-dir/);
      expect(second.outcome.proof.meetings).toEqual(first.outcome.proof.meetings);
      expect((await other.log()).map((entry) => entry.fields)).toEqual([["user"]]);
    },
    RUN_MS,
  );

  test("a .env that cannot be read is named before anything is made", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, ".env"));
    expectRefused(
      await runProgram(["sync"], { cwd: folder }),
      /^\.env cannot be read \(\w+\): make it a file of NAME=value lines, or remove it\.$/m,
    );
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test(
    "two workspaces of one seed that serve different meetings are told apart, and the same one is known again",
    async () => {
      const dataDir = join(temporaryFolder(), "data");
      const [own, other, again] = await Promise.all([
        startEmulator(FEW),
        startEmulator(["--meetings-count", "4"]),
        startEmulator(FEW),
      ]);
      const run = (emulator: Emulator) => sync(["--data-dir", dataDir, "--fireflies-url", emulator.url]);
      expect((await run(own)).code).toBe(0);
      expect((await run(other)).stderr).toMatch(
        /belongs to another Fireflies workspace; use another --data-dir/,
      );
      expect((await run(again)).code).toBe(0);
    },
    RUN_MS,
  );

  test(
    "other meetings on a data directory are refused, and the sentence names --data-dir",
    async () => {
      const folder = temporaryFolder();
      const files = [2, 3].map((count) =>
        writeMeetings(join(folder, `${count}.jsonl`), settledMeetings(count)),
      );
      const args = ["--data-dir", join(folder, "data"), "--meetings"];
      expect((await sync([...args, files[0] ?? ""])).code).toBe(0);
      expectRefused(
        await runProgram(["sync", ...args, files[1] ?? ""]),
        /was filled from other meetings, .*; choose another directory with --data-dir, or the same meetings\.$/m,
      );
    },
    RUN_MS,
  );

  test("nothing at --fireflies-url is said in one sentence", async () => {
    const folder = temporaryFolder();
    const args = ["sync", "--data-dir", join(folder, "data"), "--fireflies-url", "http://127.0.0.1:9"];
    expectRefused(
      await runProgram(args),
      /Nothing answers at http:\/\/127\.0\.0\.1:9: start an emulator there/,
    );
  });
});

describe("a data directory", () => {
  test(
    "in use is refused and its owner named; syncctl finds the owner, and says when nobody is there",
    async () => {
      const dataDir = join(temporaryFolder(), "data");
      const nobody = await runSyncctl(["status", "--data-dir", dataDir]);
      expectRefused(nobody, /Nothing is running on .*: start it with npm start/);
      const owner = startProgram(["start", "--data-dir", dataDir, "--port", "0", ...FEW]);
      await waitFor("the first start to answer", () => askApi<Status>(dataDir, "/api/status"));
      const second = await runProgram(["sync", "--data-dir", dataDir]);
      expectRefused(
        second,
        new RegExp(
          `is in use by process ${owner.pid} \\(http://127\\.0\\.0\\.1:\\d+\\): stop it, or choose another`,
        ),
      );
      const status = await runSyncctl(["status", "--data-dir", dataDir, "--json"]);
      expect(status.code).toBe(0);
      expect(JSON.parse(status.stdout)).toMatchObject({ alerts: [] });
      process.kill(owner.pid, "SIGTERM");
      await owner.exit;
      expectRefused(await runSyncctl(["status", "--data-dir", dataDir]), /Nothing is running on/);
    },
    RUN_MS,
  );

  test(
    "whose database is damaged is refused with one sentence, and left as it is",
    async () => {
      const dataDir = join(temporaryFolder(), "data");
      expect((await sync(["--data-dir", dataDir, ...FEW])).code).toBe(0);
      const database = globSync(join(dataDir, "state/d1/*/*.sqlite")).find(
        (file) => !file.endsWith("/metadata.sqlite"),
      );
      if (database === undefined) throw new Error("there is no database");
      for (const file of globSync(`${database}-*`)) rmSync(file);
      writeFileSync(database, "damaged ".repeat(2_000));
      expectRefused(
        await runProgram(["sync", "--data-dir", dataDir]),
        /^The database in .*\/state\/d1 cannot be read \(.*\): restore .* from a copy, or choose another directory with --data-dir\.$/m,
      );
      expect(readFileSync(database, "utf8")).toMatch(/^damaged damaged/);
    },
    RUN_MS,
  );

  test("that holds files of somebody else is refused, and they stay as they are", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "scratch"));
    for (const name of ["scratch/notes", "token", "runtime.json"]) writeFileSync(join(folder, name), "mine");
    expectRefused(
      await runProgram(["sync", "--data-dir", "."], { cwd: folder }),
      /^\. holds other files \(such as .*\) and no workspace\.json, .* name an empty or a new directory/,
    );
    expect(readdirSync(folder).toSorted()).toEqual(["runtime.json", "scratch", "token"]);
    for (const name of ["scratch/notes", "token", "runtime.json"]) {
      expect(readFileSync(join(folder, name), "utf8")).toBe("mine");
    }
  });

  test("of a newer format is refused and left as it is", async () => {
    const dataDir = join(temporaryFolder(), "data");
    mkdirSync(dataDir);
    const format = { formatVersion: 99, createdAt: "2026-01-01T00:00:00.000Z" };
    writeFileSync(join(dataDir, "workspace.json"), JSON.stringify(format));
    expectRefused(
      await runProgram(["sync", "--data-dir", dataDir]),
      /written by a newer version \(format 99/,
    );
    expect(existsSync(join(dataDir, "state"))).toBe(false);
  });

  test("that may not be written is refused", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "closed"), { mode: 0o555 });
    const identity = process.getuid?.() === 0 ? NOBODY : {};
    if (!mayRunProgram(identity)) {
      console.log("SKIPPED no permission: others may not read this repository");
      return;
    }
    // Folders of tests are closed to others, who must get as far as the one that is in question.
    chmodSync(folder, 0o755);
    const ended = await runProgram(["sync", "--data-dir", join(folder, "closed/data")], identity);
    expectRefused(
      ended,
      /this user may not write there \(EACCES\): repair that, or choose another directory with --data-dir/,
    );
  });

  test("of another user is not read by syncctl, which says so", async () => {
    const folder = temporaryFolder();
    const dataDir = join(folder, "data");
    mkdirSync(dataDir, { mode: 0o700 });
    writeFileSync(join(dataDir, "runtime.json"), "{}");
    if (process.getuid?.() !== 0 || !mayRunProgram(NOBODY)) {
      console.log("SKIPPED another user's runner: this user cannot become another one");
      return;
    }
    chmodSync(folder, 0o755);
    expectRefused(
      await runSyncctl(["status", "--data-dir", dataDir], NOBODY),
      /runtime\.json may not be read by this user \(EACCES\): be the user who started the runner/,
    );
  });

  test("whose port is taken says which, and how to choose another", async () => {
    const server = await listening();
    const port = (server.address() as { port: number }).port;
    const ended = await runProgram([
      "sync",
      "--data-dir",
      join(temporaryFolder(), "data"),
      "--port",
      String(port),
      ...FEW,
    ]);
    server.close();
    expectRefused(
      ended,
      new RegExp(`Port ${port} is taken: stop the program that listens there, or choose another with --port`),
    );
  });
});

describe.runIf(process.platform === "linux" && process.getuid?.() === 0)("a full disk", () => {
  test("is refused before anything is made", async () => {
    const disk = smallDisk(temporaryFolder(), 20);
    if (disk === null) return;
    expectRefused(
      await runProgram(["sync", "--data-dir", join(disk, "data")]),
      /has \d+ MB left and 64 MB are needed: make room/,
    );
    expect(readdirSync(disk)).toEqual([]);
  });

  test("that is too small for an emulated world is named, and no half of a world is left", async () => {
    const disk = smallDisk(temporaryFolder(), 2);
    if (disk === null) return;
    const args = ["--fireflies-port", "0", "--notion-port", "0", "--state-dir", join(disk, "world")];
    expectRefused(
      await runEmulators([...args, "--meetings-count", "1000"]),
      /^The world in .*\/world cannot be kept, because the disk is full: make room, or choose another folder with --state-dir\.$/m,
    );
    const emulator = await startEmulator(["--state-dir", join(disk, "world"), "--meetings-count", "3"]);
    expect(await emulator.meetings()).toHaveLength(3);
  });

  test.each([
    { left: "little room", leaveKb: 30_000, alerts: ["storage_full"] },
    { left: "no room at all", leaveKb: 0, alerts: [] },
  ])(
    "that fills up during a run and leaves $left ends it with 3 and a reason; with room again it goes on",
    async ({ leaveKb, alerts }) => {
      const disk = smallDisk(temporaryFolder(), 200);
      if (disk === null) return;
      const dataDir = join(disk, "data");
      const emulator = await startEmulator(["--meetings-count", "60"]);
      await emulator.control({
        op: "fault",
        next: [
          { kind: "slow", slowMs: 0, field: "transcripts" },
          { kind: "slow", slowMs: 3_000, field: "transcripts" },
        ],
      });
      const args = ["--data-dir", dataDir, "--fireflies-url", emulator.url];
      const run = runProgram(["sync", ...args]);
      await waitFor(
        "the second page",
        async () => (await emulator.log()).filter((entry) => entry.fields.includes("transcripts"))[1],
      );
      const filler = join(disk, "filler");
      fill(filler, disk, leaveKb);
      const { code, stdout, stderr } = await run;
      expect(code, stdout + stderr).toBe(EXIT.failed);
      expect(stderr).toMatch(/bytes free, expected at least|has \d+ MB left and 64 MB are needed: make room/);
      expect(stderr).not.toMatch(/^\s+at /m);
      const open = readD1(dataDir, "select kind from alerts where closed_ms is null");
      // One a sync.
      expect([...new Set(open.map((row) => row["kind"]))]).toEqual(alerts);

      rmSync(filler);
      const again = await sync(args);
      expect(again, again.story).toMatchObject({
        code: 0,
        outcome: { ok: true, alerts: [], proof: { meetings: { source: 60, raw: 60 } } },
      });
    },
    RUN_MS,
  );
});

describe("with --json, stdout holds exactly one object also when", () => {
  const fields = (error: unknown) => ({
    ok: false,
    error,
    data_dir: null,
    runs: [],
    proof: { ok: false, meetings: null },
    problems: [],
    off: [],
    alerts: [],
  });

  test.each([
    { what: "the start is refused", args: [], code: EXIT.failed },
    { what: "a file cannot be read", args: ["--meetings", "absent.jsonl"], code: EXIT.failed },
    { what: "an option is wrong", args: ["--speed", "fast"], code: EXIT.usage },
    { what: "an option is unknown", args: ["--spede", "9"], code: EXIT.usage },
  ])("$what; the exit code is the same as without", async ({ args, code }) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    for (const command of ["sync", "start"]) {
      const all = [command, "--data-dir", "file/data", ...args];
      const plain = await runProgram(all, { cwd: folder });
      expect({ code: plain.code, stdout: plain.stdout }).toEqual({ code, stdout: "" });
      const ended = await runProgram([...all, "--json"], { cwd: folder });
      expect(ended.code).toBe(code);
      expect(ended.stderr).toBe(plain.stderr);
      const sentence = plain.stderr
        .trim()
        .replace(/^error: /, "")
        .replaceAll("\n", " ");
      expect(ended.stdout).toBe(`${JSON.stringify(fields(sentence))}\n`);
    }
  });

  test(
    "the program is stopped by a signal",
    async () => {
      const emulator = await startEmulator(FEW);
      await emulator.control({ op: "fault", next: [{ kind: "slow", slowMs: 5_000, field: "transcripts" }] });
      const dataDir = join(temporaryFolder(), "data");
      const program = startProgram([
        "sync",
        "--json",
        "--data-dir",
        dataDir,
        "--fireflies-url",
        emulator.url,
      ]);
      await waitFor("the first page to be asked for", async () =>
        (await emulator.log()).find((entry) => entry.fields.includes("transcripts")),
      );
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.kill(program.pid, signal);
      expect(await program.exit).toBe(EXIT.failed);
      expect(JSON.parse(program.stdout())).toEqual(
        fields(expect.stringMatching(/^Stopping; unfinished runs go on/)),
      );
      expect(existsSync(join(dataDir, "runtime.json")), "runtime.json after a clean stop").toBe(false);
    },
    RUN_MS,
  );

  test("help is asked for, which is no object", async () => {
    const { code, stdout } = await runProgram(["sync", "--json", "--help"]);
    expect({ code, isHelp: stdout.startsWith("Usage: ") }).toEqual({ code: 0, isHelp: true });
    // Both command lines end alike, and say how.
    const codes = /^Exit codes: 0 done or parked, .*$/m;
    expect(codes.exec((await runSyncctl(["--help"])).stdout)?.[0]).toBe(codes.exec(stdout)?.[0]);
    expect(stdout).toMatch(codes);
  });
});

/** Could not run: exit 3, nothing on stdout, one sentence on stderr. */
function expectRefused({ code, stdout, stderr }: Ended, says: RegExp): void {
  expect({ code, stdout }, stderr).toEqual({ code: EXIT.failed, stdout: "" });
  expect(stderr).toMatch(says);
  expect(stderr.trim().split("\n")).toHaveLength(1);
}

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
