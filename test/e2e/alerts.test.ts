import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { AlertList } from "../../src/queries/alerts.ts";
import type { Status } from "../../src/queries/status.ts";
import { listening, slackReceiver } from "../alert-receivers.ts";
import { readD1 } from "./end-state.ts";
import {
  askApi,
  cleanUp,
  onCleanUp,
  RUN_MS,
  runSyncctl,
  startEmulator,
  startProgram,
  temporaryFolder,
  waitFor,
} from "./program.ts";

afterEach(cleanUp);

const KEY = "a-key-that-was-revoked";
const [FROM, TO] = ["alerts@acme.test", "oncall@acme.test"];

test(
  "a key that is refused, a vendor that fails for good and vectors that do not show are told over webhook and mail, acknowledged, and close by themselves",
  async () => {
    const emulator = await startEmulator(["--meetings-count", "3", "--speed", "600"]);
    const slack = slackReceiver();
    const hook = await listening(slack);
    onCleanUp(hook.close);
    const dataDir = join(temporaryFolder(), "data");
    const program = startProgram(
      [
        "start",
        "--data-dir",
        dataDir,
        "--fireflies-url",
        emulator.url,
        "--projects-count",
        "1",
        "--vector-delay",
        "10s",
        "--port",
        "0",
        "--json",
      ],
      {
        env: {
          FIREFLIES_API_KEY: KEY,
          ALERT_WEBHOOK_URL: hook.url,
          ALERT_EMAIL_TO: TO,
          ALERT_EMAIL_FROM: FROM,
        },
      },
    );
    const printed: string[] = [];
    const syncctl = async (...words: string[]) => {
      const ended = await runSyncctl([...words, "--data-dir", dataDir]);
      printed.push(ended.stdout, ended.stderr);
      return ended;
    };
    const told = (title: string) =>
      waitFor(
        `the notice "${title}"; so far ${slack.taken.map((text) => text.split("\n")[0]).join(" | ")}`,
        () => (slack.taken.some((text) => text.includes(`*${title}*`)) ? true : undefined),
        { everyMs: 100, forMs: RUN_MS },
      );

    // Whoever asks may be given a run that was under way before.
    const succeeded = () =>
      waitFor(
        "a run of fireflies that succeeds",
        async () => ((await syncctl("run", "fireflies", "--watch")).code === 0 ? true : undefined),
        { everyMs: 500, forMs: RUN_MS },
      );

    // Denied: told in the first round already, while no clock runs.
    await told("Alert: access lost (fireflies)");
    await waitFor("the clock", () => (program.stderr().includes("Serving ") ? true : undefined), {
      forMs: RUN_MS,
    });
    await emulator.control({ op: "rotate-key", key: KEY });
    await succeeded();
    await told("Closed: access lost (fireflies)");

    // Ten minutes of the world are a second here: vectors that come after ten seconds come late.
    await told("Alert: vectors not visible (vectors)");
    await told("Closed: vectors not visible (vectors)");

    // For good, until it is lifted: which run meets it first is the clock's affair.
    const next = Array.from({ length: 500 }, () => ({ kind: "server_error", field: "transcripts" }));
    await emulator.control({ op: "fault", next });
    await syncctl("run", "fireflies", "--watch");
    await told("Alert: retries exhausted (fireflies)");
    await emulator.control({ op: "fault", plan: "none", clear: true });
    const { items } = JSON.parse((await syncctl("alerts", "--json")).stdout) as AlertList;
    const exhausted = items.find(({ kind, closedMs }) => kind === "retries_exhausted" && closedMs === null);
    if (exhausted !== undefined) {
      const acked = await syncctl("alerts", "ack", exhausted.id, "--by", "Maya", "--note", "vendor is down");
      // It may have closed by itself meanwhile: an hour of the world is six seconds here.
      expect(`${acked.stdout}${acked.stderr}`).toMatch(/acknowledged by Maya|closed by itself/);
    }
    await succeeded();
    await told("Closed: retries exhausted (fireflies)");

    const mails = globSync(join(dataDir, "**/email-text/*.txt")).map((path) => readFileSync(path, "utf8"));
    for (const title of ["Alert: access lost (fireflies)", "Closed: access lost (fireflies)"])
      expect(
        mails.filter((mail) => mail.startsWith(title) || mail.includes(`\n${title}\n`)).length,
        title,
      ).toBe(1);

    expect(await syncctl("alerts", "test")).toMatchObject({
      code: 0,
      stdout: "webhook: the test was taken\nemail: the test was taken\n",
    });
    slack.behaviour = { status: 404 };
    expect(await syncctl("alerts", "test")).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^webhook: the webhook takes no messages any more \(HTTP 404\)/),
    });
    const status = await askApi<Status>(dataDir, "/api/status");
    expect(status?.channels.find(({ kind }) => kind === "webhook")).toMatchObject({
      state: "failing",
      detail: expect.stringContaining("HTTP 404"),
    });
    expect((await syncctl("status")).stdout).toContain("Alerts over webhook: failing since");

    // Whoever knows the address of the webhook may write into the channel.
    const rows = JSON.stringify([
      readD1(dataDir, "select * from alert_channels"),
      readD1(dataDir, "select * from alert_deliveries"),
    ]);
    const said = [...printed, program.stdout(), program.stderr(), rows, ...slack.taken, ...mails].join("\n");
    for (const secret of ["secret-of-the-hook", KEY, TO, FROM]) expect(said).not.toContain(secret);
    program.kill("group");
    await program.exit;
    await emulator.stop();
  },
  3 * RUN_MS,
);
