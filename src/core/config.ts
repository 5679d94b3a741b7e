/**
 * The configuration file: read, checked, and turned into what the engine goes by. It holds no secret. Pure. Source:
 * docs/config.md, which explains every key.
 */
import { isSupportedCountry } from "libphonenumber-js/max";
import stripJsonComments from "strip-json-comments";
import * as z from "zod";
import { CONFIG_SHAPE, type SyncConfig } from "./config-shape.ts";
import { normaliseLabel } from "./mapping/label.ts";
import type { FieldPolicy } from "./merge.ts";
import { placeOfMistake } from "./json-place.ts";
import { nearestWord } from "./nearest.ts";
import { PHONE_COUNTRY, SCHEDULE_MS } from "./policy.ts";
import { TABLES, type TableName, type TableSettings } from "./records/table.ts";

/** How often each sync falls due, world ms. */
export type Schedule = Readonly<Record<keyof typeof SCHEDULE_MS, number>>;

/** What the engine goes by, everything filled in. */
export type Settings = {
  /** Database or data source of each table; null where none is configured. */
  readonly databases: Readonly<Record<TableName, string | null>>;
  readonly tables: Readonly<Record<TableName, TableSettings>>;
  /** ISO 3166. */
  readonly phoneCountry: string;
  readonly scheduleMs: Schedule;
};

const MINUTE_MS = 60_000;

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
export function settingsOf({ notion = {}, schedule = {} }: SyncConfig): Settings {
  const { projects = {}, clients = {} } = notion;
  const ms = (minutes: number | undefined, usualMs: number): number =>
    minutes === undefined ? usualMs : minutes * MINUTE_MS;
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
    scheduleMs: {
      fireflies: ms(schedule.fireflies_minutes, SCHEDULE_MS.fireflies),
      projects: ms(schedule.projects_minutes, SCHEDULE_MS.projects),
      clients: ms(schedule.clients_minutes, SCHEDULE_MS.clients),
      verify: SCHEDULE_MS.verify,
    },
  };
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
    Object.entries(names).flatMap(([column, name]) => (name === undefined ? [] : [[column, name]])),
  );
}

/** What each key allows and several together do not. */
function contradictionIn(config: SyncConfig): string | null {
  const { projects = {}, clients = {}, phone_country: country } = config.notion ?? {};
  if (country !== undefined && !isSupportedCountry(country))
    return `notion.phone_country must be a country of ISO 3166, such as US; "${country}" is none.`;
  return (
    twiceNamed("projects", said(projects.columns ?? {})) ??
    twiceNamed("clients", said(clients.columns ?? {})) ??
    dividedGroup("projects", projects.fields ?? {})
  );
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
      return `notion.${name}.fields.${column}: ${listed(members, "and")} are decided together, so give all of them the same direction and conflict.`;
  }
  return null;
}

function listed(words: readonly string[], between: "and" | "or"): string {
  const [last = "", ...before] = words.toReversed();
  return before.length === 0 ? last : `${before.toReversed().join(", ")} ${between} ${last}`;
}

/** The first thing that is wrong: a key that is none before a value that is none, for the one may explain the other. */
function sentenceOf(issues: readonly z.core.$ZodIssue[]): string {
  const unknown = issues.find((issue) => issue.code === "unrecognized_keys");
  if (unknown?.code === "unrecognized_keys") return unknownKey(unknown.path, unknown.keys[0] ?? "");
  const [issue] = issues;
  const path = (issue?.path ?? []).join(".");
  return `${path === "" ? "The whole" : path} ${issue?.message ?? "is wrong"}.`;
}

function unknownKey(path: readonly PropertyKey[], key: string): string {
  const known = keysAt(path);
  const near = nearestWord(key, known);
  const place = [...path, key].join(".");
  return near === null
    ? `${place} is no key that is known here; there ${known.length === 1 ? "is" : "are"} ${listed(known, "and")}.`
    : `${place} is no key that is known here: did you mean "${near}"?`;
}

function keysAt(path: readonly PropertyKey[]): string[] {
  let at: unknown = CONFIG_SHAPE;
  for (const key of path) at = at instanceof z.ZodObject ? bare(at.shape[String(key)]) : undefined;
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function bare(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}
