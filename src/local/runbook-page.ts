/**
 * The runbook as a page of its own, so that an alert can link to what to do without leaving the machine.
 *
 * @param markdown headings of level 1 and 2, paragraphs and code spans; anything else is shown as it is written
 */
export function runbookPage(markdown: string): string {
  const blocks = markdown.split(/\n(?=#)|\n{2,}/).map((block) => block.trim());
  const body = blocks.filter((block) => block !== "").map(blockOf);
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
${body.join("\n")}
    </main>
  </body>
</html>
`;
}

function blockOf(block: string): string {
  const heading = /^(#{1,2}) ([^\n]+)(?:\n([\s\S]*))?$/.exec(block);
  if (heading === null) return `      <p>${inline(block)}</p>`;
  const [, marks = "", title = "", rest = ""] = heading;
  const name = marks.length === 1 ? "h1" : "h2";
  const id = title.toLowerCase().replaceAll(/[^a-z0-9_]+/g, "-");
  const under = rest.trim() === "" ? "" : `\n${blockOf(rest.trim())}`;
  return `      <${name} id="${id}">${inline(title.replaceAll("_", " "))}</${name}>${under}`;
}

/** Everything is escaped; only `code` becomes an element. */
function inline(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
