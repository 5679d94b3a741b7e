import type { z } from "zod";
import { ApiFailure, invalid } from "./api-errors.ts";

/** Largest body, in bytes. Source: vendor docs, "Request limits" (500 KB). */
const BODY_BYTES_MAX = 500_000;

/** A JSON value, or the failure to be one. Absent is undefined. */
export function parseBody(body: string | null, bodyBytes: number): unknown {
  if (bodyBytes > BODY_BYTES_MAX) {
    throw new ApiFailure(
      "validation_error",
      `body failed validation: body.length should be ≤ \`${BODY_BYTES_MAX}\` bytes, instead was \`${bodyBytes}\`.`,
    );
  }
  if (body === null) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiFailure("invalid_json", "Error parsing JSON body.");
  }
}

/** A value as its schema describes it. @throws ApiFailure that names the path of the first breach */
export function checked<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = innermost(result.error.issues[0] as z.core.$ZodIssue);
  const at = [path, ...issue.path.map(String)].join(".");
  const found = issue.path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown>)?.[key],
    value,
  );
  if (issue.code === "unrecognized_keys") {
    throw invalid(
      `${at}.${issue.keys[0]}`,
      "not present",
      (found as Record<string, unknown>)[issue.keys[0] ?? ""],
    );
  }
  throw invalid(at, sayRule(issue), found);
}

/** Of the branches of a union, the one whose complaint lies deepest: the one that was meant. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const firsts = issue.errors.flatMap(([first]) => (first ? [first] : []));
  const deepest = firsts.reduce((a, b) => (b.path.length > a.path.length ? b : a));
  return innermost({ ...deepest, path: [...issue.path, ...deepest.path] });
}

function sayRule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `defined and ${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
    case "too_big":
      return issue.origin === "string" || issue.origin === "array"
        ? `of length ≤ \`${issue.maximum}\``
        : `≤ \`${issue.maximum}\``;
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? `of length ≥ \`${issue.minimum}\``
        : `≥ \`${issue.minimum}\``;
    case "invalid_value":
      return issue.values.map((value) => `\`${JSON.stringify(value)}\``).join(", or ");
    case "custom":
      return issue.message;
    default:
      return `valid (${issue.message})`;
  }
}
