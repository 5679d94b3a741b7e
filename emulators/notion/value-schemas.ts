import { z } from "zod";
import { hasOffset, instantOf, isDay, isMoment, isTimeZone } from "./dates.ts";
import { readId } from "./ids.ts";
import { CONTACT_MAX, EXPRESSION_MAX, LIST_MAX, OPTION_NAME_MAX, TEXT_MAX, URL_MAX } from "./limits.ts";

/** An id, returned with dashes and in lower case. */
export const idSchema = z.string().transform((text, context) => {
  const id = readId(text);
  if (id === null) context.addIssue({ code: "custom", message: "a valid uuid" });
  return id ?? text;
});

const urlSchema = z.string().min(1).max(URL_MAX);

const dateText = z.string().refine((text) => isDay(text) || isMoment(text), "a valid ISO 8601 date string");

/** A date as written. Source: vendor docs, "Page properties"; the zone rule from reference 3. */
const dateSchema = z
  .strictObject({
    start: dateText,
    end: dateText.nullable().optional(),
    time_zone: z.string().refine(isTimeZone, "a valid IANA time zone").nullable().optional(),
  })
  .refine(({ start, time_zone }) => time_zone == null || (start.includes("T") && !hasOffset(start)), {
    path: ["time_zone"],
    message: "null when the start has a UTC offset or no time",
  })
  .refine(({ start, end }) => end == null || end.includes("T") === start.includes("T"), {
    path: ["end"],
    message: "a date with a time exactly when the start is one",
  })
  .refine(({ start, end }) => end == null || instantOf(end) >= instantOf(start), {
    path: ["end"],
    message: "on or after the start",
  });

const COLORS = [
  "default",
  "gray",
  "brown",
  "orange",
  "yellow",
  "green",
  "blue",
  "purple",
  "pink",
  "red",
] as const;

const annotationsSchema = z.strictObject({
  bold: z.boolean().optional(),
  italic: z.boolean().optional(),
  strikethrough: z.boolean().optional(),
  underline: z.boolean().optional(),
  code: z.boolean().optional(),
  color: z.enum([...COLORS, ...COLORS.map((color) => `${color}_background` as const)]).optional(),
});

const target = z.strictObject({ id: idSchema, object: z.string().optional() });

/** True if exactly one of the keys is there, and it is the one that `type` names. */
function namesOne(keys: readonly string[]): (value: Record<string, unknown>) => boolean {
  return (value) => {
    const present = keys.filter((key) => value[key] !== undefined);
    return present.length === 1 && (value["type"] === undefined || value["type"] === present[0]);
  };
}

const MENTIONS = ["user", "page", "database", "date"] as const;
const mentionSchema = z
  .strictObject({
    type: z.enum(MENTIONS).optional(),
    user: target.optional(),
    page: target.optional(),
    database: target.optional(),
    date: dateSchema.optional(),
  })
  .refine(namesOne(MENTIONS), "exactly one of `user`, `page`, `database` or `date`");

const RUNS = ["text", "mention", "equation"] as const;
const runSchema = z
  .strictObject({
    type: z.enum(RUNS).optional(),
    text: z
      .strictObject({
        content: z.string().max(TEXT_MAX),
        link: z
          .strictObject({ url: urlSchema, type: z.literal("url").optional() })
          .nullable()
          .optional(),
      })
      .optional(),
    mention: mentionSchema.optional(),
    equation: z.strictObject({ expression: z.string().min(1).max(EXPRESSION_MAX) }).optional(),
    annotations: annotationsSchema.optional(),
    // Parts of a reply that clients send back; they are read by nobody. Source: vendor docs, examples of "Rich text".
    plain_text: z.string().optional(),
    href: z.string().nullable().optional(),
  })
  .refine(namesOne(RUNS), "exactly one of `text`, `mention` or `equation`");

export const richTextSchema = z.array(runSchema).max(LIST_MAX);
export type WrittenRun = z.infer<typeof runSchema>;

const optionName = z
  .string()
  .min(1)
  .max(OPTION_NAME_MAX)
  .refine((name) => !name.includes(","), "a name without commas");
export const optionSchema = z
  .strictObject({
    id: z.string().optional(),
    name: optionName.optional(),
    color: z.enum(COLORS).optional(),
    description: z.string().nullable().optional(),
  })
  .refine(({ id, name }) => id !== undefined || name !== undefined, "an option with a `name` or an `id`");
export type WrittenOption = z.infer<typeof optionSchema>;

const contact = z.string().min(1).max(CONTACT_MAX).nullable();

const fileSchema = z.union([
  z.strictObject({
    type: z.literal("external").optional(),
    name: z.string().min(1).max(LIST_MAX),
    external: z.strictObject({ url: urlSchema }),
  }),
  z.strictObject({
    type: z.literal("file").optional(),
    name: z.string().min(1).max(LIST_MAX),
    file: z.strictObject({ url: urlSchema, expiry_time: z.string().optional() }),
  }),
  z.strictObject({
    type: z.literal("file_upload").optional(),
    name: z.string().optional(),
    file_upload: z.strictObject({ id: idSchema }),
  }),
]);
export type WrittenFile = z.infer<typeof fileSchema>;

/** What may be written under the key of each type; types that are not here are read-only. Source: reference 3. */
export const VALUE_SCHEMAS = {
  title: richTextSchema,
  rich_text: richTextSchema,
  number: z.number().nullable(),
  checkbox: z.boolean(),
  url: urlSchema.nullable(),
  email: contact,
  phone_number: contact,
  date: dateSchema.nullable(),
  select: optionSchema.nullable(),
  status: optionSchema.nullable(),
  multi_select: z.array(optionSchema).max(LIST_MAX),
  people: z.array(target).max(LIST_MAX),
  relation: z.array(z.strictObject({ id: idSchema })).max(LIST_MAX),
  files: z.array(fileSchema).max(LIST_MAX),
} as const;
