/**
 * Errors of Workers AI that a caller has to tell apart, with the service's own descriptions.
 *
 * Source: developers.cloudflare.com/workers-ai/platform/errors and texts published by users. Descriptions vary
 * over time; callers should sort errors by the leading code.
 */
export const AI_DESCRIPTIONS = {
  tooLarge: { code: 3006, description: "Request is too large" },
  timeout: { code: 3007, description: "Request timeout" },
  dailyAllocation: {
    code: 3036,
    description:
      "You have used up your daily free allocation of 10,000 neurons. Please upgrade to Cloudflare's Workers Paid plan if you would like to continue usage.",
  },
  outOfCapacity: { code: 3040, description: "Capacity temporarily exceeded, please try again." },
} as const;

/**
 * Build an error as the production binding does: name "AiError", message `<code>: <description>`.
 */
export function aiError(code: number, description: string): Error {
  const error = new Error(`${code}: ${description}`);
  error.name = "AiError";
  return error;
}
