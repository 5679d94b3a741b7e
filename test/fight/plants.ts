import type { Ports } from "../../src/ports/ports.ts";
import type { TableStore } from "../../src/ports/table-store.ts";

const withTables =
  (change: (tables: TableStore) => Partial<TableStore>) =>
  (ports: Ports): Ports => ({
    ...ports,
    tables: Object.assign(Object.create(ports.tables), change(ports.tables)),
  });

/** A bug planted between the program and its ports. */
export type FightPlant = {
  readonly name: string;
  readonly plant: (ports: Ports) => Ports;
  /** A seed that meets it, or one of the next. */
  readonly seed: number;
  /** What a breach has to say. */
  readonly law: RegExp;
};

/** Bugs of both ways of Notion. */
export const FIGHT_PLANTS: readonly FightPlant[] = [
  {
    name: "base := whole returned page",
    plant: withTables((tables) => ({
      commit: async (fence, commit) => {
        const known = await tables.pages(
          commit.sync,
          commit.changes.map(({ pageId }) => pageId),
        );
        // After a push everything that Notion returned counts as agreed, and nothing of it is merged.
        const changes = commit.changes.map((one) => {
          if (one.settled?.outcome !== "landed" || one.row === null || one.row.isNew) return one;
          const held = known.get(one.pageId)?.row?.values ?? {};
          const bases = Object.fromEntries(
            Object.entries(one.row.set).map(([column, value]) => [
              column,
              { notion: one.bases[column]?.notion ?? value, d1: held[column] ?? null },
            ]),
          );
          return { ...one, row: null, history: [], bases: { ...one.bases, ...bases } };
        });
        return tables.commit(fence, { ...commit, changes });
      },
    })),
    seed: 1,
    law: /Notion shows|lost:/,
  },
  {
    name: "replaces in Notion without writing down what stood there",
    plant: withTables((tables) => ({
      planPush: (fence, push) => tables.planPush(fence, { ...push, history: [] }),
    })),
    seed: 1,
    law: /replaced in Notion and stands in no history/,
  },
  {
    name: "replaces in D1 without writing down what stood there",
    plant: withTables((tables) => ({
      commit: (fence, commit) =>
        tables.commit(fence, { ...commit, changes: commit.changes.map((one) => ({ ...one, history: [] })) }),
    })),
    seed: 2,
    law: /replaced in D1 and stands in no history/,
  },
  {
    name: "makes a page again at once when it does not know whether it made one",
    plant: withTables((tables) => ({
      candidates: async (...asked) => {
        const { items, cursor } = await tables.candidates(...asked);
        return { items: items.map((item) => ({ ...item, openPush: null })), cursor };
      },
    })),
    seed: 42,
    law: /pages were made for/,
  },
  {
    name: "writes a row that has changed since it was read",
    plant: withTables((tables) => ({
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
    seed: 1,
    law: /Notion shows|lost:|replaced/,
  },
  {
    name: "hides no row whose page is in the trash",
    plant: withTables((tables) => ({
      commit: (fence, commit) =>
        tables.commit(fence, {
          ...commit,
          changes: commit.changes.map((one) =>
            one.row?.isNew === false ? { ...one, row: { ...one.row, deletedMs: null } } : one,
          ),
        }),
    })),
    seed: 1,
    law: /is trashed, and its row is live/,
  },
  {
    name: "sends a page back into the trash that a person took out of it",
    plant: withTables((tables) => ({
      pages: async (...asked) => {
        const known = await tables.pages(...asked);
        const forgotten = [...known].map(([id, page]) =>
          page.state === "trashed" && page.row === null
            ? ([id, { ...page, state: "bound" }] as const)
            : ([id, page] as const),
        );
        return new Map(forgotten);
      },
    })),
    seed: 1,
    law: /taken out of the trash by a person/,
  },
];
