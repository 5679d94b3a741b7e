import { expect, it } from "vitest";
import { readReport } from "../../src/queries/status.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";

const DAY_MS = 24 * 3_600_000;

it("a page that cannot be seen any more costs no record, is said, and goes on when it is seen again", async () => {
  const { ports, sync, rows, notion, world } = await aNotionWorkspace();
  await sync("clients");
  await sync("projects");
  const [bound] = await rows<{ page: string; record: string }>(
    "select page_id as page, record_id as record from notion_pages where sync = 'projects' and state = 'bound' limit 1",
  );
  const before = await rows("select id, title, deleted_ms from projects order by id");
  notion.control({ op: "unshare", page: bound?.page ?? "" });
  world.advance(DAY_MS + 1);
  const { id } = await sync("projects");
  expect(await rows("select id, title, deleted_ms from projects order by id")).toEqual(before);
  expect((await readReport(ports, id))?.setAside).toContainEqual({
    itemId: bound?.record,
    verdict: "pending",
    reason: expect.stringContaining("cannot be seen any more"),
  });
  notion.control({ op: "share", page: bound?.page ?? "" });
  world.advance(DAY_MS + 1);
  await sync("projects");
  expect(await rows(`select state from notion_pages where page_id = '${bound?.page}'`)).toEqual([
    { state: "bound" },
  ]);
});
