/** What is wrong with one field of a record; `problem` names no content. */
export type Problem = { readonly field: string; readonly problem: string };

/**
 * The outcome of checking a record. Pending is not broken: it is expected to become readable by itself.
 * Quarantined carries every reason, not only the first.
 */
export type Checked<T> =
  | { readonly state: "valid"; readonly record: T }
  | { readonly state: "pending"; readonly waitsFor: string }
  | { readonly state: "quarantined"; readonly problems: readonly Problem[] };
