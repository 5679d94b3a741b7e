import * as z from "zod";
import { PRIORITIES } from "../../core/policy.ts";
import { isPlanHash } from "../../core/preview.ts";
import type { Preview, Priority } from "../../ports/run-store.ts";

const START_REQUEST = z
  .strictObject({
    priority: z.enum(PRIORITIES).default("normal"),
    dry_run: z.boolean().default(false),
    plan: z
      .string()
      .refine(isPlanHash, { error: "the hash of a plan: 64 digits, 0 to 9 and a to f" })
      .nullable()
      .default(null),
  })
  .refine(({ dry_run, plan }) => !dry_run || plan === null, {
    error: "a run either makes a plan (dry_run) or carries one out (plan)",
  });

/** What a run is asked to be. */
export type StartRequest = { readonly priority: Priority; readonly preview: Preview | null };

/** Read the body of a request for a run; an empty one asks for the defaults. */
export async function parseStartRequest(request: Request): Promise<StartRequest | { error: string }> {
  const body = await readBody(request, START_REQUEST);
  if ("error" in body) return body;
  const { priority, plan, dry_run: isDryRun } = body;
  if (plan !== null) return { priority, preview: { mode: "plan", planHash: plan } };
  return { priority, preview: isDryRun ? { mode: "dry_run", planHash: null } : null };
}

/** Read a body by its schema, or say in one sentence what is wrong with it. An empty one is an empty object. */
export async function readBody<T>(request: Request, schema: z.ZodType<T>): Promise<T | { error: string }> {
  const text = await request.text();
  let body: unknown = {};
  try {
    if (text.trim() !== "") body = JSON.parse(text);
  } catch {
    return { error: "the body is not JSON" };
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return { error: `${issue?.path.join(".") || "the body"}: ${issue?.message}` };
}
