import type { Random } from "../../emulators/world/random.ts";
import type { NotionPageState } from "../../emulators/notion/oracle.ts";
import type { World } from "../../src/ports/world.ts";
import type { FightEstate } from "./estate.ts";
import type { TypedValues } from "./typed.ts";

/** Columns whose values people type, and the property of each. */
export const TYPED_COLUMNS = {
  title: "Project name",
  job_number: "Job #",
  project_address: "Address",
} as const;
type TypedColumn = keyof typeof TYPED_COLUMNS;

const COLUMNS = Object.keys(TYPED_COLUMNS) as TypedColumn[];
const PAGES_MAX = 6;

type Row = Record<string, string | number | null>;

/** Where people meet: both sides, and the time. */
type Meeting = Pick<FightEstate, "notion" | "d1" | "rows"> & { readonly world: Pick<World, "nowMs"> };

/** What people on both sides do. Each move is one edit, however it is made. */
export function peopleOf(estate: Meeting, random: Random, typed: TypedValues) {
  const { notion, d1, world } = estate;
  const control = (op: Parameters<typeof notion.control>[0]): void => {
    const reply = notion.control(op);
    if (!reply.ok) throw new Error(`the emulator refuses a move: ${reply.problem}`);
  };
  const pages = (): NotionPageState[] =>
    notion.pages("projects").filter(({ isTrashed, isShared }) => !isTrashed && isShared);
  const rows = (): Promise<Row[]> =>
    estate.rows<Row>("select * from projects where deleted_ms is null order by id");
  const pageOr = (move: (page: NotionPageState) => void): void => {
    const all = pages();
    if (all.length > 0) move(random.pick(all));
  };
  const rowOr = async (move: (row: Row) => Promise<void>): Promise<void> => {
    const all = await rows();
    if (all.length > 0) await move(random.pick(all));
  };
  const nameOf = (column: TypedColumn): string => nameIn(notion, column);
  const editPage = (page: NotionPageState, column: TypedColumn): void => {
    const name = nameOf(column);
    const place = page.id;
    const value = typed.type({ side: "notion", place, column, atMs: world.nowMs() }, page.values[name]);
    control({ op: "edit", page: page.id, set: { [name]: value } });
  };
  const editRow = async (row: Row, column: TypedColumn): Promise<void> => {
    const place = String(row["id"]);
    const value = typed.type({ side: "d1", place, column, atMs: world.nowMs() }, row[column]);
    await d1.prepare(`update projects set ${column} = ? where id = ?`).bind(value, place).run();
  };
  const deleteRow = async (row: Row): Promise<void> => {
    for (const column of COLUMNS) typed.remove(row[column]);
    // By the ledger: a form that was opened long ago may have taken the page out of the row.
    const bound = await d1
      .prepare("select page_id as id from notion_pages where sync = 'projects' and record_id = ?")
      .bind(String(row["id"]))
      .all<{ id: string }>();
    for (const { id } of bound.results) restored.delete(id);
    await d1.prepare("delete from projects where id = ?").bind(String(row["id"])).run();
  };
  const restored = new Set<string>();
  const STATUSES = ["active", "on-hold", "completed", "cancelled"] as const;
  const LABELS = ["Not started", "In progress", "On hold", "Complete", "Cancelled"] as const;
  let stale: Row[] = [];
  let options = 0;

  const moves: Record<string, () => Promise<void> | void> = {
    "edit a page": () => pageOr((page) => editPage(page, random.pick(COLUMNS))),
    "edit a row": () => rowOr((row) => editRow(row, random.pick(COLUMNS))),
    "edit one field on both sides": () =>
      rowOr(async (row) => {
        const page = pages().find(({ id }) => id === row["notion_id"]);
        const column = random.pick(COLUMNS);
        if (page !== undefined) editPage(page, column);
        await editRow(row, column);
      }),
    "edit fields beside each other": () =>
      rowOr(async (row) => {
        const page = pages().find(({ id }) => id === row["notion_id"]);
        if (page !== undefined) editPage(page, "title");
        await editRow(row, "project_address");
      }),
    "clear a field in Notion": () =>
      pageOr((page) => {
        typed.remove(page.values[nameOf("project_address")]);
        control({ op: "edit", page: page.id, set: { [nameOf("project_address")]: null } });
      }),
    "set a status in Notion": () =>
      pageOr((page) => control({ op: "edit", page: page.id, set: { Phase: random.pick(LABELS) } })),
    "set a status in D1": () =>
      rowOr(async (row) => {
        await d1
          .prepare("update projects set status = ? where id = ?")
          .bind(random.pick(STATUSES), String(row["id"]))
          .run();
      }),
    "set a number in Notion": () =>
      pageOr((page) => control({ op: "edit", page: page.id, set: { "Est Revenue": random.int(1, 1e6) } })),
    "set a date in D1": () =>
      rowOr(async (row) => {
        const day = `2026-0${random.int(1, 9)}-1${random.int(0, 9)}`;
        await d1
          .prepare("update projects set start_date = ? where id = ?")
          .bind(day, String(row["id"]))
          .run();
      }),
    "trash a page": () =>
      pageOr((page) => {
        restored.delete(page.id);
        control({ op: "trash", page: page.id });
      }),
    "restore a page": async () => {
      const trashed = notion.pages("projects").filter(({ isTrashed, isShared }) => isTrashed && isShared);
      if (trashed.length === 0) return;
      const { id } = random.pick(trashed);
      if (await isKnownTrashed(estate, id)) restored.add(id);
      control({ op: "restore", page: id });
    },
    "delete a row": () =>
      rowOr(async (row) => {
        await deleteRow(row);
      }),
    "delete a row whose page is edited": () =>
      rowOr(async (row) => {
        const page = pages().find(({ id }) => id === row["notion_id"]);
        if (page !== undefined) editPage(page, random.pick(COLUMNS));
        await deleteRow(row);
      }),
    "make a row": async () => {
      if ((await rows()).length >= PAGES_MAX) return;
      const id = `row-${random.int(0, 1e9)}`;
      const value = typed.type({ side: "d1", place: id, column: "title", atMs: world.nowMs() }, null);
      await d1
        .prepare("insert into projects (id, title, status) values (?, ?, 'active')")
        .bind(id, value)
        .run();
    },
    "make a page": () => {
      if (pages().length >= PAGES_MAX) return;
      const value = typed.type({ side: "notion", place: "new", column: "title", atMs: world.nowMs() }, null);
      control({
        op: "create",
        database: "projects",
        values: { [nameOf("title")]: value, Phase: "In progress" },
      });
    },
    "duplicate a page": () => {
      if (pages().length < PAGES_MAX) pageOr((page) => control({ op: "duplicate", page: page.id }));
    },
    "rename a property": async () => {
      const column = random.pick(COLUMNS);
      // One that nobody has seen under its old name cannot be known by its id.
      if ((await estate.rows("select 1 from notion_schemas where sync = 'projects'")).length === 0) return;
      control({
        op: "rename-property",
        database: "projects",
        property: nameOf(column),
        name: `${column} ${(options += 1)}`,
      });
    },
    "add an option": () =>
      control({ op: "add-option", database: "projects", property: "Phase", option: `Odd ${(options += 1)}` }),
    "unshare a page": () => pageOr((page) => control({ op: "unshare", page: page.id })),
    "share pages again": () => {
      for (const page of notion.pages("projects").filter(({ isShared }) => !isShared))
        control({ op: "share", page: page.id });
    },
    "open a form in the app": async () => {
      stale = await rows();
    },
    "save a whole row from a form": async () => {
      if (stale.length === 0) return;
      const old = random.pick(stale);
      const now = (await rows()).find((row) => row["id"] === old["id"]);
      if (now === undefined) return;
      const column = random.pick(COLUMNS);
      const place = String(old["id"]);
      const value = typed.type({ side: "d1", place, column, atMs: world.nowMs() }, now[column]);
      for (const other of COLUMNS) if (old[other] !== now[other]) typed.remove(now[other]);
      const saved = { ...old, [column]: value };
      const names = [
        "id",
        "title",
        "status",
        "job_number",
        "project_address",
        "client_id",
        "start_date",
        "notion_id",
      ];
      await d1
        .prepare(
          `insert or replace into projects (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`,
        )
        .bind(...names.map((name) => saved[name] ?? null))
        .run();
    },
  };
  const names = Object.keys(moves);
  const typeAnywhere = async (): Promise<void> => {
    if (random.chance(0.5)) pageOr((page) => editPage(page, random.pick(COLUMNS)));
    else await rowOr((row) => editRow(row, random.pick(COLUMNS)));
  };
  let typing = Promise.resolve();
  return {
    /** Pages that somebody took out of the trash, as long as nobody has deleted them again on either side. */
    restored: restored as ReadonlySet<string>,
    /** Make one move. @returns its name */
    move: async (): Promise<string> => {
      const name = random.pick(names);
      await moves[name]?.();
      return name;
    },
    /** Edits that can be made at any instant, between any two calls; one after the other, as each looks at what it replaces. */
    type: (): Promise<void> => (typing = typing.then(typeAnywhere)),
  };
}

/** Whether the ledger knows that a page is in the trash, or that it was sent there. */
async function isKnownTrashed({ rows }: Meeting, pageId: string): Promise<boolean> {
  const known = await rows(
    `select 1 from notion_pages as page where page_id = '${pageId}' and (state = 'trashed' or exists (
       select 1 from pushes where pushes.page_id = page.page_id and kind = 'trash' and settled_ms is null))`,
  );
  return known.length > 0;
}

/** The name that the property of a column has by now. */
export function nameIn(notion: FightEstate["notion"], column: TypedColumn): string {
  const [page] = notion.pages("projects");
  const names = Object.keys(page?.values ?? {});
  const renamed = names.find((name) => name.startsWith(`${column} `));
  return renamed ?? TYPED_COLUMNS[column];
}
