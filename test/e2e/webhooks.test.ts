import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { SearchReply } from "../../src/queries/search.ts";
import type { WebhookStatus } from "../../src/queries/webhooks.ts";
import { readD1, writeD1 } from "./end-state.ts";
import type { Run } from "../../src/ports/run-store.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  runSyncctl,
  startEmulator,
  startProgram,
  temporaryFolder,
  untilServing,
  waitFor,
  type Started,
} from "./program.ts";

const FEW = ["--meetings-count", "3"];
const SECRET = "what-the-emulator-signs-with";
const MINUTE_MS = 60_000;
/** World seconds per real second: a tick every 30 real seconds, so that what comes sooner was woken. */
const SPEED = 2;

afterEach(cleanUp);

const words = (word: string) => ({
  sentences: Array.from({ length: 8 }, (_, index) => ({
    index,
    speaker_name: "Maya",
    text: `The ${word} has to be moved to the north side before the pour on Friday morning.`,
    start_time: index * 4,
    end_time: index * 4 + 3,
  })),
});

test(
  "an announced meeting is searchable within a minute, woken by the queue; with that message lost, by the next tick",
  async () => {
    const emulator = await startEmulator([...FEW, "--speed", String(SPEED)]);
    const dataDir = join(temporaryFolder(), "data");
    const args = ["start", "--data-dir", dataDir, "--port", "0", "--fireflies-url", emulator.url];
    const settings = { env: { FIREFLIES_WEBHOOK_SECRET: SECRET } };
    const program = startProgram(args, settings);
    await untilServing(program);
    const findable = async (word: string, id: string): Promise<true | undefined> => {
      const found = await askApi<SearchReply>(dataDir, `/api/search?q=${word}`);
      return found?.items.some(({ meeting }) => meeting.id === id) || undefined;
    };
    const { url } = JSON.parse(readFileSync(join(dataDir, "runtime.json"), "utf8")) as { url: string };
    await emulator.control({
      op: "webhook",
      url: `${url}/webhooks/fireflies`,
      secret: SECRET,
      form: "both",
      duplicates: 1,
      forged: 1,
    });
    const arrivedMs = performance.now();
    await emulator.control({ op: "arrive", meeting: { id: "announced", ...words("zeppelin") } });
    await waitFor("the announced meeting", () => findable("zeppelin", "announced"), { forMs: MINUTE_MS });
    const tookMs = (performance.now() - arrivedMs) * SPEED;
    console.log(`searchable ${Math.round(tookMs / 1_000)} s of world time after it arrived`);
    expect(tookMs).toBeLessThan(MINUTE_MS);
    const { items: runs } = (await askApi<{ items: Run[] }>(dataDir, "/api/runs")) ?? { items: [] };
    const called = runs.filter(({ trigger }) => trigger === "webhook");
    expect(called.map(({ state }) => state)).toContain("succeeded");
    expect(called.reduce((sum, { result }) => sum + (result?.counts.created ?? 0), 0)).toBe(1);

    // Kept, and then the message was lost with everything that was in memory. Too old for any listing of the newest days.
    process.kill(program.pid, "SIGTERM");
    await program.exit;
    await emulator.control({ op: "webhook", url: null });
    await emulator.control({
      op: "arrive",
      hoursAgo: 5_000,
      meeting: { id: "announced-late", ...words("gyroscope") },
    });
    writeD1(
      dataDir,
      `insert into webhook_inbox (id, vendor, kind, sync, subject, received_ms)
       select ?1, 'fireflies', 'meeting.transcribed', 'fireflies', ?2, max(received_ms) from webhook_inbox`,
      "fireflies:of-the-lost-message",
      "announced-late",
    );
    await untilServing(startProgram(args, settings));
    await waitFor("the meeting of the lost message", () => findable("gyroscope", "announced-late"), {
      forMs: 2 * MINUTE_MS,
    });
  },
  4 * RUN_MS,
);

test(
  "npm start sets up the webhooks of its own emulators, and again at another address",
  async () => {
    const dataDir = join(temporaryFolder(), "data");
    const status = async (): Promise<WebhookStatus[]> =>
      (await askApi<{ items: WebhookStatus[] }>(dataDir, "/api/webhooks"))?.items ?? [];
    const isSetUp = async (): Promise<true | undefined> =>
      (await status()).every(({ state }) => state === "set up") || undefined;
    const start = async (): Promise<Started> => {
      const program = startProgram(["start", "--data-dir", dataDir, "--port", "0", "--speed", "60", ...FEW]);
      await untilServing(program);
      await waitFor("the webhooks to be set up", isSetUp);
      return program;
    };
    const first = await start();
    expect(statSync(join(dataDir, "webhook-secret")).mode & 0o777).toBe(0o600);
    const [, before] = await status();
    const shown = await runSyncctl(["webhooks", "--data-dir", dataDir]);
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout.replaceAll(/ +/g, " ")).toContain(
      `notion /webhooks/notion set up (token ${before?.confirmed})`,
    );
    process.kill(first.pid, "SIGTERM");
    await first.exit;

    const second = await start();
    // Another port is another subscription, with a token of its own.
    expect((await status())[1]?.confirmed).not.toBe(before?.confirmed);
    for (const [word, code, stderr] of [
      [["confirm"], 2, /confirm needs <fingerprint>/],
      [["confirm", "0f0f"], 3, /no handshake waits by the name 0f0f/],
      [["forget"], 2, /there is no "forget" here/],
    ] as const)
      expect(await runSyncctl(["webhooks", ...word, "--data-dir", dataDir])).toMatchObject({
        code,
        stderr: expect.stringMatching(stderr),
      });
    expect(second.isEnded()).toBe(false);
  },
  4 * RUN_MS,
);

test(
  "an edit in Notion that its webhook announces is in D1 hours before the schedule would look; a forged one changes nothing",
  async () => {
    // A world hour is a real minute: the schedule would look after four of them.
    const emulator = await startEmulator([...FEW, "--speed", "60"]);
    const dataDir = join(temporaryFolder(), "data");
    const places = ["--fireflies-url", emulator.url, "--notion-url", emulator.notion.url];
    await untilServing(startProgram(["start", "--data-dir", dataDir, "--port", "0", ...places]));
    const ctl = (...words: string[]) => runSyncctl([...words, "--data-dir", dataDir]);
    const { url } = JSON.parse(readFileSync(join(dataDir, "runtime.json"), "utf8")) as { url: string };
    const address = `${url}/webhooks/notion`;

    // What a person does: the subscription, the name of its handshake compared and confirmed, its token pasted.
    const { verificationToken } = await emulator.notion.control({ op: "webhook", url: address });
    const waiting = await waitFor("the handshake", async () => {
      const said = (await askApi<{ items: WebhookStatus[] }>(dataDir, "/api/webhooks"))?.items ?? [];
      return said.find(({ vendor }) => vendor === "notion")?.waiting[0]?.fingerprint;
    });
    expect((await ctl("webhooks")).stdout).toContain(waiting);
    expect(await ctl("webhooks", "confirm", waiting)).toMatchObject({ code: 0 });
    await emulator.notion.control({ op: "webhook", verify: verificationToken });

    const titleOf = (page: string): unknown =>
      readD1(dataDir, `select title from projects where notion_id = '${page}'`)[0]?.["title"];
    const [page] = readD1(
      dataDir,
      "select notion_id as id from projects where deleted_ms is null order by id limit 1",
    );
    const pageId = String(page?.["id"]);
    await emulator.notion.control({
      op: "edit",
      page: pageId,
      set: { "Project name": "Renamed by hand" },
      by: "Ada Example",
    });
    const forged = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", "x-notion-signature": `sha256=${"0".repeat(64)}` },
      body: JSON.stringify({ type: "page.properties_updated", entity: { id: pageId, type: "page" } }),
    });
    expect(forged.status).toBe(401);
    await waitFor("the edit to arrive", () => titleOf(pageId) === "Renamed by hand" || undefined, {
      forMs: MINUTE_MS,
    });
    await waitFor("the run that was called to be over", async () => {
      const runs = (await askApi<{ items: Run[] }>(dataDir, "/api/runs"))?.items ?? [];
      const called = runs.filter(({ sync, trigger }) => sync === "projects" && trigger === "webhook");
      return called.some(({ result }) => result?.counts.updated === 1) || undefined;
    });
    const inbox = readD1(dataDir, "select count(*) as n from webhook_inbox where vendor = 'notion'");
    expect(inbox, "the forged one was not kept").toEqual([{ n: 1 }]);
  },
  4 * RUN_MS,
);
