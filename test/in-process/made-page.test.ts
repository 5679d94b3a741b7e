import { describe, expect, it } from "vitest";
import { aNotionWorkspace } from "./notion-workspace.ts";

describe("a page that was made without our learning of it", () => {
  it("gives D1 what a person typed into it before it was found", async () => {
    const space = await aNotionWorkspace();
    const { notion, d1 } = space;
    await space.sync("clients");
    await space.sync("projects");
    await d1
      .prepare("insert into projects (id, title, project_address) values ('row-1', 'New hall', 'Pier 4')")
      .run();
    const fault = { kind: "commit_then_503", method: "POST", endpoint: "create_page" } as const;
    notion.control({ op: "fault", clear: true, next: [fault] });
    const answer = notion.fetch;
    notion.fetch = async (request) => {
      const isCreate = request.method === "POST" && request.url.endsWith("/v1/pages");
      const reply = await answer(request);
      const made = notion.pages("projects").find(({ values }) => values["Sync ID"] === "row-1");
      if (isCreate && made !== undefined)
        notion.control({ op: "edit", page: made.id, set: { Address: "Pier 5" } });
      return reply;
    };
    await space.sync("projects");
    const rows = await space.rows("select title, project_address from projects where id = 'row-1'");
    expect(rows).toEqual([{ title: "New hall", project_address: "Pier 5" }]);
  });
});
