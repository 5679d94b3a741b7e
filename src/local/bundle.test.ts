import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleWorker } from "./bundle.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "bundle-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe("bundleWorker", () => {
  test("makes one module of several and keeps the platform's own imports", async () => {
    write("size.ts", "export const answer: number = 42;");
    const entry = write(
      "worker.ts",
      `import { WorkerEntrypoint } from "cloudflare:workers";
       import { Buffer } from "node:buffer";
       import { answer } from "./size.ts";
       export default class extends WorkerEntrypoint { say() { return Buffer.from("ü" + answer); } }`,
    );
    const { script, sizeBytes } = await bundleWorker(entry);
    expect(script).toContain('from "cloudflare:workers"');
    expect(script).toContain('from "node:buffer"');
    expect(script).toContain("42");
    expect(script).not.toContain("./size");
    expect(sizeBytes).toBe(Buffer.byteLength(script));
  });

  test("reads a page or a query as text", async () => {
    write("page.html", "<p>hello</p>");
    const entry = write("worker.ts", 'import page from "./page.html"; export default page;');
    expect((await bundleWorker(entry)).script).toContain("<p>hello</p>");
  });

  test("names file and line of a mistake", async () => {
    const entry = write("worker.ts", "export default {\n  fetch( {\n};");
    await expect(bundleWorker(entry)).rejects.toThrow(/worker\.ts:\d/);
  });
});
