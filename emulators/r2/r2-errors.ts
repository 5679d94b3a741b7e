/** Which method of the bucket; it opens every error text. */
export type R2Action = "head" | "get" | "put" | "delete" | "list";

/** Codes with the texts that production puts before them. Source: docs /r2/api/error-codes; texts read off workerd. */
const MESSAGES = {
  10001: "We encountered an internal error. Please try again.",
  10012: "Your metadata headers exceed the maximum allowed metadata size.",
  10020: "The specified object name is not valid.",
  10022: "MaxKeys params must be positive integer <= 1000.",
  10029: "The specified argument is not valid.",
  10039: "The requested range is not satisfiable",
  10043: "The service is temporarily unavailable. Please try again.",
  10054: "The client disconnected before the request was complete.",
  10058: "Reduce your concurrent request rate for the same object.",
} as const;

/** A code whose text does not depend on the request. */
export type R2Code = keyof typeof MESSAGES;

/**
 * Make an error as the R2 binding throws it: `action: text (code)`.
 *
 * @param action the method that fails
 * @param code R2's own number; 10001, 10043, 10054 and 10058 may be retried
 *
 * Also for hooks: thrown from `afterCall`, 10001 and 10054 mean that the write did happen.
 */
export function r2Error(action: R2Action, code: R2Code): Error {
  return new Error(`${action}: ${MESSAGES[code]} (${code})`);
}

/** The words for bytes that are not the ones announced (10037). */
export function badDigest(algorithm: string, given: string, actual: string): Error {
  return new Error(
    `put: The ${algorithm} checksum you specified did not match what we received.\n` +
      `You provided a ${algorithm} checksum with value: ${given}\n` +
      `Actual ${algorithm} was: ${actual} (10037)`,
  );
}
