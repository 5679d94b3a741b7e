import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALERT_KINDS } from "../core/alerts.ts";
import { writePage } from "./page-files.ts";
import { runbookPage } from "./runbook-page.ts";

const folder = mkdtempSync(join(tmpdir(), "page-"));
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

beforeAll(() => writePage(folder));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the files of the page", () => {
  it("are these, and each that the page names is among them", () => {
    const names = readdirSync(folder).toSorted();
    expect(names).toEqual(["_headers", "icon.svg", "index.html", "page.js", "runbook.html", "style.css"]);
    const named = [...read("index.html").matchAll(/(?:src|href)="\/([^"#]+)"/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(3);
    for (const name of named) expect([...names, "runbook"]).toContain(name);
  });

  it("name no other host", () => {
    for (const name of ["index.html", "runbook.html", "style.css", "page.js", "_headers"]) {
      expect(read(name), name).not.toMatch(/(?:https?:)?\/\/[\w-]+\.\w/);
    }
    expect(read("style.css")).not.toMatch(/url\(|@import/);
  });

  it("have no script or style inline, so the policy needs no exception", () => {
    for (const name of ["index.html", "runbook.html"]) {
      expect(read(name), name).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:/i);
    }
    const policy = /Content-Security-Policy: (.*)/.exec(read("_headers"))?.[1] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toContain("unsafe");
  });

  it("put nothing into the page but text", () => {
    expect(read("page.js")).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|createContextualFragment|setHTML/,
    );
  });
});

describe("runbookPage", () => {
  it("has a place for each alert to link to", () => {
    for (const kind of ALERT_KINDS) expect(read("runbook.html")).toContain(`<h2 id="${kind}">`);
  });

  it("shows lists, steps and tables as what they are", () => {
    const page = runbookPage(
      "Do:\n- *one*\n- two\n  goes on\n\n1. first\n2. **second**\n\n| a | b |\n| --- | :-- |\n| `x*y*` | <z> |",
    );
    expect(page).toContain("<p>Do:</p>\n<ul><li><em>one</em></li><li>two goes on</li></ul>");
    expect(page).toContain("<ol><li>first</li><li><strong>second</strong></li></ol>");
    expect(page).toContain(
      "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td><code>x*y*</code></td><td>&lt;z&gt;</td></tr></tbody></table>",
    );
  });

  it("escapes everything, and makes code of code alone", () => {
    const page = runbookPage('# A <b>\n\n## b_c\nSee `x < "y"` & <img src=x onerror=alert(1)>.\n\nMore.');
    expect(page).toContain('<h1 id="a-b-">A &lt;b&gt;</h1>');
    expect(page).toContain('<h2 id="b_c">b c</h2>');
    expect(page).toContain(
      "<p>See <code>x &lt; &quot;y&quot;</code> &amp; &lt;img src=x onerror=alert(1)&gt;.</p>",
    );
    expect(page).toContain("<p>More.</p>");
    expect(page).not.toContain("<img");
  });
});
