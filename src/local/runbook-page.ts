/**
 * The runbook as a page of its own, so that an alert can link to what to do without leaving the machine.
 *
 * @param markdown headings of level 1 and 2, paragraphs, lists and tables, with `code`, **strong** and *emphasis*; anything
 *   else is shown as it is written
 */
export function runbookPage(markdown: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Runbook – meeting-sync</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/style.css" />
  </head>
  <body class="document">
    <main>
      <p><a href="/">Back to the page</a></p>
${blocksOf(markdown).map(blockElement).join("\n")}
    </main>
  </body>
</html>
`;
}

type Kind = "heading" | "item" | "step" | "row" | "text" | "gap";
type Block = { readonly kind: Kind; readonly lines: readonly string[] };

function kindOf(line: string): Kind {
  if (line.trim() === "") return "gap";
  if (/^##? /.test(line)) return "heading";
  if (line.startsWith("- ")) return "item";
  if (/^\d+\. /.test(line)) return "step";
  return line.startsWith("|") ? "row" : "text";
}

/** Lines of one kind that stand together; a line of text below an item goes on with it. */
function blocksOf(markdown: string): Block[] {
  const blocks: { kind: Kind; lines: string[] }[] = [];
  for (const line of markdown.split("\n")) {
    const kind = kindOf(line);
    const last = blocks.at(-1);
    if (last?.kind === kind && kind !== "heading") last.lines.push(line);
    else if (kind === "text" && /^\s/.test(line) && (last?.kind === "item" || last?.kind === "step"))
      last.lines.push(`${last.lines.pop()} ${line.trim()}`);
    else blocks.push({ kind, lines: [line] });
  }
  return blocks.filter(({ kind }) => kind !== "gap");
}

function blockElement({ kind, lines }: Block): string {
  switch (kind) {
    case "heading":
      return headingElement(lines.join(" "));
    case "item":
      return `<ul>${lines.map((line) => `<li>${inline(line.slice(2))}</li>`).join("")}</ul>`;
    case "step":
      return `<ol>${lines.map((line) => `<li>${inline(line.replace(/^\d+\. /, ""))}</li>`).join("")}</ol>`;
    case "row":
      return tableElement(lines);
    case "text":
    case "gap":
      return `<p>${inline(lines.join(" "))}</p>`;
  }
}

function headingElement(line: string): string {
  const [, marks = "", title = ""] = /^(#+) (.*)$/.exec(line) ?? [];
  const name = marks.length === 1 ? "h1" : "h2";
  const id = title.toLowerCase().replaceAll(/[^a-z0-9_]+/g, "-");
  return `<${name} id="${id}">${inline(title.replaceAll("_", " "))}</${name}>`;
}

/** Cells have no bar inside of them; where code has one, it is written as an entity or otherwise. */
function tableElement(lines: readonly string[]): string {
  const rows = lines
    .filter((line) => !/^\|[-| :]+\|$/.test(line))
    .map((line) =>
      line
        .replaceAll(/^\||\|$/g, "")
        .split("|")
        .map((cell) => inline(cell.trim())),
    );
  const [head = [], ...body] = rows;
  const row = (cells: readonly string[], name: string): string =>
    `<tr>${cells.map((cell) => `<${name}>${cell}</${name}>`).join("")}</tr>`;
  return `<table><thead>${row(head, "th")}</thead><tbody>${body.map((cells) => row(cells, "td")).join("")}</tbody></table>`;
}

/** Everything is escaped first, so only what is made here is an element. Nothing inside code is emphasis. */
function inline(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .split(/(`[^`]+`)/)
    .map((part) =>
      /^`.+`$/.test(part)
        ? `<code>${part.slice(1, -1)}</code>`
        : part
            .replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
            .replaceAll(/\*([^*\s][^*]*)\*/g, "<em>$1</em>"),
    )
    .join("");
}
