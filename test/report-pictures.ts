/**
 * Makes the pictures of the reports: `npx node test/report-pictures.ts` lives a week of the invented company in some minutes,
 * with faults and meetings that take place, and writes docs/report-run.png and docs/report-week.png. With `--all DIR` it writes
 * the reports themselves and each of their looks (light, dark, narrow, as PDF) there as well, to be looked at after a change.
 *
 * Needs chromium (CHROMIUM_PATH, by default /usr/bin/chromium). The pictures show the fonts of the machine they are made on.
 */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { BrowserContextOptions } from "playwright-core";
import { openBrowser } from "./e2e/browser.ts";
import {
  askApi,
  cleanUp,
  runSyncctl,
  startEmulator,
  startProgram,
  temporaryFolder,
  untilServing,
} from "./e2e/program.ts";
import type { Run } from "../src/ports/run-store.ts";
import type { Status } from "../src/queries/status.ts";

const DOCS = join(import.meta.dirname, "../docs");
/** They are loaded with the guide. */
const PICTURE_BYTES_MAX = 150_000;
/** A week in less than four minutes, which the local index can follow. */
const SPEED = 3_000;
const WEEK_MS = 7 * 86_400_000;
/** Six meetings a day, or so. */
const ARRIVES_EVERY_MS = (4 * 3_600_000) / SPEED;

const DESKTOP = { viewport: { width: 1060, height: 1180 } };
const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: DESKTOP,
  dark: { ...DESKTOP, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
};

async function take(
  html: string,
  options: BrowserContextOptions,
  path: string,
  isWhole: boolean,
): Promise<void> {
  const browser = await openBrowser(temporaryFolder(), options);
  const page = browser.pages()[0] ?? (await browser.newPage());
  await page.goto(pathToFileURL(html).href);
  await page.screenshot({ path, fullPage: isWhole });
  if (path.endsWith("light.png"))
    await page.pdf({ path: path.replace("light.png", "paper.pdf"), preferCSSPageSize: true });
  await browser.close();
}

/** Live a week, and answer with the data directory whose runner still serves. */
async function liveAWeek(): Promise<string> {
  const dataDir = join(temporaryFolder(), "data");
  const emulator = await startEmulator(["--speed", String(SPEED), "--faults", "seed=7,rate=0.04"]);
  const vendors = ["--fireflies-url", emulator.url, "--notion-url", emulator.notion.url];
  const program = startProgram(["start", "--port", "0", "--data-dir", dataDir, ...vendors]);
  await untilServing(program);
  const untilMs = ((await askApi<Status>(dataDir, "/api/status"))?.nowMs ?? 0) + WEEK_MS;
  for (let n = 0; ; n += 1) {
    const nowMs = (await askApi<Status>(dataDir, "/api/status"))?.nowMs ?? 0;
    if (nowMs >= untilMs) return dataDir;
    await emulator.control({ op: "arrive", ...(n % 9 === 8 ? { meeting: { title: "" } } : {}) });
    await delay(ARRIVES_EVERY_MS * (0.4 + (n % 5) * 0.3));
  }
}

/** The run whose report shows the most: one that carried something and met errors. */
async function runToShow(dataDir: string): Promise<string> {
  const runs = (await askApi<{ items: Run[] }>(dataDir, "/api/runs"))?.items ?? [];
  const worth = (run: Run): number =>
    (run.result?.counts.created ?? 0) * 10 + (run.result?.retries ?? 0) * 100;
  const [best] = runs.filter(({ sync }) => sync === "fireflies").toSorted((a, b) => worth(b) - worth(a));
  if (best === undefined) throw new Error("there was no run");
  return best.id;
}

try {
  const [flag, named] = process.argv.slice(2);
  const folder = flag === "--all" && named !== undefined ? named : temporaryFolder();
  mkdirSync(folder, { recursive: true });
  const dataDir = await liveAWeek();
  const reports = { run: await runToShow(dataDir), week: "week" };
  for (const [name, of] of Object.entries(reports)) {
    for (const [form, options] of Object.entries({ html: ["--html"], md: [], json: ["--json"] })) {
      const { code, stdout, stderr } = await runSyncctl(["report", of, "--data-dir", dataDir, ...options]);
      if (code !== 0) throw new Error(`syncctl report ${of}: ${stderr}`);
      writeFileSync(join(folder, `${name}.${form}`), stdout);
    }
    const html = join(folder, `${name}.html`);
    if (flag === "--all")
      for (const [look, options] of Object.entries(LOOKS))
        await take(html, options, join(folder, `${name}-${look}.png`), true);
    const picture = join(DOCS, `report-${name}.png`);
    await take(html, DESKTOP, picture, false);
    const { size } = statSync(picture);
    if (size > PICTURE_BYTES_MAX)
      throw new Error(`${picture} has ${size} bytes, at most ${PICTURE_BYTES_MAX}`);
  }
} finally {
  await cleanUp();
}
