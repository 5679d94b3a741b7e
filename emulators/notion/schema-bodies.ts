import { z } from "zod";
import { LIST_MAX, PROPERTIES_MAX } from "./limits.ts";
import { optionSchema, richTextSchema } from "./value-schemas.ts";

const empty = z.strictObject({});
const options = z.strictObject({ options: z.array(optionSchema).max(LIST_MAX).optional() });

/** Configurations that a schema write may name; links between tables are set up by people here. */
export const CONFIG_SCHEMAS = {
  title: empty,
  rich_text: empty,
  url: empty,
  people: empty,
  files: empty,
  email: empty,
  phone_number: empty,
  date: empty,
  checkbox: empty,
  created_by: empty,
  created_time: empty,
  last_edited_by: empty,
  last_edited_time: empty,
  number: z.strictObject({ format: z.string().min(1).max(LIST_MAX).optional() }),
  select: options,
  multi_select: options,
  status: options,
  unique_id: z.strictObject({ prefix: z.string().nullable().optional() }),
} as const;
export type WritableConfig = keyof typeof CONFIG_SCHEMAS;

/** One property of a schema write: null removes it. */
export const propertyChange = z
  .strictObject({
    name: z.string().min(1).max(LIST_MAX).optional(),
    description: z.string().nullable().optional(),
    type: z.string().optional(),
    ...Object.fromEntries(Object.entries(CONFIG_SCHEMAS).map(([type, schema]) => [type, schema.optional()])),
  })
  .nullable();

/** PATCH /v1/data_sources/{id}. Source: SDK 5.26, `UpdateDataSourceBodyParameters`. */
export const updateDataSourceBody = z.strictObject({
  title: richTextSchema.optional(),
  icon: z.null().optional(),
  properties: z
    .record(z.string(), z.unknown())
    .refine(
      (properties) => Object.keys(properties).length <= PROPERTIES_MAX,
      `at most ${PROPERTIES_MAX} properties`,
    )
    .optional(),
  in_trash: z.boolean().optional(),
});
export type UpdateDataSourceBody = z.infer<typeof updateDataSourceBody>;

/** Before 2026-03-11 the trash had another name. */
export const olderUpdateDataSourceBody = updateDataSourceBody
  .extend({ archived: z.boolean().optional() })
  .transform(({ archived, ...body }): UpdateDataSourceBody => {
    const in_trash = body.in_trash ?? archived;
    return in_trash === undefined ? body : { ...body, in_trash };
  });
