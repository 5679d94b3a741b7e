import { describe, expect, it } from "vitest";
import { NOTION_DEMO_TOKEN } from "../../emulators/notion/keys.ts";
import { fightContent } from "../fight/content.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";

const HOUR_MS = 3_600_000;

describe("a write of ours that lands after a later one", () => {
  it.each([20, 1_900])(
    "is no edit of anybody's: D1 wins, whatever its length (%i characters)",
    async (length) => {
      const content = () => fightContent(Date.UTC(2026, 5, 1, 11), 1);
      const space = await aNotionWorkspace({ content, requestsPerMinute: null });
      const [older, newer] = ["a".repeat(length), "b".repeat(length)];
      await space.sync("clients");
      await space.sync("projects");
      for (const address of [older, newer]) {
        await space.d1.prepare("update projects set project_address = ?").bind(address).run();
        space.world.advance(HOUR_MS);
        await space.sync("projects");
      }
      const addressOf = () => space.notion.pages("projects")[0]?.values["Address"];
      expect(addressOf()).toBe(newer);
      const [page] = space.notion.pages("projects");
      const late = new Request(`https://api.notion.com/v1/pages/${page?.id}`, {
        method: "PATCH",
        headers: {
          authorization: `Bearer ${NOTION_DEMO_TOKEN}`,
          "notion-version": "2026-03-11",
          "content-type": "application/json",
        },
        body: JSON.stringify({ properties: { Address: { rich_text: [{ text: { content: older } }] } } }),
      });
      expect((await space.notion.fetch(late)).status).toBe(200);
      for (const hours of [1, 26]) {
        space.world.advance(hours * HOUR_MS);
        await space.sync("projects");
      }
      expect(addressOf()).toBe(newer);
      expect(await space.rows("select project_address from projects")).toEqual([{ project_address: newer }]);
      expect(await space.rows("select * from conflicts")).toEqual([]);
    },
  );
});
