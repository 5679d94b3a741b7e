import * as z from "zod";

const START_REQUEST = z.strictObject({
  priority: z.enum(["urgent", "high", "normal", "low"]).default("normal"),
});

/** Read the body of a request for a run; an empty one asks for the defaults. */
export async function parseStartRequest(
  request: Request,
): Promise<z.infer<typeof START_REQUEST> | { error: string }> {
  const text = await request.text();
  let body: unknown = {};
  try {
    if (text.trim() !== "") body = JSON.parse(text);
  } catch {
    return { error: "the body is not JSON" };
  }
  const parsed = START_REQUEST.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return { error: `${issue?.path.join(".") || "the body"}: ${issue?.message}` };
}
