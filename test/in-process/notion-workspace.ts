import { createNotionEmulator, type NotionOptions } from "../../emulators/notion/emulator.ts";
import { NOTION_DEMO_TOKEN } from "../../emulators/notion/keys.ts";
import { notionContent } from "../../emulators/notion/table-file.ts";
import { createNotionTables } from "../../src/adapters/notion/tables.ts";
import { USUAL_SETTINGS } from "../../src/core/config.ts";
import type { NotionSetup } from "../../src/ports/ports.ts";
import type { Run } from "../../src/ports/run-store.ts";
import { aWorkspace, runSync, type Workspace } from "./workspace.ts";

/** A workspace beside an emulated Notion, on its clock. */
export async function withNotion<S extends Workspace>(
  space: S,
  options: Partial<NotionOptions> = {},
  change: Partial<NotionSetup> = {},
) {
  const { world } = space;
  const notion = await createNotionEmulator({
    nowMs: world.nowMs,
    content: () => notionContent({ seed: 1, epochMs: world.nowMs() - 3_600_000 }),
    ...options,
  });
  const tables = await createNotionTables({
    url: "https://api.notion.com",
    token: NOTION_DEMO_TOKEN,
    fetch: (request) => notion.fetch(request),
    world,
  });
  const idOf = (key: string): string => notion.databases().find((one) => one.key === key)?.databaseId ?? "";
  const setup: NotionSetup = {
    tables,
    databases: { projects: idOf("projects"), clients: idOf("clients") },
    settings: USUAL_SETTINGS.tables,
    mayWrite: true,
    country: "US",
    ...change,
  };
  return { ...space, ports: { ...space.ports, notion: setup }, notion };
}

/** Everything of the product in this process beside an emulated Notion, all on one still clock. */
export async function aNotionWorkspace(
  options: Partial<NotionOptions> = {},
  change: Partial<NotionSetup> = {},
) {
  const space = await withNotion(await aWorkspace(), options, change);
  const { d1, ports, notion } = space;
  return {
    ...space,
    sync: (name: "projects" | "clients", preview: Run["preview"] = null): Promise<Run> =>
      runSync(space, name, ports, preview),
    rows: async <T = Record<string, unknown>>(sql: string): Promise<T[]> =>
      (await d1.prepare(sql).all<T>()).results,
    writes: () => notion.log().filter(({ isWrite }) => isWrite).length,
  };
}
