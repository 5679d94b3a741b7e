import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { CONFIG_SHAPE } from "./config-shape.ts";
import { parseConfig, settingsOf, USUAL_SETTINGS } from "./config.ts";
import { SCHEDULE_MS } from "./policy.ts";
import { TABLES } from "./records/table.ts";

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLE = readFileSync(join(ROOT, "sync.config.example.jsonc"), "utf8");

/** What is said of a text; null if nothing is wrong with it. */
function problemOf(text: string): string | null {
  const read = parseConfig(text);
  return "problem" in read ? read.problem : null;
}

/** Settings of a text that nothing is wrong with. */
function settingsIn(text: string): ReturnType<typeof settingsOf> {
  const read = parseConfig(text);
  if ("problem" in read) throw new Error(read.problem);
  return settingsOf(read.config);
}

describe("a configuration file", () => {
  it("may hold comments, commas at the end, and a byte order mark", () => {
    expect(
      problemOf('\uFEFF{ // why\n "schedule": { "projects_minutes": 30, }, /* and more */ }'),
    ).toBeNull();
  });

  it("may be left empty of keys, and then says nothing", () => {
    expect(settingsIn("{}")).toEqual(USUAL_SETTINGS);
    expect(USUAL_SETTINGS.scheduleMs).toEqual(SCHEDULE_MS);
    for (const [name, { columns }] of Object.entries(TABLES))
      for (const [column, { policy }] of Object.entries(columns))
        expect(USUAL_SETTINGS.tables[name as "projects"].policies[column]).toEqual(policy);
  });

  it("says what the example says", () => {
    const { databases, tables, phoneCountry, scheduleMs } = settingsIn(EXAMPLE);
    expect(databases.projects).toBe("00000000-0000-0000-0000-000000000000");
    expect(tables.projects.columns).toEqual({ job_number: "Job #", estimated_value: "Est Revenue" });
    expect(tables.projects.policies).toMatchObject({
      title: { direction: "both", conflict: "notion" },
      project_address: { direction: "both", conflict: "newest" },
      estimated_value: { direction: "in", conflict: "notion" },
      job_number: { direction: "out", conflict: "notion" },
      start_date: { direction: "both", conflict: "d1" },
    });
    expect(tables.projects.deletes).toBe("ask");
    expect(tables.clients.deletes).toBe("never");
    expect(phoneCountry).toBe("US");
    expect(scheduleMs).toEqual(SCHEDULE_MS);
  });
});

describe("what is wrong with one is said in a sentence that names the place", () => {
  const inProjects = (value: unknown): string => JSON.stringify({ notion: { projects: value } });
  it.each([
    ["", "line 1, column 1: up to here it is JSON with comments, and no further."],
    ["{ // open\n", "line 2, column 1: up to here it is JSON with comments, and no further."],
    ['{"schedule": {}\n "notion": {}}', /^line 2, column 2: /],
    ['{"notion": {"phone_country": US}}', /^line 1, column 30: /],
    ['{"notion": {"phone_country": "U\n"}}', /^line 1, column 32: /],
    ['{\n  "notion": nothing }', /^line 2, column 14: up to here/],
    ["[]", "The whole must be a pair of braces with keys in it."],
    ['{"notion": 3}', "notion must be a pair of braces with keys in it."],
    ['{"notoin": {}}', 'notoin is no key that is known here: did you mean "notion"?'],
    [
      inProjects({ feilds: {} }),
      'notion.projects.feilds is no key that is known here: did you mean "fields"?',
    ],
    [
      inProjects({ fields: { budget: {} } }),
      /^notion\.projects\.fields\.budget is no key that is known here; there are title, status, .* and estimated_profit\.$/,
    ],
    [
      inProjects({ fields: { title: { directon: "in" } } }),
      'notion.projects.fields.title.directon is no key that is known here: did you mean "direction"?',
    ],
    [
      inProjects({ fields: { title: { direction: "up" } } }),
      'notion.projects.fields.title.direction must be "both", "in" or "out".',
    ],
    [
      inProjects({ fields: { title: { conflict: "oldest" } } }),
      'notion.projects.fields.title.conflict must be "notion", "d1", "newest" or "ask".',
    ],
    [inProjects({ deletes: true }), 'notion.projects.deletes must be "trash", "ask" or "never".'],
    [
      inProjects({ database: "Projects" }),
      "notion.projects.database must be the id of a database or data source: 32 hexadecimal digits.",
    ],
    [
      inProjects({ columns: { title: " " } }),
      "notion.projects.columns.title must be the name of a property.",
    ],
    [
      inProjects({ columns: { title: "Name", description: "NAME" } }),
      'notion.projects.columns: title and description both name "NAME", and a property serves one column.',
    ],
    [
      inProjects({ fields: { status: { direction: "in" }, title: { direction: "in" } } }),
      "notion.projects.fields.status: status, start_date and estimated_completion are decided together, so give all of them the same direction and conflict.",
    ],
    [
      '{"notion": {"clients": {"fields": {"email": {"direction": "both"}}}}}',
      'notion.clients.fields.email.direction must be "in", for clients are only filled from Notion.',
    ],
    [
      '{"notion": {"clients": {"deletes": "ask"}}}',
      "notion.clients.deletes is no key that is known here; there are database, columns and fields.",
    ],
    [
      '{"notion": {"phone_country": "us"}}',
      "notion.phone_country must be a country of ISO 3166 in two capital letters, such as US.",
    ],
    [
      '{"notion": {"phone_country": "XX"}}',
      'notion.phone_country must be a country of ISO 3166, such as US; "XX" is none.',
    ],
    [
      '{"schedule": {"fireflies_minutes": 1, "projects_minutes": 2, "clients_minutes": 2}}',
      "schedule: projects every 2 min and clients every 2 min leave no minute for fireflies, for no two syncs begin in one minute: give one of them more minutes.",
    ],
    [
      '{"schedule": {"fireflies_minutes": 1, "verify_minutes": 1}}',
      "schedule: verify every 1 min leaves no minute for fireflies, for no two syncs begin in one minute: give one of them more minutes.",
    ],
    [
      '{"notion": {"clients": {"fields": {"email": {"policy": "in"}}}}}',
      "notion.clients.fields.email.policy is no key that is known here; there is direction.",
    ],
    [
      '{"schedule": {"fireflies_minutes": "60"}}',
      "schedule.fireflies_minutes must be a whole number of minutes from 1 to 10080.",
    ],
    ['{"schedule": {"clients_minutes": 0}}', "schedule.clients_minutes must be at least 1 minute."],
    [
      '{"schedule": {"projects_minutes": 20000}}',
      "schedule.projects_minutes must be at most 10080 minutes, a week.",
    ],
    [
      '{"schedule": {"projects_minutes": 0, "vectors": 1}}',
      /^schedule\.vectors is no key that is known here; there are /,
    ],
    ['{"quota": {"fireflies_per_day": 0}}', "quota.fireflies_per_day must be at least 1 call."],
    [
      '{"quota": {"notion_per_minute": "many"}}',
      "quota.notion_per_minute must be a whole number of calls from 1 to 1000000.",
    ],
    [
      '{"quota": {"fireflies_per_day": 50, "fireflies_per_minute": 60}}',
      "quota: a key of Fireflies has calls by the day or by the minute, so give fireflies_per_day or fireflies_per_minute, not both.",
    ],
    [
      '{"quota": {"firefly_per_day": 50}}',
      'quota.firefly_per_day is no key that is known here: did you mean "fireflies_per_day"?',
    ],
    [
      '{"__proto__": {}}',
      /^__proto__ is no key that is known here; there are \$schema, notion, schedule and quota\.$/,
    ],
  ])("%s", (text, expected) => {
    const problem = problemOf(text);
    if (typeof expected === "string") expect(problem).toBe(expected);
    else expect(problem).toMatch(expected);
  });
});

describe("any of the keys", () => {
  const DIRECTIONS = fc.constantFrom("both", "in", "out");
  const CONFLICTS = fc.constantFrom("notion", "d1", "newest", "ask");
  const partly = <T extends object>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
    fc.record(model, { requiredKeys: [] });
  const policy = partly({ direction: DIRECTIONS, conflict: CONFLICTS });
  const names = Object.keys(TABLES.projects.columns);
  /** A policy for some groups, whole groups at a time. */
  const fields = fc
    .dictionary(fc.constantFrom(...Object.values(TABLES.projects.columns).map(({ group }) => group)), policy)
    .map((byGroup) =>
      Object.fromEntries(
        Object.entries(TABLES.projects.columns).flatMap(([column, { group }]) =>
          byGroup[group] === undefined ? [] : [[column, byGroup[group]]],
        ),
      ),
    );
  const columns = fc
    .subarray(names)
    .map((some) => Object.fromEntries(some.map((name) => [name, `The ${name}`])));
  /** None so often that it would leave no minute for the others: that is refused, by another test. */
  const minutes = fc.integer({ min: 4, max: 10_080 });
  const config = partly({
    notion: partly({
      projects: partly({
        database: fc.uuid(),
        columns,
        fields,
        deletes: fc.constantFrom("trash", "ask", "never"),
      }),
      clients: partly({ database: fc.uuid() }),
      phone_country: fc.constantFrom("US", "DE", "GB"),
    }),
    schedule: partly({ fireflies_minutes: minutes, projects_minutes: minutes, clients_minutes: minutes }),
  });

  it("are enough, and each says what it says", () => {
    fc.assert(
      fc.property(config, (value) => {
        const settings = settingsIn(JSON.stringify(value));
        const { projects = {} } = value.notion ?? {};
        for (const [column, { direction, conflict }] of Object.entries(projects.fields ?? {})) {
          const usual = TABLES.projects.columns[column]?.policy;
          expect(settings.tables.projects.policies[column]).toEqual({
            direction: direction ?? usual?.direction,
            conflict: conflict ?? usual?.conflict,
          });
        }
        expect(settings.tables.projects.columns).toEqual(projects.columns ?? {});
        expect(settings.tables.projects.deletes).toBe(projects.deletes ?? "trash");
        const wanted = value.schedule?.clients_minutes;
        expect(settings.scheduleMs.clients).toBe(
          wanted === undefined ? SCHEDULE_MS.clients : wanted * 60_000,
        );
      }),
    );
  });

  it("of the budgets come out as calls in a window, 180 a minute for Notion if nothing is said", () => {
    const ratesOf = (quota: object) => {
      const read = parseConfig(JSON.stringify({ quota }));
      if ("problem" in read) throw new Error(read.problem);
      return settingsOf(read.config).rates;
    };
    const notion = { calls: 180, windowMs: 60_000 };
    expect(ratesOf({})).toEqual({ fireflies: null, notion });
    expect(ratesOf({ fireflies_per_day: 50 })).toEqual({
      fireflies: { calls: 50, windowMs: 86_400_000 },
      notion,
    });
    expect(ratesOf({ fireflies_per_minute: 60, notion_per_minute: 600 })).toEqual({
      fireflies: { calls: 60, windowMs: 60_000 },
      notion: { calls: 600, windowMs: 60_000 },
    });
  });

  it("misspelt by one letter are refused with the right one", () => {
    for (const key of ["notion", "schedule"])
      expect(problemOf(JSON.stringify({ [`${key}s`]: {} }))).toContain(`did you mean "${key}"?`);
    for (const name of names)
      expect(
        problemOf(JSON.stringify({ notion: { projects: { columns: { [`${name}_`]: "x" } } } })),
      ).toContain(`did you mean "${name}"?`);
  });
});

it("sync.config.schema.json is made from the same shape (if not: npx vitest run src/core/config.test.ts -u)", async () => {
  const schema = { title: "sync.config.jsonc of meeting-sync", ...z.toJSONSchema(CONFIG_SHAPE) };
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(
    join(ROOT, "sync.config.schema.json"),
  );
});
