import { z } from "zod";
import { LIST_MAX, URL_MAX } from "./limits.ts";
import { idSchema } from "./value-schemas.ts";

const external = z.strictObject({
  type: z.literal("external").optional(),
  external: z.strictObject({ url: z.string().min(1).max(URL_MAX) }),
});
const icon = z
  .union([
    external,
    z.strictObject({ type: z.literal("emoji").optional(), emoji: z.string().min(1).max(LIST_MAX) }),
  ])
  .nullable();
const marks = {
  properties: z.record(z.string(), z.unknown()).optional(),
  icon: icon.optional(),
  cover: external.nullable().optional(),
};

/**
 * PATCH /v1/pages/{id}. Source: reference 2.7. `template` is let through the schema to be refused by name.
 */
export const updateBody = z.strictObject({
  ...marks,
  in_trash: z.boolean().optional(),
  is_archived: z.boolean().optional(),
  is_locked: z.boolean().optional(),
  erase_content: z.boolean().optional(),
  template: z.unknown().optional(),
});
export type UpdateBody = z.infer<typeof updateBody>;

/** Before 2026-03-11 the trash had another name, and both were accepted. */
export const olderUpdateBody = updateBody
  .extend({ archived: z.boolean().optional() })
  .refine(
    ({ archived, in_trash }) => archived === undefined || in_trash === undefined || archived === in_trash,
    {
      path: ["archived"],
      message: "the same as `in_trash`",
    },
  )
  .transform(({ archived, ...body }): UpdateBody => {
    const in_trash = body.in_trash ?? archived;
    return in_trash === undefined ? body : { ...body, in_trash };
  });

/** Where a page goes: rows of data sources are all that this stand-in has. */
const parent = z.union([
  z.strictObject({ type: z.literal("data_source_id").optional(), data_source_id: idSchema }),
  z.strictObject({ type: z.literal("page_id").optional(), page_id: idSchema }),
]);
export const moveBody = z.strictObject({ parent });

/** POST /v1/pages. Source: reference 2.6. */
export const createBody = z.strictObject({
  parent,
  ...marks,
  children: z.array(z.record(z.string(), z.unknown())).max(LIST_MAX).optional(),
  content: z.unknown().optional(),
  markdown: z.unknown().optional(),
  template: z.unknown().optional(),
  position: z.unknown().optional(),
  allow_async: z.literal(false).optional(),
});
