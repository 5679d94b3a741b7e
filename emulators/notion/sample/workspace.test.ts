import { parsePhoneNumberFromString } from "libphonenumber-js/max";
import { describe, expect, it } from "vitest";
import { PROJECTS } from "../../fireflies/sample/company.ts";
import type { NotionSeed, SeedRow, SeedValue } from "../seed.ts";
import { problemsIn } from "../seed-check.ts";
import { NOTION_ODDITIES, type OddityKind } from "./oddities.ts";
import { sampleNotion } from "./workspace.ts";

const EPOCH_MS = Date.UTC(2026, 4, 8, 15);
const sample = sampleNotion({ seed: 1, epochMs: EPOCH_MS });

function rowsOf(seed: NotionSeed, database: string): readonly SeedRow[] {
  return seed.databases.find(({ key }) => key === database)!.rows;
}
const projects = rowsOf(sample, "projects");
const clients = rowsOf(sample, "clients");
const isShown = ({ isTrashed }: SeedRow): boolean => isTrashed !== true;
const digitsOf = (value: SeedValue | undefined): string => String(value).replaceAll(/\D/g, "").slice(-10);
const isPhone = (value: SeedValue | undefined): boolean =>
  parsePhoneNumberFromString(String(value), "US")?.isValid() ?? false;

describe("the sample's databases", () => {
  it("are the same for the same seed, and of the same keys for another", () => {
    expect(sampleNotion({ seed: 1, epochMs: EPOCH_MS })).toEqual(sample);
    const other = sampleNotion({ seed: 2, epochMs: EPOCH_MS });
    expect(other).not.toEqual(sample);
    expect(rowsOf(other, "projects").map(({ key }) => key)).toEqual(projects.map(({ key }) => key));
  });

  it("hold 44 projects and 30 clients, and one more of each in the trash", () => {
    expect(projects.filter(isShown)).toHaveLength(44);
    expect(clients.filter(isShown)).toHaveLength(30);
    expect([projects.length, clients.length]).toEqual([45, 31]);
  });

  it("speak of the projects and clients that meetings are about", () => {
    for (const { name, client } of PROJECTS) {
      const project = projects.find(({ values }) => values["Project name"] === name)!;
      expect(project.values["Phase"]).toBe("In progress");
      const [key] = project.values["Client"] as string[];
      expect(clients.find((row) => row.key === key)!.values["Contact"]).toBe(client.name);
    }
    // One of them has lost its address: that is one of the oddities.
    const emails = new Set(clients.map(({ values }) => values["Email"]));
    expect(PROJECTS.filter(({ client }) => emails.has(client.email))).toHaveLength(PROJECTS.length - 1);
  });

  it("were all touched before the epoch, at different moments", () => {
    for (const { createdMs, editedMs } of [...projects, ...clients]) {
      expect(createdMs).toBeLessThanOrEqual(editedMs);
      expect(editedMs).toBeLessThan(EPOCH_MS);
    }
    expect(new Set(projects.map(({ createdMs }) => createdMs)).size).toBe(projects.length);
  });

  it("fit their own properties, at any size", () => {
    expect(problemsIn(sample)).toEqual([]);
    for (const projectsCount of [0, 1, 20, 300])
      expect(problemsIn(sampleNotion({ seed: 3, epochMs: EPOCH_MS, projectsCount }))).toEqual([]);
  });

  it("grow to 10,000 projects in less than a second, no minute holding more than a page can list", () => {
    const startMs = performance.now();
    const large = sampleNotion({ seed: 1, epochMs: EPOCH_MS, projectsCount: 10_000 });
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(problemsIn(large)).toEqual([]);
    const shown = rowsOf(large, "projects").filter(isShown);
    expect(shown).toHaveLength(10_000);
    const minutes = Map.groupBy(shown, ({ createdMs }) => Math.floor(createdMs / 60_000));
    expect(Math.max(...[...minutes.values()].map(({ length }) => length))).toBeLessThan(100);
  });

  it("give nobody's address and nobody's number", () => {
    for (const { key, values } of clients) {
      for (const part of String(values["Email"] ?? "").split(/[,\s]+/))
        if (part.includes("@")) expect(part).toMatch(/@(example\.(com|org|net)|[a-z]+\.example|example)$/i);
      for (const part of String(values["Phone"] ?? "").split("/"))
        if (/\d{7}/.test(part.replaceAll(/\D/g, "")))
          expect(`${key} ${part.replaceAll(/[^+\d]/g, "")}`).toMatch(
            / (\+?1?\d{3}55501\d{1,3}|55501\d\d|\+44(2079460|1614960|1632960)\d{3}|\+6125550\d{4}|\+468465004\d\d)$/,
          );
    }
  });
});

/** What must be true of an odd row, and of the row it is like. */
type Check = (row: SeedRow, like: SeedRow | undefined) => boolean;

const text = (row: SeedRow | undefined, name: string): string => String(row?.values[name] ?? "");
const startOf = (row: SeedRow, name: string): string => (row.values[name] as { start: string }).start;
const endOf = (row: SeedRow, name: string): string | null => (row.values[name] as { end: string | null }).end;
const DATES = ["Start Date", "Est Completion Date"];

const CHECKS: Readonly<Record<OddityKind, Check>> = {
  job_number_clash: (row, like) =>
    text(row, "Job #") !== text(like, "Job #") &&
    text(row, "Job #").slice(0, 2) === text(like, "Job #").slice(0, 2),
  job_number_double: (row, like) => text(row, "Job #") === text(like, "Job #"),
  job_number_empty: (row) => text(row, "Job #").trim() === "",
  status_not_started: (row) => row.values["Phase"] === "Not started",
  status_unknown: (row) => row.values["Phase"] === "Warranty",
  status_empty: (row) => row.values["Phase"] === null,
  priority_case: (row) => row.values["Priority"] === "CRITICAL",
  priority_unknown: (row) => row.values["Priority"] === "Urgent",
  priority_empty: (row) => row.values["Priority"] === null,
  untitled: (row) => row.values["Project name"] === null,
  long_text: (row) => text(row, "Notes").length > 2_000,
  date_with_time: (row) =>
    DATES.some((name) => {
      const start = startOf(row, name);
      return start.includes("T") && new Date(start).toISOString().slice(0, 10) !== start.slice(0, 10);
    }),
  date_span: (row) => DATES.some((name) => endOf(row, name) !== null),
  dates_reversed: (row) => startOf(row, "Est Completion Date") < startOf(row, "Start Date"),
  revenue_zero: (row) => row.values["Est Revenue"] === 0,
  revenue_empty: (row) => row.values["Est Revenue"] === null,
  revenue_with_cents: (row) => !Number.isInteger(row.values["Est Revenue"]),
  client_trashed: (row) =>
    clients.find(({ key }) => key === (row.values["Client"] as string[])[0])?.isTrashed === true,
  client_empty: (row) => (row.values["Client"] as string[]).length === 0,
  clients_two: (row) => (row.values["Client"] as string[]).length === 2,
  duplicate_email: (row, like) =>
    text(row, "Email").toLowerCase() === text(like, "Email").toLowerCase() &&
    text(row, "Email") !== text(like, "Email"),
  duplicate_phone: (row, like) =>
    isPhone(row.values["Phone"]) &&
    digitsOf(row.values["Phone"]) === digitsOf(like?.values["Phone"]) &&
    text(row, "Phone") !== text(like, "Phone"),
  duplicate_name_company: (row, like) =>
    text(row, "Name") === text(like, "Name") && text(row, "Company") === text(like, "Company"),
  email_shared: (row, like) =>
    text(row, "Email") === text(like, "Email") && text(row, "Name") !== text(like, "Name"),
  email_bad: (row) => !/^[^@\s]+@[^@\s]+$/.test(text(row, "Email")),
  email_borderline: (row) => !/^[a-z]+(\.[a-z]+)*@[a-z]+\.[a-z]+$/.test(text(row, "Email")),
  email_too_long: (row) => text(row, "Email").length === 400 && !text(row, "Email").includes(".."),
  phone_bad: (row) => !isPhone(row.values["Phone"]),
  // One of them is valid: an extension is borderline for what a row may hold, not for the metadata.
  phone_borderline: (row) => isPhone(row.values["Phone"]) === text(row, "Phone").includes("ext"),
  contact_empty: (row) => row.values["Email"] === null && row.values["Phone"] === null,
  unnamed: (row) => row.values["Name"] === null,
  type_empty: (row) => row.values["Type"] === null,
  projects_over_25: (row) =>
    projects.filter(({ values }) => (values["Client"] as string[]).includes(row.key)).length === 30,
  trashed: (row) => row.isTrashed === true,
  other_script: (row) => /[^\p{ASCII}]/u.test(text(row, "Project name") + text(row, "Name")),
};

describe("what is odd in the sample", () => {
  it.each(NOTION_ODDITIES)("$database $key: $kind, $why", ({ database, key, kind, like }) => {
    const rows = database === "projects" ? projects : clients;
    const row = rows.find((candidate) => candidate.key === key);
    expect(row).toBeDefined();
    const other = rows.find((candidate) => candidate.key === like);
    expect(other === undefined).toBe(like === undefined);
    expect(CHECKS[kind](row!, other)).toBe(true);
  });

  it("is of every kind, and stays odd in a large sample", () => {
    expect(new Set(NOTION_ODDITIES.map(({ kind }) => kind))).toEqual(new Set(Object.keys(CHECKS)));
    const large = rowsOf(sampleNotion({ seed: 9, epochMs: EPOCH_MS, projectsCount: 1_000 }), "projects");
    for (const { key, values = {} } of NOTION_ODDITIES.filter(({ database }) => database === "projects"))
      expect(large.find((row) => row.key === key)!.values).toMatchObject(values);
  });

  it("is all there is: no other job number, e-mail or phone is double, missing or invalid", () => {
    const listed = (row: SeedRow, prefix: string): boolean =>
      NOTION_ODDITIES.some(
        ({ key, like, kind }) => (key === row.key || like === row.key) && kind.includes(prefix),
      );
    const numbers = projects.filter((row) => !listed(row, "job_number_")).map((row) => text(row, "Job #"));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers).not.toContain("");
    const emails = clients.filter((row) => !listed(row, "email") && !listed(row, "contact_empty"));
    expect(new Set(emails.map((row) => text(row, "Email"))).size).toBe(emails.length);
    for (const row of emails) expect(text(row, "Email")).toMatch(/^[a-z.]+@[a-z]+\.[a-z]+$/);
    const phones = clients.filter((row) => !listed(row, "phone") && !listed(row, "contact_empty"));
    expect(new Set(phones.map((row) => digitsOf(row.values["Phone"]))).size).toBe(phones.length);
    for (const row of phones) expect([row.key, isPhone(row.values["Phone"])]).toEqual([row.key, true]);
  });

  it("has a note in which a character of two units lies over the end of a run", () => {
    const note = text(
      projects.find(({ key }) => key === "lot-23"),
      "Notes",
    );
    expect(note.slice(1_999, 2_001)).toBe("🏗");
  });
});
