import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clockOf } from "../../src/core/search/clock.ts";
import type { Run } from "../../src/ports/run-store.ts";
import type { SearchHit, SearchReply } from "../../src/queries/search.ts";
import type { RunReport, Status } from "../../src/queries/status.ts";
import { hasBrowser, openBrowser } from "./browser.ts";
import { faintTexts, overflowPixels, unnamedControls } from "./page-checks.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  startEmulator,
  startProgram,
  temporaryFolder,
  untilServing,
  type Emulator,
  type Started,
} from "./program.ts";

if (!hasBrowser())
  console.log("SKIPPED the page in a browser: there is no chromium (CHROMIUM_PATH names one)");

const QUESTION = "who should pay for the permit";
/** What a browser would run or load if it ever became markup. */
const NAUGHTY = '<img src=x onerror="document.title=1"> & <b>bold</b>';
const NAUGHTY_WORD = "zeppelin";

const folder = temporaryFolder();
const dataDir = join(folder, "data");
let emulator: Emulator;
let program: Started;
let address: string;
let browser: BrowserContext;
let page: Page;
/** Of every page that was opened. */
const troubles: string[] = [];
const hosts = new Set<string>();

async function start(port: number): Promise<void> {
  program = startProgram([
    "start",
    "--data-dir",
    dataDir,
    "--port",
    String(port),
    "--fireflies-url",
    emulator.url,
  ]);
  await untilServing(program);
  // As a terminal shows it; what is piped is told where the token lies.
  address = `${/Page: (\S+)/.exec(program.stdout())?.[1]}#token=${tokenOf(dataDir)}`;
}

const tokenOf = (folder: string): string => readFileSync(join(folder, "token"), "utf8").trim();

async function opened(path: string): Promise<Page> {
  const fresh = await browser.newPage();
  fresh.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
  });
  fresh.on("pageerror", (error) => troubles.push(String(error)));
  await fresh.goto(path);
  return fresh;
}

const api = async <T>(path: string): Promise<T> => {
  const reply = await askApi<T>(dataDir, path);
  if (reply === undefined) throw new Error(`no answer to ${path}`);
  return reply;
};

const searchPath = (asked: Record<string, string>): string => `/api/search?${new URLSearchParams(asked)}`;

/** A passage as the page must show it. */
const shownAs = (hit: SearchHit): string[] => [
  hit.meeting.title,
  `${hit.speaker ?? "Somebody"}${hit.startSeconds === null ? "" : `, at ${clockOf(hit.startSeconds)}`}`,
  hit.snippet
    .map(({ text }) => text)
    .join("")
    .replaceAll("\n", ""),
];

async function passages(on: Page): Promise<string[][]> {
  const hits = await on.locator("#hits .hit").all();
  return Promise.all(
    hits.map((hit) =>
      Promise.all(
        ["h3", "article > .small", "blockquote"].map(
          async (part) => (await hit.locator(part).textContent()) ?? "",
        ),
      ),
    ),
  );
}

const texts = async (locator: Locator): Promise<string[]> => locator.allTextContents();

const idle = (on: Page): Promise<void> =>
  on.locator("#results:not([aria-busy])").waitFor({ state: "attached" });

async function searchFor(question: string): Promise<void> {
  await page.locator("#question").fill(question);
  await page.locator("#question").press("Enter");
  await idle(page);
}

describe.skipIf(!hasBrowser())("the page of npm start", { timeout: RUN_MS }, () => {
  beforeAll(async () => {
    emulator = await startEmulator([]);
    const sentences = Array.from({ length: 400 }, (_, n) => ({
      index: n,
      speaker_name: n % 2 === 0 ? NAUGHTY : "Ada",
      text:
        n === 200
          ? `The ${NAUGHTY_WORD} needs a permit. ${NAUGHTY}`
          : `${n}: nobody lands on this roof. ${NAUGHTY}`,
      start_time: n * 5,
      end_time: n * 5 + 4,
    }));
    await emulator.control({
      op: "arrive",
      hoursAgo: 72,
      meeting: { id: "naughty", title: NAUGHTY, sentences },
    });
    await start(0);
    browser = await openBrowser(join(folder, "profile"));
    browser.on("request", (request) => hosts.add(new URL(request.url()).origin));
    page = await opened(address);
  }, RUN_MS);
  afterAll(async () => {
    await browser?.close();
    await cleanUp();
  }, RUN_MS);

  test("opens signed in by an address with the token, and keeps it out of the address and of what was printed", async () => {
    const token = tokenOf(dataDir);
    expect(program.stdout()).toContain(`Page: ${new URL(address).origin}/ (sign in with the token in `);
    await page.locator("#overall[data-tone=well]").waitFor();
    expect(page.url()).toBe(`${new URL(address).origin}/`);
    expect(program.stdout() + program.stderr(), "no token where it may be kept").not.toContain(token);
    await page.reload();
    await page.locator("#overall[data-tone=well]").waitFor();
  });

  test("says in one line that all is well, as the status has it", async () => {
    const { source, totals } = await api<Status>("/api/status");
    expect(await page.locator("#overall").textContent()).toMatch(
      `In step: ${source.ids} meetings, ${totals.records} records, ${totals.liveChunks} chunks; last listing at `,
    );
    expect(await page.locator("#overall time").getAttribute("datetime")).toBe(
      new Date(source.asOfMs ?? 0).toISOString(),
    );
    expect(await page.locator("#waiting-empty").textContent()).toBe("No sync is held back.");
  });

  test("finds the passages that the API finds, with speaker and time, and more of them", async () => {
    await searchFor(QUESTION);
    const first = await api<SearchReply>(searchPath({ q: QUESTION }));
    expect(first.items.length).toBe(10);
    expect(await passages(page)).toEqual(first.items.map(shownAs));
    const matches = first.items.flatMap(({ snippet }) => snippet.filter(({ isMatch }) => isMatch));
    expect(await texts(page.locator("#hits mark"))).toEqual(matches.map(({ text }) => text));
    const links = first.items.flatMap(({ link }) => (link === null ? [] : [link]));
    expect(links.length).toBeGreaterThan(0);
    expect(
      await page.locator("#hits a").evaluateAll((all) => all.map((link) => link.getAttribute("href"))),
    ).toEqual(links);

    await page.locator("#hits-more").click();
    await page.locator("#hits .hit").nth(10).waitFor();
    const second = await api<SearchReply>(searchPath({ q: QUESTION, cursor: first.cursor ?? "" }));
    expect(await passages(page)).toEqual([...first.items, ...second.items].map(shownAs));
  });

  test("keeps the search in the address: it can be linked, and back goes back", async () => {
    await searchFor(NAUGHTY_WORD);
    expect(new URL(page.url()).search).toBe(`?q=${NAUGHTY_WORD}`);
    await page.goBack();
    await idle(page);
    expect(await page.locator("#question").inputValue()).toBe(QUESTION);
    await expect.poll(() => passages(page)).toHaveLength(10);
    const linked = await opened(`${new URL(address).origin}/?q=permit&speaker=Maya${new URL(address).hash}`);
    await linked.locator("#hits .hit").first().waitFor();
    const { items } = await api<SearchReply>(searchPath({ q: "permit", speaker: "Maya" }));
    expect(await passages(linked)).toEqual(items.map(shownAs));
    expect(await linked.locator("#filters-said").textContent()).toBe("speaker Maya");
    await linked.close();
  });

  test("shows as text whatever a meeting is called and whoever speaks", async () => {
    await searchFor(NAUGHTY_WORD);
    const first = page.locator("#hits .hit").first();
    expect(await first.locator("h3").textContent()).toBe(NAUGHTY);
    expect(await first.locator("blockquote").textContent()).toContain(NAUGHTY);
    expect(await page.locator("#page img, #page b").count()).toBe(0);
  });

  test("shows what was said before and after a passage on request", async () => {
    const [found] = (await api<SearchReply>(searchPath({ q: NAUGHTY_WORD, context: "1" }))).items;
    if (found?.before == null || found.after === null) throw new Error("the passage has text on both sides");
    const hit = page.locator("#hits .hit").first();
    await hit.locator("button").click();
    await hit.locator(".beside").first().waitFor();
    expect(await texts(hit.locator(".beside"))).toEqual(
      [found.before, found.after].map((text) => text.replaceAll("\n", "")),
    );
    expect(await page.locator("#page img, #page b").count()).toBe(0);
    await hit.locator("button").press("Enter");
    expect(await hit.locator(".beside").first().isVisible()).toBe(false);
  });

  test("repeats the API's sentence where a search is refused, and says where nothing is found", async () => {
    await searchFor("permit");
    await page.locator("#filters summary").click();
    await page.locator("#from").fill("2026-05-02");
    await page.locator("#to").fill("2026-05-01");
    await page.locator("#question").press("Enter");
    await idle(page);
    expect(await page.locator("#results-problem").textContent()).toBe(
      "from is later than to: nothing lies between.",
    );
    await page.locator("#to").fill("2026-05-02");
    await page.locator("#participant").fill("nobody of this name");
    await page.locator("#question").press("Enter");
    await idle(page);
    expect(await page.locator("#results-summary").textContent()).toContain("Nothing was found");
    for (const field of ["from", "to", "participant"]) await page.locator(`#${field}`).fill("");
    await searchFor("");
    expect(await page.locator("#results").isVisible()).toBe(false);
    // A refused search is logged by the browser as the failed request that it is.
    expect(troubles.splice(0)).toEqual([expect.stringContaining("400 (Bad Request)")]);
  });

  test("lists runs, newest first, and opens the report of one", async () => {
    const { items: runs } = await api<{ items: Run[] }>("/api/runs?limit=10");
    const rows = page.locator("#runs > li");
    expect(await rows.count()).toBe(runs.length);
    const place = runs.findIndex(({ sync }) => sync === "fireflies");
    const { setAside, counts, run } = await api<RunReport>(`/api/runs/${runs[place]?.id}`);
    const row = rows.nth(place);
    await row.locator("button").press("Enter");
    await row.locator(".report").waitFor();
    expect(await row.locator("button").getAttribute("aria-expanded")).toBe("true");
    expect(setAside.length).toBeGreaterThan(0);
    const shown = row.locator("section", { hasText: "Set aside" }).locator("tbody tr");
    expect(
      await shown.evaluateAll((all) => all.map((tr) => [...tr.children].map((cell) => cell.textContent))),
    ).toEqual(setAside.map(({ itemId, verdict, reason }) => [itemId, verdict, reason]));
    expect(await row.locator("dd").first().textContent()).toBe(String(counts.seen));
    const operations = row.locator("section", { hasText: "Where the time went" }).locator("tbody th");
    expect((await texts(operations)).toSorted()).toEqual(
      Object.keys(run.result?.operations ?? {}).toSorted(),
    );
    await row.locator("button").click();
    expect(await row.locator(".report").isVisible()).toBe(false);
  });

  test("says what became of Sync now, and refreshes without disturbing whoever tabs through it", async () => {
    await page.locator("#sync-now").click();
    await expect
      .poll(() => page.locator("#sync-outcome").textContent(), { timeout: RUN_MS })
      .toMatch(/^Succeeded in /);
    const before = await page.locator("#runs > li").count();
    const last = page.locator("#runs > li").last();
    await last.locator("button").focus();
    const scrolled = await page.evaluate(() => scrollY);
    const reply = await fetch(`${new URL(address).origin}/api/syncs/vectors/runs`, {
      method: "POST",
      headers: { authorization: `Bearer ${readFileSync(join(dataDir, "token"), "utf8").trim()}` },
    });
    expect(reply.status).toBe(202);
    await expect.poll(() => page.locator("#runs > li").count(), { timeout: RUN_MS }).toBe(before + 1);
    expect(await last.locator("button").evaluate((button) => button === document.activeElement)).toBe(true);
    expect(await page.evaluate(() => scrollY)).toBeGreaterThanOrEqual(scrolled);
  });

  test("can be used without seeing it, in the light, in the dark, and on a narrow screen", async () => {
    await searchFor("permit");
    for (const sync of [
      "Meetings from Fireflies",
      "Clients from Notion",
      "Projects with Notion",
      "Documents to vectors",
    ]) {
      const row = page.locator("#runs > li", { hasText: sync }).last();
      await row.locator("button").click();
      await row.locator(".report").waitFor();
    }
    expect(await page.evaluate(unnamedControls)).toEqual([]);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const { looked, faint } = await page.evaluate(faintTexts);
      expect(looked).toBeGreaterThan(100);
      expect(faint, colorScheme).toEqual([]);
    }
    for (const width of [1280, 640, 320]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate(overflowPixels), `${width} pixels wide`).toBe(0);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test("asks for the token where there is none, refuses a wrong one in one sentence, and takes it by hand", async () => {
    const { origin, hash } = new URL(address);
    const stranger = await opened(`${origin}/`);
    expect(await stranger.locator("#page").isVisible()).toBe(false);
    expect(await stranger.locator("#sign-in").textContent()).toContain("<data-dir>/token");
    await stranger.locator("#token").fill("wrong");
    await stranger.locator("#token").press("Enter");
    await stranger.locator("#sign-in-problem:not(:empty)").waitFor();
    expect(await stranger.locator("#sign-in-problem").textContent()).toMatch(
      /^This token does not open the API: [^.]+\.$/,
    );
    expect(await stranger.evaluate(unnamedControls)).toEqual([]);
    expect(await stranger.locator("#page").isVisible()).toBe(false);
    await stranger.locator("#token").fill(hash.replace("#token=", ""));
    await stranger.locator("#token").press("Enter");
    await stranger.locator("#overall[data-tone=well]").waitFor();
    await stranger.locator("#forget").click();
    await stranger.reload();
    await stranger.locator("#sign-in").waitFor();
    await stranger.close();
    const refused = troubles.splice(0);
    expect(refused.length).toBeGreaterThan(0);
    for (const trouble of refused) expect(trouble).toContain("401 (Unauthorized)");
  });

  test("is served under a policy that lets nothing in, and asks no other host for anything", async () => {
    const { origin } = new URL(address);
    for (const path of ["/", "/page.js", "/style.css", "/icon.svg", "/runbook"]) {
      const { headers, status } = await fetch(origin + path);
      expect(status, path).toBe(200);
      expect(headers.get("content-security-policy"), path).toMatch(
        /default-src 'none'.*frame-ancestors 'none'/,
      );
      expect(headers.get("content-security-policy"), path).not.toContain("unsafe");
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
      expect(headers.get("referrer-policy"), path).toBe("no-referrer");
      expect(
        [...headers.keys()].filter((name) => name.startsWith("access-control-")),
        path,
      ).toEqual([]);
    }
    expect([...hosts]).toEqual([origin]);
    expect(troubles).toEqual([]);
    const injected = await browser.newPage();
    await injected.goto(`${origin}/runbook#access_lost`);
    await expect(injected.addScriptTag({ content: "document.title = 'in'" })).rejects.toThrow();
    expect(await injected.title()).toBe("Runbook – meeting-sync");
    await injected.close();
  });

  test("shows an open alert and a channel that fails, and acknowledges the alert with one press", async () => {
    const [by, word] = ["somebody at the page", [] as unknown[]];
    let acknowledged: Status["alerts"][number]["acknowledged"] = null;
    const fresh = await browser.newPage();
    await fresh.route("**/api/status", async (route) => {
      const response = await route.fetch();
      const status = (await response.json()) as Status;
      const { nowMs } = status;
      const alert = { id: "01A", kind: "access_lost", subject: "fireflies", detail: NAUGHTY } as const;
      const failing = { kind: "webhook", state: "failing", sinceMs: nowMs, detail: "HTTP 500" } as const;
      const json: Status = {
        ...status,
        alerts: [{ ...alert, openedMs: nowMs, lastMs: nowMs, acknowledged }],
        channels: [{ ...failing, lastOkMs: null, notBeforeMs: null, waiting: 1, note: null }],
      };
      await route.fulfill({ response, json });
    });
    await fresh.route("**/api/alerts/01A/ack", async (route) => {
      word.push(route.request().postDataJSON());
      acknowledged = { atMs: Date.now(), by, note: null };
      await route.fulfill({ json: {} });
    });
    await fresh.goto(address);
    const button = fresh.getByRole("button", { name: "Acknowledge access lost (fireflies)" });
    await button.waitFor();
    expect(await fresh.locator("#overall-notes").textContent()).toContain(
      "Alerts over webhook: failing since ",
    );
    expect(await fresh.locator("#alerts").textContent()).toContain(NAUGHTY);
    expect(await fresh.evaluate(unnamedControls)).toEqual([]);
    await button.click();
    await fresh.getByText(`Acknowledged by ${by}`).waitFor();
    expect([word, await button.isVisible()]).toEqual([[{ by, note: null }], false]);
    const { faint } = await fresh.evaluate(faintTexts);
    expect([faint, await fresh.evaluate(overflowPixels)]).toEqual([[], 0]);
    await fresh.close();
  });

  test("says when the server is gone, and comes back with it", async () => {
    const port = Number(new URL(address).port);
    program.kill("group");
    await program.exit;
    await page.locator("#connection:not(:empty)").waitFor();
    expect(await page.locator("#connection").textContent()).toMatch(/^The server does not answer\./);
    await page.locator("#question").fill(QUESTION);
    await page.locator("#question").press("Enter");
    await page.locator("#results-problem:not(:empty)").waitFor();
    await start(port);
    await page.locator("#connection:empty").waitFor({ state: "attached", timeout: RUN_MS });
    const { items } = await api<SearchReply>(searchPath({ q: QUESTION }));
    await expect.poll(() => passages(page)).toEqual(items.map(shownAs));
  });
});
