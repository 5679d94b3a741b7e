import type { SeedRow, SeedValue } from "../seed.ts";
import { BUSIEST_CLIENT, TRASHED_CLIENT } from "./clients.ts";
import { LONG_EMAIL, LONG_NOTE, PAIR_AT_THE_CUT_NOTE } from "./long-values.ts";

/** What can be odd about a row. Of each there is at least one row in the sample. */
export type OddityKind =
  // Projects.
  | "job_number_clash"
  | "job_number_double"
  | "job_number_empty"
  | "status_not_started"
  | "status_unknown"
  | "status_empty"
  | "priority_case"
  | "priority_unknown"
  | "priority_empty"
  | "untitled"
  | "long_text"
  | "date_with_time"
  | "date_span"
  | "dates_reversed"
  | "revenue_zero"
  | "revenue_empty"
  | "revenue_with_cents"
  | "client_trashed"
  | "client_empty"
  | "clients_two"
  // Clients.
  | "duplicate_email"
  | "duplicate_phone"
  | "duplicate_name_company"
  | "email_shared"
  | "email_bad"
  | "email_borderline"
  | "email_too_long"
  | "phone_bad"
  | "phone_borderline"
  | "contact_empty"
  | "unnamed"
  | "type_empty"
  | "projects_over_25"
  // Both.
  | "trashed"
  | "other_script";

/** One odd row. Rows of one database may have several entries, each about other properties. */
export type Oddity = {
  readonly database: "projects" | "clients";
  readonly key: string;
  readonly kind: OddityKind;
  /** What is odd about it, as a clause. */
  readonly why: string;
  /** The row it is a double of, shares a value with, or is easily taken for. */
  readonly like?: string;
  /** What is put over the usual values; absent: the row is odd as it is. */
  readonly values?: Readonly<Record<string, SeedValue>>;
  readonly isTrashed?: true;
};

type Details = Partial<Pick<Oddity, "like" | "values" | "isTrashed">>;

function project(key: string, kind: OddityKind, why: string, details: Details = {}): Oddity {
  return { database: "projects", key, kind, why, ...details };
}

function client(key: string, kind: OddityKind, why: string, details: Details = {}): Oddity {
  return { database: "clients", key, kind, why, ...details };
}

const instant = (start: string, end: string | null = null): SeedValue => ({ start, end });

/** Projects that a sync must survive. Lots are buildings of one developer; see projects.ts. */
const PROJECT_ODDITIES: readonly Oddity[] = [
  project(
    "harbour-street-apartments",
    "job_number_clash",
    "begins with the digits of other jobs of its year",
    {
      like: "cedar-ridge-elementary",
      values: { "Job #": "24-101" },
    },
  ),
  project("cedar-ridge-elementary", "job_number_clash", "begins with the digits of other jobs of its year", {
    like: "harbour-street-apartments",
    values: { "Job #": "24-102" },
  }),
  project("lot-12", "job_number_double", "the number was typed twice; the lots are two", {
    like: "lot-11",
    values: { "Job #": "24-311" },
  }),
  project("lot-11", "job_number_double", "the number was typed twice; the lots are two", {
    like: "lot-12",
    values: { "Job #": "24-311" },
  }),
  project("lot-13", "job_number_empty", "nobody gave it a number yet", { values: { "Job #": null } }),
  project("lot-14", "job_number_empty", "its number is blank space", { values: { "Job #": "  " } }),
  project("lot-15", "status_not_started", "no status of the product's, though it is every new project's", {
    values: { Phase: "Not started" },
  }),
  project("lot-16", "status_unknown", "an option that somebody added in Notion", {
    values: { Phase: "Warranty" },
  }),
  project("old-mill-data-room", "status_unknown", "an option that somebody added in Notion", {
    values: { Phase: "Warranty" },
  }),
  project("lot-17", "status_empty", "the row is older than the property", { values: { Phase: null } }),
  project("lot-18", "priority_case", "the option is written in capitals", {
    values: { Priority: "CRITICAL" },
  }),
  project("lot-19", "priority_unknown", "an option that means no level", { values: { Priority: "Urgent" } }),
  project("lot-20", "priority_empty", "never chosen", { values: { Priority: null } }),
  project("lot-21", "untitled", "nobody typed a title", { values: { "Project name": null } }),
  project("lot-22", "long_text", "longer than one run of text", { values: { Notes: LONG_NOTE } }),
  project("lot-23", "long_text", "a character of two units stands where a run of 2000 ends", {
    values: { Notes: PAIR_AT_THE_CUT_NOTE },
  }),
  project("lot-24", "date_with_time", "late in the evening of one day, next day in UTC", {
    values: { "Start Date": instant("2026-03-01T23:30:00-05:00") },
  }),
  project("lot-25", "date_with_time", "early in the morning of one day, the day before in UTC", {
    values: { "Est Completion Date": instant("2027-06-30T01:15:00.000+05:30") },
  }),
  project("lot-26", "date_span", "the start is a span of days", {
    values: { "Start Date": instant("2026-02-02", "2026-02-20") },
  }),
  project("lot-27", "date_span", "the completion is a span of moments over a change of the clock", {
    values: {
      "Est Completion Date": instant("2026-10-30T08:00:00.000-04:00", "2026-11-02T17:00:00.000-05:00"),
    },
  }),
  project("lot-28", "dates_reversed", "is completed before it starts", {
    values: { "Start Date": instant("2026-09-01"), "Est Completion Date": instant("2026-03-01") },
  }),
  project("lot-29", "revenue_zero", "zero is a value", { values: { "Est Revenue": 0, "Est Profit": 0 } }),
  project("lot-30", "revenue_empty", "empty is not zero", {
    values: { "Est Revenue": null, "Est Profit": null },
  }),
  project("lot-31", "revenue_with_cents", "no whole dollars, and a loss", {
    values: { "Est Revenue": 1_234_567.89, "Est Profit": -2_500.1 },
  }),
  project("ferry-landing-food-hall", "client_trashed", "its client lies in the trash", {
    values: { Client: [TRASHED_CLIENT] },
  }),
  project("pier-nine-seawall", "client_empty", "it has no client", { values: { Client: [] } }),
  project("union-depot-renovation", "clients_two", "it has two clients", {
    values: { Client: ["city-works", "county-archive"] },
  }),
  project("residence-eclusier", "other_script", "accents, once as letters and once as combining marks", {
    values: { "Project name": "Résidence Éclusier – Entre\u0301e" },
  }),
  project("nakheel-centre", "other_script", "is written from right to left", {
    values: { "Project name": "مركز النخيل التجاري (phase 2)", Address: "شارع الميناء ١٢" },
  }),
  project("namal-tower", "other_script", "is written from right to left", {
    values: { "Project name": "מגדל הנמל" },
  }),
  project("gallery-row-parking", "trashed", "the bid was lost", { isTrashed: true }),
];

/** Clients that a sync must survive. */
const CLIENT_ODDITIES: readonly Oddity[] = [
  client("hollis-again", "duplicate_email", "the address differs in capitals only", {
    like: "hollis-family",
    values: { Email: "Hollis@Example.NET" },
  }),
  client("juniper-inn-again", "duplicate_phone", "the number is written otherwise", {
    like: "juniper-inn",
    values: { Phone: "(212) 555.0136" },
  }),
  client("bluegate-again", "duplicate_name_company", "name and company are equal, all else differs", {
    like: "bluegate",
  }),
  client("county-archive", "email_shared", "another client has the same address and another name", {
    like: "parks",
    values: { Email: "parks@example.org" },
  }),
  client("dry-dock", "email_bad", "no @", { values: { Email: "drydock at example.com" } }),
  client("quarry-gym", "email_bad", "two @", { values: { Email: "quarry@@example.com" } }),
  client("old-mill", "email_bad", "two addresses in one field", {
    values: { Email: "facilities@example.com, wei.sun@example.com" },
  }),
  client("maple-court", "email_borderline", "the domain has no dot", { values: { Email: "maple@example" } }),
  client("lantern-theatre", "email_borderline", "a dot before the @, which RFC 5321 forbids and many take", {
    values: { Email: "stage.@example.org" },
  }),
  client("st-brigid", "email_borderline", "quoted, which RFC 5321 permits and many refuse", {
    values: { Email: '"front office"@example.org' },
  }),
  client("harbor-foods", "email_borderline", "apostrophe and plus, both permitted", {
    values: { Email: "o'hara+build@example.com" },
  }),
  client("eclusier", "email_borderline", "letters beyond ASCII, permitted by RFC 6531", {
    values: { Email: "zoé@example.net" },
  }),
  client("orchard-clinic", "email_borderline", "space at its end", {
    values: { Email: "orchard@example.org " },
  }),
  client("port-authority", "email_too_long", "400 characters", { values: { Email: LONG_EMAIL } }),
  client("sunrise-daycare", "phone_bad", "no number at all", { values: { Phone: "ask for Kim" } }),
  client("fulton-partners", "phone_bad", "two numbers in one field", {
    values: { Phone: "202-555-0117 / 202-555-0118" },
  }),
  client("quarry-gym", "phone_bad", "too short for any country", { values: { Phone: "12" } }),
  client("parks", "phone_borderline", "no area code", { values: { Phone: "555-0134" } }),
  client("thames-row", "phone_borderline", "well written, in an area that does not exist", {
    values: { Phone: "+44 1632 960130" },
  }),
  client("kestrel-logistics", "phone_borderline", "valid, with an extension", {
    values: { Phone: "202.555.0114 ext. 7" },
  }),
  client("city-works", "phone_borderline", "one digit missing", { values: { Phone: "+1 (202) 555-011" } }),
  client("bayview-library", "contact_empty", "neither e-mail nor phone", {
    values: { Email: null, Phone: null },
  }),
  client("dry-dock", "unnamed", "nobody typed a name", { values: { Name: null } }),
  client("juniper-inn-again", "type_empty", "never chosen", { values: { Type: null } }),
  client("eclusier", "other_script", "accents and a háček"),
  client("nakheel", "other_script", "is written from right to left"),
  client("namal", "other_script", "is written from right to left"),
  client(BUSIEST_CLIENT, "projects_over_25", "30 projects: a page shows 25 of them"),
  client(TRASHED_CLIENT, "trashed", "a project still points at it", { isTrashed: true }),
];

/** Everything that is odd about a sample of at least the default size. */
export const NOTION_ODDITIES: readonly Oddity[] = [...PROJECT_ODDITIES, ...CLIENT_ODDITIES];

/** A row of the sample, made odd if the list says so. */
export function withOddities(database: Oddity["database"], row: SeedRow): SeedRow {
  const odd = ODDITIES_OF.get(`${database}/${row.key}`) ?? [];
  return odd.reduce(
    (changed, { values, isTrashed }) => ({
      ...changed,
      values: { ...changed.values, ...values },
      ...(isTrashed === undefined ? {} : { isTrashed }),
    }),
    row,
  );
}

const ODDITIES_OF = Map.groupBy(NOTION_ODDITIES, ({ database, key }) => `${database}/${key}`);
