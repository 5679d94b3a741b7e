import type { z } from "zod";

/** What is wrong with a value, in one clause such as `sentences[3].text must be ...`; the first problem only. */
export function problemOf(error: z.ZodError): string {
  const [issue] = error.issues;
  if (!issue) return "it does not fit";
  const path = issue.path.map((part, i) =>
    typeof part === "number" ? `[${part}]` : i ? `.${String(part)}` : String(part),
  );
  return `${path.join("") || "the value"}: ${issue.message}`;
}
