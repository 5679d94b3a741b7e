import { expect, it } from "vitest";
import { aListedMeeting, runSync } from "./workspace.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";

it("what was listed of Notion proves nothing about meetings, nor the reverse", async () => {
  const space = await aNotionWorkspace();
  await space.sync("clients");
  await space.sync("projects");
  expect(await space.ports.records.sourceCount()).toEqual({ ids: 0, asOfMs: null });
  expect(await space.ports.records.discoveries()).toEqual({ lastCeilingMs: null, backfilledMs: null });
  const { lastCeilingMs } = await space.ports.tables.listings("projects");
  space.world.advance(3_600_000);
  space.source.meetings = [aListedMeeting("m1")];
  const run = await runSync(space, "fireflies");
  expect(run).toMatchObject({ state: "succeeded", result: { counts: { created: 1 } } });
  expect((await space.ports.records.sourceCount()).asOfMs).not.toBeNull();
  expect((await space.ports.tables.listings("projects")).lastCeilingMs).toBe(lastCeilingMs);
});
