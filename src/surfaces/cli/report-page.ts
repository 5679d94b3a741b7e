import type { Block, Chart, ReportDocument, Section, Table } from "../report/document.ts";
import { moment, visible } from "../report/words.ts";
import { svgOf } from "./report-charts.ts";
import { REPORT_STYLE } from "./report-style.ts";

/** Nothing may be loaded, and nothing may run: what came from data could do neither if it were let through. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Characters that mean something in HTML. */
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Words, ids and times up to this length stay on one line. */
const BRIEF_CHARS_MAX = 22;

/**
 * A report as one HTML page that needs nothing else: plots as SVG with a table beside each, light, dark and on paper.
 *
 * @param madeMs world ms at which it was read
 */
export function pageOf(document: ReportDocument, madeMs: number): string {
  const sections = document.sections.map((section) => sectionOf(section));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(document.title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(document.title)}</h1>
<div class="lead">${document.lead.map((block) => blockOf(block)).join("\n")}</div>
${sections.join("\n")}
${appendixOf(document)}
<footer>Read at ${escaped(moment(madeMs))}, UTC. World times are UTC.</footer>
</main>
</body>
</html>
`;
}

function sectionOf({ title, blocks }: Section): string {
  return `<section>\n<h2>${escaped(title)}</h2>\n${blocks.map((block) => blockOf(block)).join("\n")}\n</section>`;
}

function blockOf(block: Block): string {
  switch (block.kind) {
    case "text":
      return block.isStrong
        ? `<p><strong>${escaped(block.text)}</strong></p>`
        : `<p>${escaped(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${escaped(item)}</li>`).join("")}</ul>`;
    case "facts": {
      const facts = block.facts.map(
        ({ label, value, note, tone }) =>
          `<div class="fact ${tone}"><dt>${escaped(label)}</dt><dd class="value">${escaped(value)}</dd><dd class="said">${escaped(note)}</dd></div>`,
      );
      return `<dl class="facts">${facts.join("")}</dl>${queryNote(block.query)}`;
    }
    case "table":
      return block.folded === undefined
        ? tableOf(block.table, "")
        : `<details><summary>${escaped(block.folded)}</summary>${tableOf(block.table, block.folded)}</details>`;
    case "chart":
      return chartOf(block.chart);
  }
}

function chartOf(chart: Chart): string {
  const { name, title, summary, table } = chart;
  const drawn = (width: "wide" | "narrow"): string => {
    const words = `<svg role="img" aria-labelledby="${name}-title ${name}-summary" `;
    return `<div class="${width}">${svgOf(chart, width).replace("<svg ", words)}</div>`;
  };
  return `<figure id="${name}" class="chart">
<figcaption><h3 id="${name}-title">${escaped(title)}</h3><p class="note" id="${name}-summary">${escaped(summary)}</p></figcaption>
${drawn("wide")}${drawn("narrow")}
<details><summary>The same in figures</summary>${tableOf(table, title)}</details>
</figure>`;
}

function tableOf({ columns, rows, query }: Table, caption: string): string {
  const kind = (place: number): string => (columns[place]?.isNumber === true ? ' class="number"' : "");
  const heads = columns.map(({ title }, place) => `<th scope="col"${kind(place)}>${escaped(title)}</th>`);
  const cellOf = (cell: string, place: number): string => {
    const isBrief = columns[place]?.isNumber !== true && cell.length <= BRIEF_CHARS_MAX;
    return `<td${isBrief ? ' class="brief"' : kind(place)}>${escaped(cell)}</td>`;
  };
  const body = rows.map((row) => `<tr>${row.map((cell, place) => cellOf(cell, place)).join("")}</tr>`);
  const label = caption === "" ? "" : ` aria-label="${escaped(caption)}"`;
  return `<div class="scroll"><table${label}><thead><tr>${heads.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>${queryNote(query)}`;
}

function queryNote(query: string | null): string {
  return query === null
    ? ""
    : `<p class="query">Query: <a href="#query-${escaped(query)}">${escaped(query)}</a></p>`;
}

function appendixOf({ queries }: ReportDocument): string {
  const texts = Object.entries(queries).map(
    ([name, sql]) => `<h3 id="query-${escaped(name)}">${escaped(name)}</h3><pre>${escaped(sql)}</pre>`,
  );
  return `<section><h2>Queries</h2>
<p>Each figure is what the query named beside it yields; given to the database as it stands, it yields the same.</p>
<details><summary>${texts.length} queries</summary>${texts.join("\n")}</details></section>`;
}

function escaped(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (sign) => ESCAPES[sign] ?? "");
}
