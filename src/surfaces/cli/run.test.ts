import { CommanderError } from "commander";
import { expect, it } from "vitest";
import type { Run, SyncName } from "../../ports/run-store.ts";
import type { OffSync } from "../../queries/status.ts";
import type { ApiClient } from "../client.ts";
import { runAsked } from "./run.ts";

const OFF: readonly OffSync[] = [
  { sync: "fireflies", reason: "fireflies is off: no FIREFLIES_API_KEY is set" },
];

/** A client whose runs end as told, in order; the syncs that were asked for. */
function aClient(ends: readonly Partial<Run>[], off: readonly OffSync[] = []) {
  const asked: SyncName[] = [];
  const run = (): Run =>
    ({
      id: `r${asked.length}`,
      sync: asked.at(-1),
      rebuild: null,
      detail: null,
      continues: false,
      notBeforeMs: null,
      result: null,
      state: "succeeded",
      endedMs: 1,
      ...ends[asked.length - 1],
    }) as Run;
  const client: Partial<Record<keyof ApiClient, unknown>> = {
    status: async () => ({ off }),
    start: async (sync: SyncName) => ({ run_id: `r${asked.push(sync)}`, created: true }),
    run: async () => ({ run: run(), progress: null }),
  };
  return { client: client as ApiClient, asked };
}

const watch = (client: ApiClient, what: string) => runAsked(client, what, { watch: true }, () => undefined);

it("makes all that are on, in their order, and says which are off", async () => {
  const { client, asked } = aClient([], OFF);
  const said = await watch(client, "all");
  expect(asked).toEqual(["clients", "projects", "vectors", "verify"]);
  expect(said.code).toBe(0);
  expect(said.lines.at(-1)).toBe(`${OFF[0]?.reason}.`);
});

it("cannot make one that is off by name, and asks for nothing", async () => {
  const { client, asked } = aClient([], OFF);
  expect(await watch(client, "fireflies")).toMatchObject({
    code: 3,
    lines: [`${OFF[0]?.reason}.`],
    value: { runs: [], off: OFF },
  });
  expect(asked).toEqual([]);
});

it("follows a run that continues itself, and ends as badly as the worst", async () => {
  const continued = aClient([{ continues: true }, { state: "succeeded_with_findings" }]);
  expect((await watch(continued.client, "projects")).code).toBe(1);
  expect(continued.asked).toEqual(["projects", "projects"]);
  const parked = { state: "parked", notBeforeMs: 5 } as const;
  expect((await watch(aClient([parked]).client, "projects")).code).toBe(0);
  expect((await watch(aClient([{ ...parked, notBeforeMs: null }]).client, "projects")).code).toBe(3);
  expect((await watch(aClient([{ state: "failed" }]).client, "projects")).code).toBe(3);
});

it("refuses a sync that is none", async () => {
  await expect(watch(aClient([]).client, "everything")).rejects.toThrow(CommanderError);
});
