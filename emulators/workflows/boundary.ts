import { deserialize, serialize } from "node:v8";

/** Largest step result, event payload and parameter set, in bytes. Source: docs /workflows/reference/limits. */
export const VALUE_BYTES_MAX = 1_048_576;

/** A value as the engine keeps it: bytes, so that nobody can change it afterwards. */
export type StoredValue = Uint8Array;

/** An error as the engine keeps it. */
export interface StoredError {
  name: string;
  message: string;
}

const BUILT_IN_ERRORS: Record<string, new (message: string) => Error> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Kinds of objects that cross; everything else (class instances, streams) does not. */
const KINDS_ALLOWED: ReadonlySet<unknown> = new Set([
  Object.prototype,
  null,
  Array.prototype,
  Date.prototype,
  Map.prototype,
  Set.prototype,
  RegExp.prototype,
  ArrayBuffer.prototype,
  ...Object.values(BUILT_IN_ERRORS).map((kind) => kind.prototype as unknown),
]);

/**
 * Keep a value as bytes.
 *
 * @throws DOMException named DataCloneError for functions, symbols and instances of classes
 */
export function store(value: unknown): StoredValue {
  checkCloneable(value, new Set());
  return serialize(value);
}

/** Make a fresh copy of a kept value. */
export function revive(stored: StoredValue): unknown {
  return deserialize(stored);
}

/**
 * What an error becomes when it crosses a step's boundary: the class is lost, its name moves into the message.
 *
 * @returns an `Error` with message "OrigName: message"; JavaScript's own kinds stay as they are, own properties are gone
 *
 * Source: measured on the local engine; workerd's RPC does it.
 */
export function crossed(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return reviveError({ name: error.name, message: error.message });
}

/** The same for an error that was kept. */
export function reviveError({ name, message }: StoredError): Error {
  const BuiltIn = BUILT_IN_ERRORS[name];
  return BuiltIn === undefined ? new Error(`${name}: ${message}`) : new BuiltIn(message);
}

/** Whether the engine takes an error for final: by name or prefix only, never by class. */
export function isNonRetryable(error: Error): boolean {
  return error.name === "NonRetryableError" || error.message.startsWith("NonRetryableError");
}

function checkCloneable(value: unknown, seen: Set<object>): void {
  if (typeof value === "function" || typeof value === "symbol") refuse(typeof value);
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!KINDS_ALLOWED.has(prototype)) refuse(value.constructor.name);
  const inner =
    value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  for (const one of inner) checkCloneable(one, seen);
}

function refuse(kind: string): never {
  throw new DOMException(`Could not serialize object of type "${kind}".`, "DataCloneError");
}
