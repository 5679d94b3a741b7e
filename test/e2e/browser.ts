import { existsSync } from "node:fs";
import { chromium, type BrowserContext, type BrowserContextOptions } from "playwright-core";

/** Debian's place; another is named by CHROMIUM_PATH. */
const CHROMIUM_PATH = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

/** Quiet: a browser that asks its maker for anything would look like a page that does. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Whether there is a browser to test with. */
export function hasBrowser(): boolean {
  return existsSync(CHROMIUM_PATH);
}

/**
 * Open a browser without a window.
 *
 * @param profile an empty folder, for it alone
 */
export async function openBrowser(
  profile: string,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM_PATH,
    headless: true,
    args: FLAGS,
    locale: "en-GB",
    timezoneId: "UTC",
    ...options,
  });
}
