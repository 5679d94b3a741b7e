import { z } from "zod";
import { LATE_MS_MAX, NOTION_FAULT_KINDS } from "./faults.ts";
import type { SeedValue } from "./seed.ts";

/** Key of a row, `database/key` where keys are not unique, or id of a page. */
const page = z.string().min(1);
/** Key of a database, or id of a database or data source. */
const database = z.string().min(1);
/** Name or id of a property. */
const property = z.string().min(1);
/** Id or name of the person who does it; a new name is a new user. Default the owner of the workspace. */
const by = z.string().min(1).optional();
/** Name of a row for later ops. */
const key = z.string().min(1).optional();

const value: z.ZodType<SeedValue> = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.string()),
  z.strictObject({ start: z.string(), end: z.string().nullable() }),
]);
const values = z.record(z.string(), value);

const PROPERTY_TYPES = [
  "rich_text",
  "number",
  "checkbox",
  "date",
  "email",
  "phone_number",
  "url",
  "people",
  "files",
  "unique_id",
  "created_time",
  "last_edited_time",
  "created_by",
  "last_edited_by",
  "select",
  "multi_select",
  "status",
] as const;

const typed = {
  type: z.enum(PROPERTY_TYPES),
  /** Names of options, for select, multi_select and status. */
  options: z.array(z.string().min(1)).optional(),
};

/** What is shared or not: exactly one of the three. */
const shared = { page: page.optional(), database: database.optional(), dataSource: database.optional() };
const namesOne = (op: {
  page?: string | undefined;
  database?: string | undefined;
  dataSource?: string | undefined;
}): boolean => [op.page, op.database, op.dataSource].filter((name) => name !== undefined).length === 1;
const oneOfThree = "Name exactly one of page, database and dataSource.";

const nextFault = z.strictObject({
  kind: z.enum(NOTION_FAULT_KINDS),
  /** For `rate_limited` and `overload`: world seconds. */
  retryAfterSeconds: z.number().int().min(0).optional(),
  /** For `rate_limited`: `public_api_request_rate_limit` or `public_api_space_request_rate_limit`. */
  reason: z.string().optional(),
  /** For `slow_body`: real milliseconds. */
  slowMs: z.number().min(0).max(600_000).optional(),
  /** For `late`: world milliseconds. */
  lateMs: z.number().int().min(0).max(LATE_MS_MAX).optional(),
  /** For 500, 502, 503, 504: whether a write is saved first; default no. */
  commits: z.boolean().optional(),
  /** For `commit_then_503`: whether the reply to a create names the page. */
  namesResource: z.boolean().optional(),
  /** For `html`. */
  status: z.number().int().min(200).max(599).optional(),
  /** In [0, 1): where a body is cut. */
  roll: z.number().min(0).lt(1).optional(),
  /** Only a request of this method, or to this endpoint as the log names it. */
  method: z.enum(["GET", "POST", "PATCH", "DELETE"]).optional(),
  endpoint: z.string().optional(),
});

const behave = z.strictObject({
  op: z.literal("behave"),
  order: z.enum(["shuffled", "shuffled_each_query", "created"]).optional(),
  unknownProperty: z.enum(["reject", "ignore"]).optional(),
  shortPages: z.number().min(0).max(1).optional(),
  indexLagMs: z.number().int().min(0).optional(),
  resultCap: z.number().int().min(1).optional(),
  archivedRows: z.enum(["hidden", "listed"]).optional(),
  computed: z.enum(["values", "unsupported"]).optional(),
  mirrorMovesTime: z.boolean().optional(),
});

const webhook = z.strictObject({
  op: z.literal("webhook"),
  /** Null ends the subscription. A new one sends its handshake. */
  url: z.url().nullable().optional(),
  /** The token of the handshake, pasted into the settings: without it no event is sent. */
  verify: z.string().optional(),
  version: z.enum(["2022-06-28", "2025-09-03", "2026-03-11"]).optional(),
  aggregationMs: z.number().int().min(0).optional(),
  duplicates: z.number().min(0).max(1).optional(),
  loss: z.number().min(0).max(1).optional(),
  disorder: z.number().min(0).max(1).optional(),
});

const share = z.strictObject({ op: z.literal("share"), ...shared }).refine(namesOne, oneOfThree);
const unshare = z
  .strictObject({
    op: z.literal("unshare"),
    ...shared,
    /** A page is then still known to be there: `{object, id}`. */
    partial: z.boolean().optional(),
  })
  .refine(namesOne, oneOfThree);

const limit = z.strictObject({
  op: z.literal("limit"),
  /** Null: no limit. */
  requestsPerMinute: z.number().int().min(0).nullable().optional(),
  /** Every call is refused, and retrying does not help, until this is false again. */
  blocked: z.boolean().optional(),
});

const fault = z.strictObject({
  op: z.literal("fault"),
  /** A plan such as `seed=7,rate=0.2,kinds=409+503`, `none` to end one. */
  plan: z.string().optional(),
  /** Exact faults of the next requests, added to those that wait. */
  next: z.array(nextFault).max(1_000).optional(),
  /** Forget the faults that wait, before `next` is added. */
  clear: z.boolean().optional(),
});

/** Everything that `POST /__control` understands. */
export const notionControlSchema = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("edit"), page, set: values, by }),
  z.strictObject({ op: z.literal("create"), database, values, by, key }),
  z.strictObject({ op: z.literal("duplicate"), page, by, key }),
  z.strictObject({ op: z.literal("trash"), page, by }),
  z.strictObject({ op: z.literal("restore"), page, by }),
  z.strictObject({ op: z.literal("delete-forever"), page }),
  z.strictObject({ op: z.literal("archive"), page, by }),
  z.strictObject({ op: z.literal("unarchive"), page, by }),
  z.strictObject({ op: z.literal("move"), page, to: database, by }),
  share,
  unshare,
  z.strictObject({ op: z.literal("rename-property"), database, property, name: z.string().min(1), by }),
  z.strictObject({ op: z.literal("retype-property"), database, property, ...typed, by }),
  z.strictObject({ op: z.literal("remove-property"), database, property, by }),
  z.strictObject({ op: z.literal("add-property"), database, name: z.string().min(1), ...typed, by }),
  z.strictObject({
    op: z.literal("add-option"),
    database,
    property,
    option: z.string().min(1),
    /** For statuses; default the first. */
    group: z.enum(["To-do", "In progress", "Complete"]).optional(),
    by,
  }),
  z.strictObject({
    op: z.literal("rename-option"),
    database,
    property,
    option: z.string(),
    name: z.string().min(1),
    by,
  }),
  z.strictObject({ op: z.literal("remove-option"), database, property, option: z.string(), by }),
  z.strictObject({ op: z.literal("add-data-source"), database, title: z.string().min(1), by }),
  z.strictObject({ op: z.literal("rotate-token"), token: z.string().min(1) }),
  z.strictObject({ op: z.literal("remove-token"), token: z.string().optional() }),
  z.strictObject({
    op: z.literal("capability"),
    read: z.boolean().optional(),
    update: z.boolean().optional(),
    insert: z.boolean().optional(),
    /** Names and addresses of users. */
    users: z.boolean().optional(),
  }),
  limit,
  fault,
  behave,
  webhook,
  z.strictObject({ op: z.literal("reset-log") }),
]);

export type NotionControlOp = z.infer<typeof notionControlSchema>;
/** An op as a caller writes it. */
export type NotionControlInput = z.input<typeof notionControlSchema>;
export type OpOf<Name extends NotionControlOp["op"]> = Extract<NotionControlOp, { op: Name }>;
