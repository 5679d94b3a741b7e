import { describe, expect, it } from "vitest";
import type { Ports } from "../../src/ports/ports.ts";
import type { TableStore } from "../../src/ports/table-store.ts";
import { fight } from "./fight.ts";

const withTables =
  (change: (tables: TableStore) => Partial<TableStore>) =>
  (ports: Ports): Ports => ({
    ...ports,
    tables: Object.assign(Object.create(ports.tables), change(ports.tables)),
  });

/** A planted bug, a seed that meets it or one of the next, and the law that must bite. */
const PLANTED: readonly (readonly [
  bug: string,
  plant: (ports: Ports) => Ports,
  seed: number,
  law: RegExp,
])[] = [
  [
    "replaces in Notion without writing down what stood there",
    withTables((tables) => ({ planPush: (fence, push) => tables.planPush(fence, { ...push, history: [] }) })),
    1,
    /replaced in Notion and stands in no history/,
  ],
  [
    "replaces in D1 without writing down what stood there",
    withTables((tables) => ({
      commit: (fence, commit) =>
        tables.commit(fence, { ...commit, changes: commit.changes.map((one) => ({ ...one, history: [] })) }),
    })),
    2,
    /replaced in D1 and stands in no history/,
  ],
  [
    "makes a page again at once when it does not know whether it made one",
    withTables((tables) => ({
      candidates: async (...asked) => {
        const { items, cursor } = await tables.candidates(...asked);
        return { items: items.map((item) => ({ ...item, openPush: null })), cursor };
      },
    })),
    23,
    /pages were made for/,
  ],
  [
    "writes a row that has changed since it was read",
    withTables((tables) => ({
      commit: async (fence, commit) => {
        const now = await tables.pages(
          commit.sync,
          commit.changes.map(({ pageId }) => pageId),
        );
        const changes = commit.changes.map((one) => ({
          ...one,
          rowVersion: now.get(one.pageId)?.rowVersion ?? one.rowVersion,
        }));
        return tables.commit(fence, { ...commit, changes });
      },
    })),
    21,
    /Notion shows|lost:|replaced/,
  ],
  [
    "hides no row whose page is in the trash",
    withTables((tables) => ({
      commit: (fence, commit) =>
        tables.commit(fence, {
          ...commit,
          changes: commit.changes.map((one) =>
            one.row?.isNew === false ? { ...one, row: { ...one.row, deletedMs: null } } : one,
          ),
        }),
    })),
    1,
    /is trashed, and its row is live/,
  ],
];
const PLANTED_SEEDS_MAX = 25;

describe("a law bites when the program", () => {
  it.each(PLANTED)("%s", async (_bug, plant, seed, law) => {
    let breaches = "";
    for (let tries = 0; tries < PLANTED_SEEDS_MAX && !law.test(breaches); tries += 1) {
      breaches = (await fight(seed + tries, 40, { plant })).breaches.join("\n");
    }
    expect(breaches).toMatch(law);
  });
});
