import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Run } from "../../src/ports/run-store.ts";
import type { FullRunReport, WeekReport } from "../../src/queries/report.ts";
import { hasBrowser, openBrowser } from "./browser.ts";
import { faintTexts, overflowPixels, unnamedControls } from "./page-checks.ts";
import {
  askApi,
  cleanUp,
  RUN_MS,
  runSyncctl,
  startProgram,
  temporaryFolder,
  untilServing,
} from "./program.ts";

if (!hasBrowser())
  console.log("SKIPPED the pages of reports in a browser: there is no chromium (CHROMIUM_PATH names one)");

const dataDir = join(temporaryFolder(), "data");
const folder = temporaryFolder();
/** The run of Fireflies that brought the meetings. */
let run: Run;

const reported = (...args: readonly string[]) => runSyncctl(["report", ...args, "--data-dir", dataDir]);

beforeAll(async () => {
  const faults = ["--faults", "seed=7,rate=0.2", "--speed", "60"];
  const args = ["--port", "0", "--data-dir", dataDir, "--meetings-count", "12", "--projects-count", "6"];
  const program = startProgram(["start", ...args, ...faults]);
  await untilServing(program);
  const { items } = (await askApi<{ items: Run[] }>(dataDir, "/api/runs")) ?? { items: [] };
  const found = items.find(({ sync, result }) => sync === "fireflies" && (result?.counts.created ?? 0) > 0);
  if (found === undefined) throw new Error("no run brought a meeting");
  run = found;
  for (const [name, of] of Object.entries({ run: run.id, week: "week" })) {
    const { code, stdout, stderr } = await reported(of, "--html");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    writeFileSync(join(folder, `${name}.html`), stdout);
  }
}, 2 * RUN_MS);
afterAll(cleanUp);

describe("syncctl report", { timeout: RUN_MS }, () => {
  test("prints one JSON value with every figure and the query that yields it", async () => {
    const ofRun = JSON.parse((await reported(run.id, "--json")).stdout) as FullRunReport;
    expect(ofRun).toMatchObject({ schema: 1, kind: "run", run: { id: run.id } });
    expect(Object.keys(ofRun.queries).toSorted()).toEqual(Object.keys(ofRun.figures).toSorted());
    const ofWeek = JSON.parse((await reported("week", "--json")).stdout) as WeekReport;
    expect(ofWeek).toMatchObject({ schema: 1, kind: "week", week: { sync: null } });
    expect(Object.keys(ofWeek.queries).toSorted()).toEqual(Object.keys(ofWeek.figures).toSorted());
    expect(ofWeek.metrics).toHaveLength(4);
  });

  test("prints Markdown otherwise", async () => {
    expect((await reported(run.id)).stdout).toMatch(/^# fireflies: \w+\n\nRun /);
    const week = (await reported("week", "--sync", "fireflies")).stdout;
    expect(week).toMatch(/^# Weekly report: fireflies\n/);
    expect(week).toContain("\n## Queries\n");
  });

  test.each([
    [["week", "--html", "--json"], 2, /ask for one of them/],
    [["01KQ", "--until", "2026-06-01"], 2, /--until goes with "report week"/],
    [["week", "--until", "June"], 2, /^until: a day like 2026-06-01$/m],
    [["week", "--sync", "meetings"], 2, /there is no sync "meetings"/],
    [["01KQ"], 3, /^there is no run 01KQ; npm run -s syncctl -- runs names the latest$/m],
  ] as const)("%o ends with %i and one sentence", async (args, code, says) => {
    const ended = await reported(...args);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: "" });
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe.skipIf(!hasBrowser())("the page of a report, opened as a file", { timeout: RUN_MS }, () => {
  const CHARTS = { run: ["items", "stages"], week: ["durations", "items", "stages", "errors"] } as const;

  /** Open a page and hold everything that it says and asks for. */
  async function opened(name: string, options: BrowserContextOptions = {}) {
    const browser = await openBrowser(temporaryFolder(), options);
    const page = browser.pages()[0] ?? (await browser.newPage());
    const [troubles, requests] = [[] as string[], [] as string[]];
    page.on("console", (message) => troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    const address = pathToFileURL(join(folder, `${name}.html`)).href;
    await page.goto(address);
    return { page, troubles, requests, address, close: () => browser.close() };
  }

  /** Charts by name, each with whether it has a drawing, a name and a description, and its table. */
  const chartsOf = (page: Page) =>
    page.locator("figure.chart").evaluateAll((figures) =>
      figures.map((figure) => {
        const svg = figure.querySelector("svg[role=img]");
        const words = (svg?.getAttribute("aria-labelledby") ?? "")
          .split(" ")
          .map((id) => figure.querySelector(`[id="${id}"]`)?.textContent ?? "");
        const rows = figure.querySelectorAll("details tbody tr").length;
        const drawn = svg?.querySelectorAll("path").length ?? 0;
        return {
          name: figure.id,
          isDrawn: drawn > 0,
          isNamed: words.length === 2 && !words.includes(""),
          rows,
        };
      }),
    );

  test.each(["run", "week"] as const)(
    "the %s's asks for nothing, says nothing, and has every chart",
    async (name) => {
      const { page, troubles, requests, address, close } = await opened(name);
      const charts = await chartsOf(page);
      expect(charts.map((chart) => chart.name)).toEqual(expect.arrayContaining([...CHARTS[name]]));
      for (const chart of charts) expect(chart).toMatchObject({ isDrawn: true, isNamed: true });
      expect(charts.every(({ rows }) => rows > 0)).toBe(true);
      // Each query that is mentioned stands in the appendix.
      const dangling = await page
        .locator(".query a")
        .evaluateAll(
          (links) =>
            links.filter((link) => document.querySelector(link.getAttribute("href") ?? "") === null).length,
        );
      expect(dangling).toBe(0);
      expect(await page.evaluate(unnamedControls)).toEqual([]);
      expect(troubles).toEqual([]);
      expect(requests).toEqual([address]);
      await close();
    },
  );

  test.each([
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { viewport: { width: 390, height: 844 } }],
  ] as const)("can be read: %s", async (_, options) => {
    for (const name of ["run", "week"]) {
      const { page, close } = await opened(name, options);
      const { looked, faint } = await page.evaluate(faintTexts);
      expect(looked).toBeGreaterThan(50);
      expect(faint).toEqual([]);
      expect(await page.evaluate(overflowPixels)).toBe(0);
      // The drawing takes its colours from the page.
      const ink = await page.evaluate(() => {
        const text = document.querySelector("figure.chart svg text");
        return text === null ? "" : getComputedStyle(text).fill;
      });
      expect(ink).toBe(
        options === undefined || !("colorScheme" in options) || options.colorScheme === "light"
          ? "rgb(87, 96, 106)"
          : "rgb(164, 173, 184)",
      );
      await close();
    }
  });

  test("prints: a PDF of a few pages, the tables of charts included", async () => {
    const { page, close } = await opened("week");
    const pdf = await page.pdf({ preferCSSPageSize: true });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    const pages = pdf.toString("latin1").match(/\/Type \/Page\b(?!s)/g)?.length ?? 0;
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThan(25);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("figure.chart details table").first().isVisible()).toBe(true);
    await close();
  });

  test("holds no title and no address of the workspace", () => {
    for (const name of ["run", "week"])
      expect(readFileSync(join(folder, `${name}.html`), "utf8")).not.toMatch(/@[a-z]+\.[a-z]{2,}/i);
  });
});
