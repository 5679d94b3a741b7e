import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aNotionWorld, NOTION_EPOCH_MS, SMALL_SEED } from "./a-notion-world.ts";
import type { NotionControlInput } from "./control-ops.ts";
import { createNotionEmulator, type NotionOptions } from "./emulator.ts";
import type { SeedValue } from "./seed.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "notion-"))));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a world in a folder", () => {
  const kept = { content: () => SMALL_SEED, contentHash: "small", seed: 4 };
  const options: NotionOptions = { ...kept, nowMs: () => NOTION_EPOCH_MS };

  it("goes on as it was: pages, schema, edits, log, budget, late writes and settings", async () => {
    const stateDir = join(folder, "kept");
    const first = await aNotionWorld({ ...kept, stateDir });
    first.emulator.control({
      op: "edit",
      page: "school",
      set: { Tags: ["glass"], Fee: 3 },
      by: "Ada Example",
    });
    first.emulator.control({ op: "rename-property", database: "projects", property: "Fee", name: "Price" });
    first.emulator.control({ op: "limit", requestsPerMinute: 2 });
    first.emulator.control({ op: "fault", next: [{ kind: "late", lateMs: 1_000 }] });
    const write = first.ask("PATCH", `pages/${first.pageId("school")}`, {
      properties: { Price: { number: 4 } },
    });
    await expect(write).rejects.toThrow("fetch failed");
    const before = [
      first.emulator.log(),
      first.emulator.databases(),
      first.emulator.botId,
      first.emulator.workspaceId,
    ];
    await first.emulator.close();

    const second = await aNotionWorld({
      ...kept,
      stateDir,
      content: () => {
        throw new Error("asked for although the world is there");
      },
    });
    const { emulator } = second;
    expect([emulator.log(), emulator.databases(), emulator.botId, emulator.workspaceId]).toEqual(before);
    expect(emulator.pages("projects")).toHaveLength(3);
    second.wait(1_000);
    expect(emulator.edits().map(({ value, by }) => [value, by === "bot"])).toEqual([
      [3, false],
      [["glass"], false],
      [4, true],
    ]);
    const school = emulator.pages("projects").find(({ key }) => key === "school");
    expect(school?.values).toMatchObject({ Tags: ["glass"], Price: 4 });
    expect((await second.ask("GET", "users/me")).status).toBe(200);
    expect((await second.ask("GET", "users/me")).status).toBe(429);
    await emulator.close();
  });

  it("is refused with another seed, other rows, or while another emulator runs on it", async () => {
    const stateDir = join(folder, "refused");
    const first = await createNotionEmulator({ ...options, stateDir });
    await expect(createNotionEmulator({ ...options, stateDir })).rejects.toThrow(
      "Another emulator is running",
    );
    await first.close();
    await expect(createNotionEmulator({ ...options, stateDir, seed: 5 })).rejects.toThrow("made with seed 4");
    await expect(createNotionEmulator({ ...options, stateDir, contentHash: "large" })).rejects.toThrow(
      "other rows",
    );
    const again = await createNotionEmulator({ ...options, stateDir });
    await again.close();
  });

  it("says in one sentence what is wrong with a seed", async () => {
    const [projects] = SMALL_SEED.databases;
    const rows = [{ key: "a", createdMs: 0, editedMs: 0, values: { Clients: ["nobody"] } }];
    const content = () => ({ databases: [{ ...projects!, rows }, SMALL_SEED.databases[1]!] });
    await expect(createNotionEmulator({ ...options, content })).rejects.toThrow(
      "Clients points at nobody, which is not there.",
    );
  });
});

describe("people at the controls", () => {
  it("are refused in one sentence, and nothing of the op is done", async () => {
    const { emulator } = await aNotionWorld();
    const before = [emulator.pages("projects"), emulator.edits()];
    const refused: [NotionControlInput, string][] = [
      [{ op: "edit", page: "nobody", set: {} }, "There is no page nobody in this world."],
      [{ op: "edit", page: "old", set: { Fee: 1 } }, "Page old is in the trash; restore it first."],
      [
        { op: "edit", page: "school", set: { Tags: ["new"], Fee: "much" } },
        'Fee (number) takes a number, not "much".',
      ],
      [{ op: "edit", page: "school", set: { Stage: "Paused" } }, 'Stage has no status "Paused".'],
      [
        { op: "edit", page: "school", set: { Number: 5 } },
        "Number is of type unique_id, which nobody can set.",
      ],
      [{ op: "create", database: "nothing", values: {} }, "There is no database nothing in this world."],
      [
        { op: "remove-property", database: "projects", property: "Name" },
        "The title property cannot be removed.",
      ],
      [
        { op: "add-property", database: "projects", name: "Fee", type: "number" },
        "Projects has a property Fee already.",
      ],
      [{ op: "share" }, "the value: Name exactly one of page, database and dataSource."],
      [
        { op: "fault", plan: "kinds=flood" },
        '"flood" is no kind of fault; there are 409, 429, 500, 502, 503, 504, 529, html, cut, slow, reset, late.',
      ],
    ];
    for (const [op, problem] of refused) expect(emulator.control(op)).toEqual({ ok: false, problem });
    expect([emulator.pages("projects"), emulator.edits()]).toEqual(before);
    expect(
      emulator.control({ op: "create", database: "clients", values: { Name: "Second" }, key: "school" }),
    ).toMatchObject({ ok: true });
    expect(emulator.control({ op: "trash", page: "school" })).toMatchObject({ ok: false });
    expect(emulator.control({ op: "trash", page: "clients/school" })).toMatchObject({ ok: true });
  });

  it("duplicate a page with every value but its number", async () => {
    const { emulator } = await aNotionWorld();
    emulator.control({ op: "duplicate", page: "harbour", key: "copy" });
    const pages = new Map(emulator.pages("projects").map((page) => [page.key, page]));
    const own = new Set(["Number", "Made", "Changed", "Maker", "Changer"]);
    const shared = (key: string) => Object.entries(pages.get(key)!.values).filter(([name]) => !own.has(name));
    expect(shared("copy")).toEqual(shared("harbour"));
    expect(pages.get("copy")?.values["Number"]).toBe(4);
    const [client] = emulator.pages("clients");
    expect(client?.values["Projects"]).toEqual(["harbour", "copy"]);
  });

  it("retype, rename and remove properties and options, and values follow as far as they can", async () => {
    const { emulator, ask, dataSourceId, pageId } = await aNotionWorld();
    const valuesOf = (key: string) => emulator.pages("projects").find((page) => page.key === key)!.values;
    const idOf = (reply: ReturnType<typeof emulator.control>) => (reply.ok ? reply.id : undefined);
    const before = idOf(
      emulator.control({ op: "rename-property", database: "projects", property: "Fee", name: "Price" }),
    );
    const after = idOf(
      emulator.control({ op: "retype-property", database: "projects", property: "Price", type: "rich_text" }),
    );
    expect(after).toBe(before);
    expect(valuesOf("harbour")["Price"]).toBe("12500.5");
    const shown = await ask("POST", `data_sources/${dataSourceId("projects")}/query`);
    expect(shown.body["results"]).toContainEqual(
      expect.objectContaining({
        properties: expect.objectContaining({ Price: expect.objectContaining({ type: "rich_text" }) }),
      }),
    );
    emulator.control({ op: "retype-property", database: "projects", property: "Mail", type: "number" });
    expect(valuesOf("harbour")["Mail"]).toBe(null);
    emulator.control({ op: "retype-property", database: "projects", property: "Kind", type: "multi_select" });
    expect(valuesOf("harbour")["Kind"]).toEqual(["Retrofit"]);
    emulator.control({
      op: "rename-option",
      database: "projects",
      property: "Tags",
      option: "steel",
      name: "iron",
    });
    emulator.control({ op: "remove-option", database: "projects", property: "Tags", option: "timber" });
    expect([valuesOf("harbour")["Tags"], valuesOf("school")["Tags"]]).toEqual([["iron"], ["iron"]]);
    emulator.control({
      op: "add-option",
      database: "projects",
      property: "Stage",
      option: "Warranty",
      group: "Complete",
    });
    const schema = (await ask("GET", `data_sources/${dataSourceId("projects")}`)).body as unknown as {
      properties: Record<
        string,
        {
          status: {
            options: { id: string; name: string }[];
            groups: { name: string; option_ids: string[] }[];
          };
        }
      >;
    };
    const { options, groups } = schema.properties["Stage"]!.status;
    expect(groups.at(-1)?.option_ids).toContain(options.find(({ name }) => name === "Warranty")?.id);
    emulator.control({ op: "remove-property", database: "projects", property: "Clients" });
    const properties = (await ask("GET", `pages/${pageId("port")}`)).body["properties"];
    expect(Object.keys(properties as object)).toEqual(["Name", "Region"]);
    expect(valuesOf("harbour")).not.toHaveProperty("Client names");
  });
});

/** What may happen to the two rows and the client, by people and by the connection. */
const happening = fc.oneof(
  fc.record({
    kind: fc.constant("person" as const),
    page: fc.constantFrom("harbour", "school"),
    set: fc.oneof(
      fc.record({ Fee: fc.option(fc.integer({ min: 0, max: 9 })) }),
      fc.record({ Tags: fc.subarray(["steel", "glass", "brick"]) }),
      fc.record({ Clients: fc.subarray(["port"]) }),
      fc.record({ Stage: fc.constantFrom("Backlog", "Doing", "Done") }),
    ),
  }),
  fc.record({
    kind: fc.constant("bot" as const),
    page: fc.constantFrom("harbour", "school"),
    fee: fc.integer({ min: 0, max: 9 }),
    fault: fc.constantFrom(null, "late", "commit_then_503", "commit_then_lost", "lost_before", "conflict"),
  }),
  fc.record({ kind: fc.constant("mirror" as const), projects: fc.subarray(["harbour", "school"]) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
);

describe("the edits", () => {
  it("replayed over the seed are the pages, each knows what it replaced, and times never go back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 25 }), async (happenings) => {
        const { emulator, ask, wait, pageId } = await aNotionWorld({ requestsPerMinute: null });
        const everyPage = () => ["projects", "clients"].flatMap((key) => emulator.pages(key));
        const idsByProperty = new Map<string, string>();
        for (const key of ["projects", "clients"]) {
          const [dataSource] = emulator.databases().find((database) => database.key === key)!.dataSourceIds;
          const { properties } = (await ask("GET", `data_sources/${dataSource}`)).body as {
            properties: Record<string, { id: string }>;
          };
          for (const [name, { id }] of Object.entries(properties))
            idsByProperty.set(`${dataSource}/${id}`, name);
        }
        const replayed = new Map(everyPage().map((page) => [page.id, { ...page.values }]));
        for (const happens of happenings) {
          if (happens.kind === "wait") wait(happens.ms);
          if (happens.kind === "person")
            emulator.control({ op: "edit", page: happens.page, set: happens.set, by: "Ada" });
          if (happens.kind === "mirror")
            emulator.control({ op: "edit", page: "port", set: { Projects: happens.projects } });
          if (happens.kind !== "bot") continue;
          if (happens.fault) emulator.control({ op: "fault", clear: true, next: [{ kind: happens.fault }] });
          const body = { properties: { Fee: { number: happens.fee } } };
          await ask("PATCH", `pages/${pageId(happens.page)}`, body).catch(() => null);
        }
        wait(60_000);
        const pages = everyPage();
        const edits = emulator.edits();
        for (const { pageId, propertyId, previous, value } of edits) {
          const page = pages.find(({ id }) => id === pageId)!;
          const name = idsByProperty.get(`${page.dataSourceId}/${propertyId}`)!;
          const values = replayed.get(pageId) as Record<string, SeedValue>;
          expect(previous).toEqual(values[name]);
          values[name] = value;
        }
        const written = ["Fee", "Tags", "Clients", "Stage", "Projects"];
        for (const page of pages) {
          for (const name of written) expect(replayed.get(page.id)?.[name]).toEqual(page.values[name]);
        }
        const times = edits.map(({ atMs }) => atMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });
});
