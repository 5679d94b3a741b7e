/** A value of a Notion property in its plain form; null is empty. Dates are ISO 8601, of a day or of an instant in UTC. */
export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | { readonly start: string; readonly end: string | null };

/** A property as it was read. */
export type ReadValue =
  | {
      readonly value: PlainValue;
      /** The reply held only the first 25 of a list: it must be asked for by itself before anything rests on it. */
      readonly truncated: boolean;
    }
  | { readonly unreadable: string };
