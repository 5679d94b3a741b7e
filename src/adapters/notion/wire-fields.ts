/** A member of something that may be an object; undefined otherwise. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** A member that must be text with something in it; null if it is not. */
export function textIn(value: unknown, name: string): string | null {
  const text = field(value, name);
  return typeof text === "string" && text !== "" ? text : null;
}

/** A member that must be a moment (ISO 8601), as epoch ms of the vendor's clock; null if it is none. */
export function momentIn(value: unknown, name: string): number | null {
  const text = textIn(value, name);
  const ms = text !== null && ISO_MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

const ISO_MOMENT = /^\d{4}-\d{2}-\d{2}T/;

/** A member that must be a list; null if it is none. */
export function listIn(value: unknown, name: string): readonly unknown[] | null {
  const list = field(value, name);
  return Array.isArray(list) ? list : null;
}

/** Whether this is in the trash, in the spelling of any version of the API; null if it does not say. */
export function isTrashedIn(value: unknown): boolean | null {
  const inTrash = field(value, "in_trash") ?? field(value, "archived");
  return typeof inTrash === "boolean" ? inTrash : null;
}
