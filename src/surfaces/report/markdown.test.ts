import { expect, it } from "vitest";
import { tableOf, text } from "./document.ts";
import { markdownOf } from "./markdown.ts";

it.each([
  ["<img src=x>", "\\<img src=x>"],
  // A backslash of its own would undo the one that is put before it.
  ["\\<img src=x>", "\\\\\\<img src=x>"],
  ["![pixel](https://evil.test/p)", "![pixel]\\(https://evil.test/p)"],
])("what comes from data is shown and neither HTML nor a link: %s", (data, shown) => {
  const lead = [text(data)];
  expect(markdownOf({ title: "t", lead, sections: [], queries: {} })).toContain(`\n${shown}\n`);
});

it("a cell of a table ends where it is to end, whatever is in it", () => {
  const table = tableOf(["a", "b"], [["x\\|y", "z"]], null);
  const markdown = markdownOf({
    title: "t",
    lead: [],
    sections: [{ title: "s", blocks: [{ kind: "table", table }] }],
    queries: {},
  });
  // An escaped backslash, an escaped bar.
  expect(markdown).toContain("x\\\\\\|y");
});
