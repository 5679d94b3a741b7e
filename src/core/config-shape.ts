/**
 * What may stand in `sync.config.jsonc`, as a schema: every key and value, and what is said of a value that is none. The
 * file `sync.config.schema.json`, for editors, is made from it. Meanings that reach over several keys: config.ts. Pure.
 */
import * as z from "zod";
import { CLIENT_COLUMNS } from "./records/client.ts";
import { PROJECT_COLUMNS } from "./records/project.ts";

/** Longest time between two runs of a sync that may be configured: a week, in minutes. */
const SCHEDULE_MINUTES_MAX = 7 * 24 * 60;

/** Most calls in a window that may be configured, far above any plan. */
const CALLS_MAX = 1_000_000;

/** Most a name of a property may have, far above what anybody writes. */
const NAME_CHARS_MAX = 500;

/** An id as Notion shows it, with hyphens or without. */
const NOTION_ID = /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

/** Every key is known: one that is not comes as an issue of its own. */
function keys<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const error: z.core.$ZodErrorMap = ({ code }) =>
    code === "unrecognized_keys" ? undefined : "must be a pair of braces with keys in it";
  return z.strictObject(shape, { error });
}

/** @param because follows what must stand there */
function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
  description: string,
  because = "",
) {
  const shown = words.map((word) => `"${word}"`);
  const last = shown.at(-1)!;
  const said = shown.length === 1 ? last : `${shown.slice(0, -1).join(", ")} or ${last}`;
  return z
    .enum(words, { error: `must be ${said}${because}` })
    .optional()
    .describe(description);
}

const database = z
  .string({ error: "must be the id of a database or data source, in quotes" })
  .regex(NOTION_ID, { error: "must be the id of a database or data source: 32 hexadecimal digits" })
  .optional()
  .describe(
    "Database or data source, by its id. NOTION_PROJECTS_DATABASE_ID or NOTION_CLIENTS_DATABASE_ID in the environment wins.",
  );

const propertyName = z
  .string({ error: "must be the name of a property, in quotes" })
  .refine((name) => name.trim() !== "" && name.length <= NAME_CHARS_MAX, {
    error: "must be the name of a property",
  })
  .optional();

/** The same for each column of a table. */
function byColumn<Column extends string, Leaf extends z.ZodType>(
  columns: Readonly<Record<Column, unknown>>,
  leaf: Leaf,
): z.ZodOptional<z.ZodObject<Record<Column, Leaf>, z.core.$strict>> {
  const names = Object.keys(columns) as Column[];
  const shape = Object.fromEntries(names.map((name) => [name, leaf])) as Record<Column, Leaf>;
  return keys(shape).optional();
}

const PROPERTY_NAMES = "Name of the property of each column in Notion, where it is not found by itself.";
const FIELDS = "Where the values of a column may go, and who wins.";

const projectField = keys({
  direction: oneOf(
    ["both", "in", "out"],
    "both: edits travel both ways. in: from Notion only. out: from D1 only.",
  ),
  conflict: oneOf(
    ["notion", "d1", "newest", "ask"],
    "Who wins where both sides were edited: notion, d1, the newest edit, or whom a person says.",
  ),
}).optional();

const clientField = keys({
  direction: oneOf(
    ["in"],
    "Clients are only filled from Notion.",
    ", for clients are only filled from Notion",
  ),
}).optional();

const minutes = z
  .int({ error: `must be a whole number of minutes from 1 to ${SCHEDULE_MINUTES_MAX}` })
  .min(1, { error: `must be at least 1 minute` })
  .max(SCHEDULE_MINUTES_MAX, { error: `must be at most ${SCHEDULE_MINUTES_MAX} minutes, a week` })
  .optional();

const calls = z
  .int({ error: `must be a whole number of calls from 1 to ${CALLS_MAX}` })
  .min(1, { error: "must be at least 1 call" })
  .max(CALLS_MAX, { error: `must be at most ${CALLS_MAX} calls` })
  .optional();

const projects = keys({
  database,
  columns: byColumn(PROJECT_COLUMNS, propertyName).describe(PROPERTY_NAMES),
  fields: byColumn(PROJECT_COLUMNS, projectField).describe(FIELDS),
  deletes: oneOf(
    ["trash", "ask", "never"],
    "When a row is deleted in D1, its page: goes to the trash, waits for a person, or stays.",
  ),
}).optional();

const clients = keys({
  database,
  columns: byColumn(CLIENT_COLUMNS, propertyName).describe(PROPERTY_NAMES),
  fields: byColumn(CLIENT_COLUMNS, clientField).describe(FIELDS),
}).optional();

/** The whole file. Nothing in it is needed. */
export const CONFIG_SHAPE = keys({
  $schema: z.string({ error: "must be the address of a schema" }).optional(),
  notion: keys({
    projects,
    clients,
    phone_country: z
      .string({ error: "must be a country such as US, in quotes" })
      .regex(/^[A-Z]{2}$/, { error: "must be a country of ISO 3166 in two capital letters, such as US" })
      .optional()
      .describe("Country of phone numbers that name none. PHONE_COUNTRY in the environment wins."),
  }).optional(),
  schedule: keys({
    fireflies_minutes: minutes.describe("Minutes between two looks at Fireflies; 60 if nothing is said."),
    projects_minutes: minutes.describe("Minutes between two runs of projects; 240 if nothing is said."),
    clients_minutes: minutes.describe("Minutes between two runs of clients; 360 if nothing is said."),
    verify_minutes: minutes.describe(
      "Minutes between two proofs of everything; 1440, a day, if nothing is said.",
    ),
    cleanup_minutes: minutes.describe("Minutes between two clean-ups; 10080, a week, if nothing is said."),
  }).optional(),
  quota: keys({
    fireflies_per_day: calls.describe(
      "Calls a day to Fireflies, on a plan that counts by the day. If its replies name fewer, those; without this, what they name.",
    ),
    fireflies_per_minute: calls.describe("Calls a minute to Fireflies, on a plan that counts by the minute."),
    notion_per_minute: calls.describe("Calls a minute to Notion; 180 if nothing is said."),
  }).optional(),
});

/** What somebody wrote, checked. */
export type SyncConfig = z.infer<typeof CONFIG_SHAPE>;
