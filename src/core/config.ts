/**
 * The configuration file: read, checked, and turned into what the engine goes by. It holds no secret. Pure. Source:
 * docs/config.md, which explains every key.
 */
import { isSupportedCountry } from "libphonenumber-js/max";
import stripJsonComments from "strip-json-comments";
import type * as z from "zod";
import { CONFIG_SHAPE, type SyncConfig } from "./config-shape.ts";
import { normaliseLabel } from "./mapping/label.ts";
import type { FieldPolicy } from "./merge.ts";
import { placeOfMistake } from "./json-place.ts";
import { nearestWord } from "./nearest.ts";
import { DAY_MS, MINUTE_MS } from "./durations.ts";
import { NOTION_CALLS_PER_MINUTE, PHONE_COUNTRY, SCHEDULE_MS } from "./policy.ts";
import type { QuotaRate, Vendor } from "./quota.ts";
import { TABLES, type TableName, type TableSettings } from "./records/table.ts";
import { crowdedOut, type Schedule, type ScheduledName } from "./schedule.ts";

/** Budget of calls of each vendor as configured; null: as its replies say. */
export type QuotaRates = Readonly<Record<Vendor, QuotaRate | null>>;

/** What the engine goes by, everything filled in. */
export type Settings = {
  /** Database or data source of each table; null where none is configured. */
  readonly databases: Readonly<Record<TableName, string | null>>;
  readonly tables: Readonly<Record<TableName, TableSettings>>;
  /** ISO 3166. */
  readonly phoneCountry: string;
  readonly scheduleMs: Schedule;
  readonly rates: QuotaRates;
};

/**
 * Read the text of a configuration file: JSON, with comments and commas at the end of lists allowed.
 *
 * @returns what it says; or what is wrong first, in one sentence that begins with the place
 */
export function parseConfig(text: string): { readonly config: SyncConfig } | { readonly problem: string } {
  const json = stripJsonComments(text.replace(/^\uFEFF/, ""), { trailingCommas: true });
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    const { line, column } = placeOfMistake(json);
    return {
      problem: `line ${line}, column ${column}: up to here it is JSON with comments, and no further.`,
    };
  }
  const checked = CONFIG_SHAPE.safeParse(value);
  if (!checked.success) return { problem: sentenceOf(checked.error.issues) };
  const problem = contradictionIn(checked.data);
  return problem === null ? { config: checked.data } : { problem };
}

/** What a configuration comes to. */
export function settingsOf({ notion = {}, schedule = {}, quota = {} }: SyncConfig): Settings {
  const { projects = {}, clients = {} } = notion;
  return {
    databases: { projects: projects.database ?? null, clients: clients.database ?? null },
    tables: {
      projects: {
        columns: said(projects.columns ?? {}),
        policies: policiesOf("projects", projects.fields ?? {}),
        deletes: projects.deletes ?? "trash",
      },
      clients: {
        columns: said(clients.columns ?? {}),
        policies: policiesOf("clients", clients.fields ?? {}),
        // Nothing of theirs is written, so no page follows a row.
        deletes: "never",
      },
    },
    phoneCountry: notion.phone_country ?? PHONE_COUNTRY,
    scheduleMs: scheduleOf(schedule),
    rates: {
      fireflies: rateOf(quota.fireflies_per_day, DAY_MS) ?? rateOf(quota.fireflies_per_minute, MINUTE_MS),
      notion: rateOf(quota.notion_per_minute ?? NOTION_CALLS_PER_MINUTE, MINUTE_MS),
    },
  };
}

function scheduleOf(minutes: NonNullable<SyncConfig["schedule"]>): Schedule {
  const entries = (Object.keys(SCHEDULE_MS) as ScheduledName[]).map((name) => {
    const said = minutes[`${name}_minutes`];
    return [name, said === undefined ? SCHEDULE_MS[name] : said * MINUTE_MS];
  });
  return Object.fromEntries(entries) as Schedule;
}

function rateOf(calls: number | undefined, windowMs: number): QuotaRate | null {
  return calls === undefined ? null : { calls, windowMs };
}

/** Where nobody configured anything. */
export const USUAL_SETTINGS: Settings = settingsOf({});

type Fields = Readonly<
  Record<string, { readonly [Key in keyof FieldPolicy]?: FieldPolicy[Key] | undefined } | undefined>
>;

function policiesOf(name: TableName, fields: Fields): Record<string, FieldPolicy> {
  return Object.fromEntries(
    Object.entries(TABLES[name].columns).map(([column, { policy }]) => {
      const { direction = policy.direction, conflict = policy.conflict } = fields[column] ?? {};
      return [column, { direction, conflict }];
    }),
  );
}

function said(names: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** What each key allows and several together do not. */
function contradictionIn(config: SyncConfig): string | null {
  const { projects = {}, clients = {}, phone_country: country } = config.notion ?? {};
  if (country !== undefined && !isSupportedCountry(country))
    return `notion.phone_country must be a country of ISO 3166, such as US; "${country}" is none.`;
  if (config.quota?.fireflies_per_day !== undefined && config.quota.fireflies_per_minute !== undefined)
    return "quota: a key of Fireflies has calls by the day or by the minute, so give fireflies_per_day or fireflies_per_minute, not both.";
  return (
    twiceNamed("projects", said(projects.columns ?? {})) ??
    twiceNamed("clients", said(clients.columns ?? {})) ??
    dividedGroup("projects", projects.fields ?? {}) ??
    crowded(scheduleOf(config.schedule ?? {}))
  );
}

/** No two syncs begin in one minute; where they would, one comes a little later, unless no minute is left for it. */
function crowded(schedule: Schedule): string | null {
  const out = crowdedOut(schedule);
  if (out === null) return null;
  const often = out.by.map((name) => `${name} every ${schedule[name] / MINUTE_MS} min`);
  const leave = often.length === 1 ? "leaves" : "leave";
  return `schedule: ${listed(often)} ${leave} no minute for ${out.name}, for no two syncs begin in one minute: give one of them more minutes.`;
}

/** A property serves one column. */
function twiceNamed(table: TableName, columns: Readonly<Record<string, string>>): string | null {
  const taken = new Map<string, string>();
  for (const [column, name] of Object.entries(columns)) {
    const other = taken.get(normaliseLabel(name));
    if (other !== undefined)
      return `notion.${table}.columns: ${other} and ${column} both name "${name}", and a property serves one column.`;
    taken.set(normaliseLabel(name), column);
  }
  return null;
}

/** Columns of one group are merged as one value, so they cannot go different ways. */
function dividedGroup(name: TableName, fields: Fields): string | null {
  const { columns } = TABLES[name];
  const policies = policiesOf(name, fields);
  for (const column of Object.keys(fields)) {
    const members = Object.keys(columns).filter((other) => columns[other]?.group === columns[column]?.group);
    const ways = new Set(members.map((other) => JSON.stringify(policies[other])));
    if (ways.size > 1)
      return `notion.${name}.fields.${column}: ${listed(members)} are decided together, so give all of them the same direction and conflict.`;
  }
  return null;
}

function listed(words: readonly string[]): string {
  const last = words.at(-1)!;
  const before = words.slice(0, -1);
  return before.length === 0 ? last : `${before.join(", ")} and ${last}`;
}

/** The first thing that is wrong: a key that is none before a value that is none, for the one may explain the other. */
function sentenceOf(issues: readonly z.core.$ZodIssue[]): string {
  const unknown = issues.find((issue) => issue.code === "unrecognized_keys");
  if (unknown !== undefined) return unknownKey(unknown.path, unknown.keys[0]!);
  const { path, message } = issues[0]!;
  return `${path.length === 0 ? "The whole" : path.join(".")} ${message}.`;
}

function unknownKey(path: readonly PropertyKey[], key: string): string {
  const known = keysAt(path);
  const near = nearestWord(key, known);
  const place = [...path, key].join(".");
  return near === null
    ? `${place} is no key that is known here; there ${known.length === 1 ? "is" : "are"} ${listed(known)}.`
    : `${place} is no key that is known here: did you mean "${near}"?`;
}

/** Keys of the braces at a place; every such place but the whole is one that may be left out. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let at: z.ZodObject = CONFIG_SHAPE;
  for (const key of path) at = (at.shape[String(key)] as z.ZodOptional<z.ZodObject>).unwrap();
  return Object.keys(at.shape);
}
