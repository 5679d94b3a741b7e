import { describe, expect, it } from "vitest";
import type { Fence } from "../../src/ports/run-store.ts";
import type { TableCommit } from "../../src/ports/table-store.ts";
import { fightContent } from "../fight/content.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";
import { runSync } from "./workspace.ts";

const HOUR_MS = 3_600_000;

async function aSpace(projects: number) {
  const content = () => fightContent(Date.UTC(2026, 5, 1, 11), projects);
  const space = await aNotionWorkspace({ content, requestsPerMinute: null });
  await space.sync("clients");
  return space;
}

type Space = Awaited<ReturnType<typeof aSpace>>;

/** A run of projects whose ledger does something else with each commit. */
function syncWith(space: Space, change: (commit: TableCommit) => TableCommit | Promise<TableCommit>) {
  const { tables } = space.ports;
  const changed: typeof tables = Object.assign(Object.create(tables) as typeof tables, {
    commit: async (...[fence, commit]: Parameters<typeof tables.commit>) =>
      tables.commit(fence, await change(commit)),
  });
  const ports = { ...space.ports, tables: changed };
  return runSync({ ...space, ports }, "projects", ports);
}

/** The fence of the run under way. */
async function fenceOf(space: Space): Promise<Fence> {
  const [lease] = await space.rows<{ lane: string; token: number }>(
    "select lane, token from leases where lane = 'projects'",
  );
  return { lane: "projects", token: lease?.token ?? 0 };
}

describe("the balance of a listing of everything", () => {
  it("holds the ids that Notion listed against the pages of the ledger", async () => {
    const space = await aSpace(3);
    const run = await space.sync("projects");
    expect(run).toMatchObject({ state: "succeeded", sourceCount: 3, destinationCount: 3 });
  });

  it("is out where a page got lost between the listing and the ledger", async () => {
    const space = await aSpace(3);
    const run = await syncWith(space, (commit) => ({
      ...commit,
      changes: commit.listing === null ? commit.changes : commit.changes.slice(1),
    }));
    expect(run).toMatchObject({ state: "succeeded_with_findings", sourceCount: 3, destinationCount: 2 });
    const alerts = await space.rows("select kind from alerts where closed_ms is null");
    expect(alerts).toEqual([{ kind: "count_mismatch" }]);
  });

  it("counts an id once that a listing shows twice, and whose batch is written twice", async () => {
    const space = await aSpace(3);
    const { tables } = space.ports;
    const twice = (ids: readonly string[]): string[] => [...ids, ...ids];
    const run = await syncWith(space, async (commit) => {
      if (commit.listing === null) return commit;
      const { listing } = commit;
      const doubled = { ...commit, listing: { ...listing, shown: twice(listing.shown) } };
      // The process dies once the batch is written, and the next one begins with it again.
      await tables.commit(await fenceOf(space), doubled);
      return doubled;
    });
    expect([run.sourceCount, run.destinationCount]).toEqual([3, 3]);
  });

  it("waits for a page whose row changes while it is merged", async () => {
    const space = await aSpace(3);
    await space.d1
      .prepare("insert into projects (id, title, job_number) values ('r', 'Ours', '26-100')")
      .run();
    const lines: string[] = [];
    const run = await syncWith(space, async (commit) => {
      if (commit.listing !== null && lines.length === 0)
        await space.d1.prepare("update projects set title = 'Ours, edited' where id = 'r'").run();
      const open = await space.rows("select 1 from discoveries where sync = 'projects'");
      if (commit.listing !== null) lines.push(`${commit.line}: ${open.length} listings`);
      return commit;
    });
    expect(lines).toEqual(["pages:1: 0 listings", "pages:1, try 2: 0 listings"]);
    expect([run.sourceCount, run.destinationCount]).toEqual([3, 3]);
    space.world.advance(HOUR_MS);
    expect((await space.sync("projects")).result?.findings).toEqual([]);
  });
});
