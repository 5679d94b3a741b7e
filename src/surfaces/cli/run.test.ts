import { CommanderError } from "commander";
import { expect, it, vi } from "vitest";
import type { Run, SyncName } from "../../ports/run-store.ts";
import { ApiError, type ApiClient } from "../client.ts";
import type { OffSync } from "../../queries/schedule.ts";
import { runAsked } from "./run.ts";

// Nothing is waited for in earnest.
const { waited } = vi.hoisted(() => ({ waited: [] as number[] }));
vi.mock("node:timers/promises", () => ({
  default: { setTimeout: async (waitMs: number) => void waited.push(waitMs) },
}));

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
      priority: "normal",
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
    start: async (sync: SyncName) => ({ run_id: `r${asked.push(sync)}`, created: true, waits: null }),
    run: async () => ({ run: run(), progress: null }),
  };
  return { client: client as ApiClient, asked };
}

const watch = (client: ApiClient, what: string) => runAsked(client, what, { watch: true }, () => undefined);

it("makes all that are on, in their order, and says which are off", async () => {
  const { client, asked } = aClient([], OFF);
  const said = await watch(client, "all");
  expect(asked).toEqual(["clients", "projects", "vectors", "verify", "cleanup"]);
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

it("follows the run that it asked for after a more urgent one that went first", async () => {
  const { client, asked } = aClient([{ priority: "urgent" }, {}]);
  expect((await watch(client, "projects")).value).toMatchObject({
    runs: [{ priority: "urgent" }, { priority: "normal" }],
  });
  expect(asked).toEqual(["projects", "projects"]);
});

it("says until when it waits, asked for while its lane waits", async () => {
  const { client, asked } = aClient([{ state: "parked", notBeforeMs: 5 }]);
  const waits =
    "projects waits until 1970-01-01T00:00:00.005Z (the budget is used up) and goes on by itself then";
  const waiting: ApiClient = {
    ...client,
    start: async (sync) => ({
      run_id: `r${asked.push(sync as SyncName)}`,
      request_id: "q1",
      created: true,
      waits,
    }),
  };
  const shown: string[] = [];
  const said = await runAsked(waiting, "projects", { priority: "high" }, (line) => shown.push(line));
  expect(shown).toEqual([`${waits}.`]);
  expect(said.code).toBe(0);
});

it("refuses a sync that is none", async () => {
  await expect(watch(aClient([]).client, "everything")).rejects.toThrow(CommanderError);
});

it.each([{ dryRun: true }, { plan: "0f".repeat(32) }])(
  "gives up on a lane that stays busy, %j",
  async (asked) => {
    waited.length = 0;
    const shown: string[] = [];
    const start = async () => {
      throw new ApiError(409, "another run of projects is under way; ask again when it is over");
    };
    const client = { ...aClient([]).client, start } as ApiClient;
    const said = runAsked(client, "projects", asked, (line) => void shown.push(line));
    await expect(said).rejects.toThrow(
      "nothing was done: another run of projects is still under way after 10 minutes; see npm run -s syncctl -- runs, and ask again when it is over",
    );
    expect(waited.reduce((sum, waitMs) => sum + waitMs, 0)).toBe(10 * 60_000);
    expect(shown).toEqual(["Another run of projects is under way; this one begins when it is over."]);
  },
);
