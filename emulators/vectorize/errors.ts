import { PLAN_LIMITS, type Plan } from "./limits.ts";

/** The word that production puts in front of `_ERROR`, one per method of the binding. */
export type Operation =
  | "INDEX_GET"
  | "VECTOR_QUERY"
  | "VECTOR_INSERT"
  | "VECTOR_UPSERT"
  | "VECTOR_GET"
  | "VECTOR_DELETE";

/**
 * Error codes of the service. Those marked [?] are our choice: the service refuses the call, but no published
 * text says under which code. Callers should sort errors by code, never by text.
 */
export const VECTORIZE_CODES = {
  queryVector: 40006,
  tooManyIds: 40007,
  /** [?] */
  tooManyVectors: 40007,
  idLength: 40008,
  /** [?] Too long, or one too many. */
  namespace: 40009,
  /** [?] */
  vectorNotFound: 40010,
  vectorDimensions: 40012,
  /** [?] */
  metadataShape: 40015,
  metadataSize: 40016,
  writeBody: 40023,
  topK: 40025,
  queryBody: 40026,
  tooManyRequests: 40041,
} as const;

/**
 * Build an error with the text and the cause that the production binding gives it.
 *
 * @param operation which method was called
 * @param code the service's error code
 * @param text the service's own words
 * @returns an Error with message `<operation>_ERROR (code = <code>): <text>`; its name stays "Error", as in production
 */
export function vectorizeError(operation: Operation, code: number, text: string): Error {
  return new Error(`${operation}_ERROR (code = ${code}): ${text}`, { cause: new Error(text) });
}

/**
 * Codes of commands on indexes. The first three are published (`vectorize.index.not_found` and its fellows); for a
 * command refused because of its content our choice is the service's code for a bad request [?].
 */
export const COMMAND_CODES = {
  indexNotFound: 3000,
  duplicateName: 3002,
  indexDeleted: 3005,
  /** [?] */
  badCommand: 40026,
} as const;

/** The service's words for an index that is not there. */
export function missingIndexText(name: string, wasDeleted: boolean): string {
  return `vectorize.index.${wasDeleted ? "deleted" : "not_found"} - Index name "${name}"`;
}

/** What a refused command throws; both properties survive the way between two Workers. */
export interface CommandRefusal extends Error {
  code: number;
  /** The message without the code. */
  text: string;
}

/** Build the error of a refused command, with the message that wrangler prints. */
export function commandError(code: number, text: string): CommandRefusal {
  return Object.assign(new Error(`${text} [code: ${code}]`), { code, text });
}

/** The refusal of an index beyond what the plan allows. */
export function tooManyIndexes(plan: Plan): CommandRefusal {
  const countMax = PLAN_LIMITS[plan].indexesMax;
  const text = `an account on the ${plan} plan has at most ${countMax} indexes: delete one first`;
  return commandError(COMMAND_CODES.badCommand, text);
}
