/**
 * Makes the pictures of the page: `npx node test/screenshot.ts` writes docs/page.png, and with `--all DIR` each of its looks
 * (light, dark, narrow, without a search, without a token), to be looked at after a change.
 *
 * Needs chromium (CHROMIUM_PATH, by default /usr/bin/chromium). The picture shows the fonts of the machine it is made on.
 */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import { openBrowser } from "./e2e/browser.ts";
import { cleanUp, startProgram, temporaryFolder, waitFor } from "./e2e/program.ts";

const PICTURE = join(import.meta.dirname, "../docs/page.png");
/** It is loaded with the README. */
const PICTURE_BYTES_MAX = 300_000;
const SEARCH = "?q=who+should+pay+for+the+permit";

type Look = {
  readonly options: BrowserContextOptions;
  readonly query: string;
  readonly isSignedIn: boolean;
  /** How many reports of runs are opened. */
  readonly reports: number;
};

const DESKTOP = { viewport: { width: 1200, height: 940 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
const LIGHT: Look = { options: DESKTOP, query: SEARCH, isSignedIn: true, reports: 0 };

const LOOKS: Readonly<Record<string, Look>> = {
  light: LIGHT,
  dark: { ...LIGHT, options: { ...DESKTOP, colorScheme: "dark" } },
  phone: { ...LIGHT, options: PHONE },
  runs: { ...LIGHT, query: "", reports: 2 },
  "phone-runs": { ...LIGHT, options: { ...PHONE, colorScheme: "dark" }, query: "", reports: 2 },
  "sign-in": { ...LIGHT, isSignedIn: false },
};

async function take(address: string, look: Look, path: string): Promise<void> {
  const browser = await openBrowser(temporaryFolder(), look.options);
  const page = browser.pages()[0] ?? (await browser.newPage());
  const { origin, hash } = new URL(address);
  await page.goto(`${origin}/${look.query}${look.isSignedIn ? hash : ""}`);
  if (look.isSignedIn) await page.locator("#overall[data-tone=well]").waitFor();
  if (look.isSignedIn && look.query !== "") await page.locator("#hits .hit").first().waitFor();
  for (let n = 0; n < look.reports; n += 1) {
    await page.locator("#runs > li button").nth(n).click();
    await page.locator(".report").nth(n).waitFor();
  }
  await page.screenshot({ path, fullPage: look.reports > 0 });
  await browser.close();
}

try {
  const dataDir = join(temporaryFolder(), "data");
  const program = startProgram(["start", "--port", "0", "--data-dir", dataDir]);
  const url = await waitFor("the program to serve", () => {
    if (program.isEnded()) throw new Error(`the program ended: ${program.stderr()}`);
    return program.stderr().includes("Serving") ? /Page: (\S+)/.exec(program.stdout())?.[1] : undefined;
  });
  const address = `${url}#token=${readFileSync(join(dataDir, "token"), "utf8").trim()}`;
  const [flag, folder] = process.argv.slice(2);
  if (flag === "--all" && folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    for (const [name, look] of Object.entries(LOOKS)) await take(address, look, join(folder, `${name}.png`));
  } else {
    await take(address, LIGHT, PICTURE);
    const { size } = statSync(PICTURE);
    if (size > PICTURE_BYTES_MAX)
      throw new Error(`${PICTURE} has ${size} bytes, at most ${PICTURE_BYTES_MAX}`);
  }
} finally {
  await cleanUp();
}
