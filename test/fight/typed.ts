/** Every value that somebody typed, and what became of it as far as people themselves did it. Values are unique. */
export type Typed = {
  readonly value: string;
  readonly side: "notion" | "d1";
  readonly place: string;
  readonly column: string;
  readonly atMs: number;
  /** A person put something else there, or took the row or the property away. */
  isReplaced: boolean;
};

export type TypedValues = {
  /** A person types a new value over whatever stands there. */
  type(one: Omit<Typed, "isReplaced" | "value">, standing: unknown): string;
  /** A person removes what stands there, without typing anything. */
  remove(standing: unknown): void;
  all(): readonly Typed[];
};

/** Begin with nothing typed. */
export function noTypedValues(): TypedValues {
  const typed = new Map<string, Typed>();
  const remove = (standing: unknown): void => {
    const known = typed.get(String(standing));
    if (known !== undefined) known.isReplaced = true;
  };
  return {
    type: (one, standing) => {
      remove(standing);
      const value = `v${typed.size + 1}`;
      typed.set(value, { ...one, value, isReplaced: false });
      return value;
    },
    remove,
    all: () => [...typed.values()],
  };
}
