/** What can be made anew from what is stored, and how much of it. Pure. */
import { REBUILD_SCOPE_MEETINGS_MAX } from "./policy.ts";

/** `records` from revisions, `chunks` from revisions, `vectors` from chunks. */
export const REBUILD_NAMES = ["records", "chunks", "vectors"] as const;
export type RebuildName = (typeof REBUILD_NAMES)[number];

/** The meetings a rebuild is about; empty and null narrow nothing. Days are ISO 8601, UTC, both included. */
export type RebuildScope = {
  readonly meetings: readonly string[];
  readonly from: string | null;
  readonly to: string | null;
};

export const EVERYTHING: RebuildScope = { meetings: [], from: null, to: null };

/** Somebody's wish, as it stands in the ledger until it is fulfilled. */
export type Rebuild = {
  readonly id: string;
  readonly what: RebuildName;
  readonly scope: RebuildScope;
  /** Model whose vectors are made; null for records. */
  readonly model: string | null;
  /** Model that was live when it was asked for: another one means that a second index is built. */
  readonly liveModel: string | null;
  /** Id of the last meeting that is done; meetings are taken in the order of their ids. */
  readonly cursor: string;
  readonly askedMs: number;
  readonly endedMs: number | null;
  /** `given_up`: the configuration asks for something else by now. */
  readonly outcome: "done" | "given_up" | null;
  /** World time before which it does not go on. */
  readonly notBeforeMs: number | null;
};

/** Whether a rebuild replaces the live index by one of another model. */
export function replacesIndex(rebuild: Pick<Rebuild, "what" | "model" | "liveModel">): boolean {
  return rebuild.what === "vectors" && rebuild.model !== rebuild.liveModel;
}

/** The lane whose rows a rebuild writes. */
export function laneOf(what: RebuildName): "fireflies" | "vectors" {
  return what === "records" ? "fireflies" : "vectors";
}

const FORMS = "meeting:<id> (several if need be), from:<day> or to:<day>";

/**
 * Read the scope of a rebuild.
 *
 * @param texts each `meeting:<id>`, `from:<day>` or `to:<day>`; none means everything
 * @returns the scope, or the first thing that is wrong with it, in one sentence
 */
export function parseScope(texts: readonly string[]): RebuildScope | { readonly problem: string } {
  const meetings = new Set<string>();
  const days: { from: string | null; to: string | null } = { from: null, to: null };
  for (const text of texts) {
    const [, name = "", value = ""] = /^([a-z]*):(.*)$/s.exec(text) ?? [];
    if (name === "meeting" && value !== "") meetings.add(value);
    else if (name === "from" || name === "to") {
      if (!isDay(value)) return { problem: `The scope ${name}: wants a day such as ${name}:2026-05-01.` };
      if (days[name] !== null) return { problem: `The scope ${name}: may be given once.` };
      days[name] = value;
    } else return { problem: `A scope is ${FORMS}; "${text.slice(0, 80)}" is none.` };
  }
  if (days.from !== null && days.to !== null && days.from > days.to)
    return { problem: `The scope is empty: ${days.from} comes after ${days.to}.` };
  if (meetings.size > REBUILD_SCOPE_MEETINGS_MAX)
    return {
      problem: `A scope names at most ${REBUILD_SCOPE_MEETINGS_MAX} meetings: leave it out, or choose days.`,
    };
  return { meetings: [...meetings].toSorted(), ...days };
}

function isDay(text: string): boolean {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** A scope in the words that ask for it; none for everything. */
export function scopeWords({ meetings, from, to }: RebuildScope): string[] {
  const days = [from === null ? [] : [`from:${from}`], to === null ? [] : [`to:${to}`]];
  return [...meetings.map((id) => `meeting:${id}`), ...days.flat()];
}

/** Whether two scopes are about the same meetings. */
export function isSameScope(one: RebuildScope, other: RebuildScope): boolean {
  return JSON.stringify(scopeWords(one)) === JSON.stringify(scopeWords(other));
}

/** A rebuild in one phrase. */
export function rebuildWords({ what, scope }: Pick<Rebuild, "what" | "scope">): string {
  return [`rebuild ${what}`, ...scopeWords(scope).map((word) => `--scope ${word}`)].join(" ");
}

/** What is said where the configuration asks for another model than the live one. */
export function otherModel(live: string, wanted: string): string {
  return `the vectors are those of ${live} and EMBEDDINGS asks for ${wanted}: build them anew with npm run -s syncctl -- rebuild vectors, or set EMBEDDINGS back`;
}

/**
 * What a run does, in a word or two: its sync, or the rebuild that it carries in the lane of that sync. The subject of its
 * alerts as well: that a rebuild succeeds says nothing of the sync.
 */
export function runName<S extends string>({
  sync,
  rebuild,
}: {
  readonly sync: S;
  readonly rebuild: { readonly what: RebuildName } | null;
}): S | `rebuild ${RebuildName}` {
  return rebuild === null ? sync : `rebuild ${rebuild.what}`;
}
