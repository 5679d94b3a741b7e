import * as z from "zod";

export const PRIORITIES = ["urgent", "high", "normal", "low"] as const;

const START_REQUEST = z.strictObject({ priority: z.enum(PRIORITIES).default("normal") });

/** Read the body of a request for a run; an empty one asks for the defaults. */
export async function parseStartRequest(
  request: Request,
): Promise<z.infer<typeof START_REQUEST> | { error: string }> {
  return readBody(request, START_REQUEST);
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
