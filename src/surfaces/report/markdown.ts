import type { Block, ReportDocument, Table } from "./document.ts";
import { visible } from "./words.ts";

/**
 * A report as Markdown. A chart is its table here. What came from data can neither end a cell or a line nor be taken for HTML.
 */
export function markdownOf(document: ReportDocument): string {
  const sections = document.sections.map(({ title, blocks }) => [`## ${title}`, ...blocks.map(blockText)]);
  const appendix = [
    "## Queries",
    "Each figure is what the query named beside it yields; given to the database as it stands, it yields the same.",
    ...Object.entries(document.queries).map(([name, sql]) => `${name}:\n\n    ${sql}`),
  ];
  const parts = [
    `# ${plain(document.title)}`,
    ...document.lead.map(blockText),
    ...sections.flat(),
    ...appendix,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
      return block.isStrong ? `**${plain(block.text)}**` : plain(block.text);
    case "list":
      return block.items.map((item) => `- ${plain(item)}`).join("\n");
    case "facts": {
      const lines = block.facts.map(
        ({ label, value, note }) =>
          `- ${plain(label)}: ${plain(value)}${note === "" ? "" : ` (${plain(note)})`}`,
      );
      return [...lines, ...(block.query === null ? [] : [`\nQuery: ${block.query}`])].join("\n");
    }
    case "table":
      return tableText(block.table);
    case "chart":
      return `${plain(block.chart.title)}. ${plain(block.chart.summary)}\n\n${tableText(block.chart.table)}`;
  }
}

function tableText({ columns, rows, query }: Table): string {
  const heads = columns.map(({ title }) => plain(title));
  const cells = rows.map((row) => row.map((cell) => plain(cell).replaceAll("|", "\\|")));
  const widths = heads.map((head, place) =>
    Math.max(head.length, 4, ...cells.map((row) => (row[place] ?? "").length)),
  );
  // Long words are not made longer for the sake of the other rows.
  const padded = (row: readonly string[]): string =>
    row
      .map((cell, place) => {
        const width = Math.min(widths[place] ?? 0, CELL_CHARS_PADDED);
        return columns[place]?.isNumber === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(" | ");
  const rule = columns.map(({ isNumber }, place) => {
    const width = Math.min(widths[place] ?? 0, CELL_CHARS_PADDED);
    return isNumber ? `${"-".repeat(width - 1)}:` : "-".repeat(width);
  });
  const lines = [heads, rule, ...cells].map((row) => `| ${padded(row)} |`);
  return [...lines, ...(query === null ? [] : [`\nQuery: ${query}`])].join("\n");
}

/** Cells up to this length are padded, so that a terminal shows columns. */
const CELL_CHARS_PADDED = 64;

/** A `<` that begins no tag, comment or declaration stays as it is: a terminal shows it too. */
function plain(text: string): string {
  // A backslash that stands there already would undo the one before what follows it.
  return visible(text).replaceAll(/\\|<(?=[a-z/!?])|(?<=\])\(/giu, "\\$&");
}
