/**
 * Errors of Workers AI that a caller has to tell apart, with the service's own descriptions.
 *
 * Source: developers.cloudflare.com/workers-ai/platform/errors. Descriptions vary over time; callers should sort errors
 * by the leading code. 5006 is not on that page: bad input, as users report it. Where the page has a placeholder, an
 * example stands.
 */
export const AI_DESCRIPTIONS = {
  incomplete: { code: 3003, status: 400, description: "Request is missing headers or body: inputs" },
  tooLarge: { code: 3006, status: 413, description: "Request is too large" },
  timeout: { code: 3007, status: 408, description: "Request timeout" },
  aborted: { code: 3008, status: 408, description: "Request was aborted" },
  dailyAllocation: {
    code: 3036,
    status: 429,
    description:
      "You have used up your daily free allocation of 10,000 neurons. Please upgrade to Cloudflare's Workers Paid plan if you would like to continue usage.",
  },
  outOfCapacity: {
    code: 3040,
    status: 429,
    description: "Capacity temporarily exceeded, please try again.",
  },
  invalidModel: { code: 3042, status: 404, description: "The model name is invalid" },
  invalidData: { code: 5004, status: 400, description: "Invalid data type for base64 input: object" },
  badInput: { code: 5006, status: 400, description: "Error: required properties at '/' are 'text'" },
  noSuchModel: { code: 5007, status: 400, description: "No such model or task" },
  notAllowed: { code: 5018, status: 403, description: "The account is not allowed to access this model" },
  paidOnly: {
    code: 5035,
    status: 403,
    description:
      "This model requires a Workers Paid plan. See https://developers.cloudflare.com/workers-ai/platform/pricing/ for details.",
  },
} as const;

/** An error of the service. Its name and message are those of the production binding. */
export interface AiError extends Error {
  code: number;
  description: string;
}

/**
 * Build an error as the production binding does: name "AiError", message `<code>: <description>`.
 */
export function aiError(code: number, description: string): AiError {
  const error = Object.assign(new Error(`${code}: ${description}`), { code, description });
  error.name = "AiError";
  return error;
}

/** Whether an error is one of the service, and not a mistake of the stand-in. */
export function isAiError(error: unknown): error is AiError {
  return error instanceof Error && error.name === "AiError" && "code" in error;
}

/** The service's own words for a code. */
export function descriptionOf(code: number): string {
  return known(code)?.description ?? "Unknown error";
}

/** The answer over HTTP that the production binding makes its error from. */
export function errorResponse({ name, message, code, description }: AiError): Response {
  const body = { name, message, internalCode: code, description };
  return Response.json(body, { status: known(code)?.status ?? 500 });
}

function known(code: number): { status: number; description: string } | undefined {
  return Object.values(AI_DESCRIPTIONS).find((one) => one.code === code);
}
