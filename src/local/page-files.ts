import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleForBrowser } from "./bundle.ts";
import { runbookPage } from "./runbook-page.ts";

const SOURCE = fileURLToPath(new URL("../surfaces/dashboard/", import.meta.url));
const RUNBOOK = fileURLToPath(new URL("../../docs/runbook.md", import.meta.url));

/** Served as they are. `_headers` is read by the asset server itself, deployed and here, and is not served. */
const PLAIN_FILES = ["index.html", "style.css", "icon.svg", "_headers"];

/**
 * Write the files of the page into a directory, which Workers static assets serve: here through Miniflare, deployed through
 * wrangler, whose `build.command` runs this file.
 *
 * Takes about 0.1 s, so nothing is cached. Throws esbuild's `BuildFailure` (its message names file and line).
 */
export async function writePage(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const [script, runbook] = await Promise.all([
    bundleForBrowser(join(SOURCE, "main.ts")),
    readFile(RUNBOOK, "utf8"),
  ]);
  await Promise.all([
    ...PLAIN_FILES.map((name) => cp(join(SOURCE, name), join(directory, name))),
    writeFile(join(directory, "page.js"), script),
    writeFile(join(directory, "runbook.html"), runbookPage(runbook)),
  ]);
}

if (import.meta.main) {
  const [directory] = process.argv.slice(2);
  if (directory === undefined)
    throw new Error("write the directory: node src/local/page-files.ts <directory>");
  await writePage(directory);
}
