import { z } from "zod";
import { FAULT_KINDS } from "../faults/plan.ts";
import { API_ERROR_STATUS, type ApiErrorCode } from "./api-errors.ts";
import { PLANS } from "./quota.ts";
import { meetingFieldsSchema, sentenceSchema, sourceMeetingSchema } from "./source-meeting.ts";

const id = z.string().min(1);
const minutes = z.number().min(0);

const edit = z.strictObject({
  op: z.literal("edit"),
  id,
  /** Fields to replace, the whole of each: `sentences` replaces every sentence. */
  set: meetingFieldsSchema
    .extend({ date: sourceMeetingSchema.shape.date, date_ms: sourceMeetingSchema.shape.date_ms })
    .strict()
    .partial()
    .optional(),
  /** One sentence by its position in the list, from 0; given fields are replaced. */
  sentence: sentenceSchema
    .partial()
    .extend({ at: z.number().int().min(0) })
    .strict()
    .optional(),
});

const arrive = z.strictObject({
  op: z.literal("arrive"),
  /** What the meeting holds; what is left out is made up from the seed. */
  meeting: sourceMeetingSchema.partial().strict().optional(),
  /** Creation, hours before now: an old-dated meeting that turns up late. Ignored if the meeting names a date. */
  hoursAgo: z.number().optional(),
  /** World minutes until it can be seen at all. */
  inMinutes: minutes.optional(),
  /** Ripening, each in world minutes from now. */
  ripens: z
    .strictObject({
      liveMinutes: minutes.default(0),
      transcribedAfterMinutes: minutes,
      summarizedAfterMinutes: minutes,
      outcome: z.enum(["processed", "skipped", "failed"]).default("processed"),
    })
    .optional(),
});

const apiErrorCodes = Object.keys(API_ERROR_STATUS) as [ApiErrorCode, ...ApiErrorCode[]];

const nextFault = z.strictObject({
  kind: z.enum([...FAULT_KINDS, "api_error"]),
  /** For `api_error`. */
  code: z.enum(apiErrorCodes).default("invariant_violation"),
  /** For `rate_limited`: world seconds. */
  retryAfterSeconds: z.number().min(0).optional(),
  /** For `slow`: real milliseconds. */
  slowMs: z.number().min(0).max(600_000).optional(),
  /** Whether the call counts against the budget. */
  counted: z.boolean().optional(),
  /** In [0, 1): where a body is cut, which meeting is partial. */
  roll: z.number().min(0).lt(1).optional(),
  /** Only a request for this root field, such as `transcripts`. */
  field: z.string().optional(),
});

const fault = z.strictObject({
  op: z.literal("fault"),
  /** A plan as on the command line, `none` to end one. */
  plan: z.string().optional(),
  /** Exact faults of the next requests, added to those that wait. */
  next: z.array(nextFault).max(1_000).optional(),
  /** Forget the faults that wait, before `next` is added. */
  clear: z.boolean().optional(),
});

const behave = z.strictObject({
  op: z.literal("behave"),
  errorStatus: z.enum(["matching", "always200"]).optional(),
  dateFilter: z
    .strictObject({ bounds: z.enum(["inclusive", "exclusive"]), compares: z.enum(["date", "dateString"]) })
    .optional(),
  rateHeaders: z.boolean().optional(),
  gatedFields: z.enum(["request", "field"]).optional(),
  liveSentences: z.enum(["null", "error"]).optional(),
});

const share01 = z.number().min(0).max(1);

const webhook = z.strictObject({
  op: z.literal("webhook"),
  /** Null ends it. */
  url: z.url().nullable().optional(),
  /** What events are signed with; null: unsigned. */
  secret: z.string().min(16).max(128).nullable().optional(),
  form: z.enum(["v1", "v2", "both"]).optional(),
  spelling: z.enum(["prefixed", "bare"]).optional(),
  isRepeated: z.boolean().optional(),
  duplicates: share01.optional(),
  loss: share01.optional(),
  disorder: share01.optional(),
  forged: share01.optional(),
  /** Send a test event, as the button in the settings does. */
  test: z.boolean().optional(),
});

const IMMEDIATE_OPS = [
  edit,
  arrive,
  fault,
  behave,
  webhook,
  z.strictObject({ op: z.literal("rename"), id, title: z.string().nullable() }),
  z.strictObject({ op: z.literal("delete"), id }),
  z.strictObject({ op: z.literal("hide"), id }),
  z.strictObject({ op: z.literal("show"), id }),
  z.strictObject({ op: z.literal("remove-key"), key: z.string().optional() }),
  z.strictObject({
    op: z.literal("rotate-key"),
    key: z.string().min(1),
    accountId: z.string().min(1).optional(),
  }),
  z.strictObject({
    op: z.literal("quota"),
    /** Calls a day whatever the plan; null for the plan's own budget. */
    perDay: z.number().int().min(0).nullable().optional(),
    /** Calls taken in the current window. */
    used: z.number().int().min(0).optional(),
    /** End a block that an earlier 429 named. */
    unblock: z.boolean().optional(),
  }),
  z.strictObject({ op: z.literal("advance"), by: z.string() }),
  z.strictObject({ op: z.literal("plan"), plan: z.enum(PLANS) }),
  z.strictObject({ op: z.literal("reset-log") }),
] as const;

const immediateOp = z.discriminatedUnion("op", IMMEDIATE_OPS);

const later = z.strictObject({
  op: z.literal("later"),
  /** Carried out right after this many more replies to `transcripts`: a change between two pages. */
  afterLists: z.number().int().min(1),
  do: z.array(immediateOp).min(1).max(100),
});

/** Everything that `POST /__control` understands. */
export const controlOpSchema = z.discriminatedUnion("op", [...IMMEDIATE_OPS, later]);

export type ImmediateOp = z.infer<typeof immediateOp>;
export type ControlOp = z.infer<typeof controlOpSchema>;
/** An op as a caller writes it, defaults left out. */
export type ControlInput = z.input<typeof controlOpSchema>;
export type EditOp = z.infer<typeof edit>;
export type ArriveOp = z.infer<typeof arrive>;
export type FaultOp = z.infer<typeof fault>;
export type WebhookOp = z.infer<typeof webhook>;
export type BehaveOp = z.infer<typeof behave>;
