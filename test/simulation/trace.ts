import type { Committed } from "./fence-watch.ts";

/** One line of what happened. `detail` is for finding ids in, and may be long. */
type Line = {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
  readonly detail: string;
  readonly isCall: boolean;
};

/** Older lines are forgotten: what matters stands near the breach. */
const LINES_MAX = 50_000;
const LINES_AROUND = 12;
const DETAIL_CHARACTERS_MAX = 110;
const STATEMENTS_NAMED_MAX = 4;

const BREACH = "BREACH";
/** What a sentence about a breach may name: a meeting, a run or other row, a chunk. */
const IDS = /\b[map]\d+\b|\b[0-9A-HJKMNP-TV-Z]{26}\b|(?<![\w-])[\w-]{43}(?![\w-])/g;

/** What happened in one course of a simulation, by virtual time. */
export class Trace {
  readonly #startMs: number;
  readonly #lines: Line[] = [];

  /** @param startMs virtual time that the history begins with */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** Something that is no call to D1 happened, or was tried. */
  note(atMs: number, who: string, what: string, detail: string): void {
    // What D1 carried out comes with its statements.
    if (/^d1\.\w+$/.test(what)) return;
    this.#add({ atMs, who, what, detail, isCall: /^\w+\.\w+$/.test(what) });
  }

  /** D1 carried a list of statements out. */
  committed(atMs: number, who: string, statements: readonly Committed[]): void {
    const writing = statements.filter(({ changes }) => changes > 0);
    const named = (writing.length > 0 ? writing : statements).map(({ sql, changes }) =>
      writing.length > 0 ? `${headOf(sql)} (${changes})` : headOf(sql),
    );
    const rest = named.length > STATEMENTS_NAMED_MAX ? `, ${named.length - STATEMENTS_NAMED_MAX} more` : "";
    const what = `d1 ${writing.length > 0 ? "writes" : "reads"} ${named.slice(0, STATEMENTS_NAMED_MAX).join(", ")}${rest}`;
    const detail = statements.map(({ values }) => JSON.stringify(values)).join(" ");
    this.#add({ atMs, who, what, detail, isCall: true });
  }

  /** A law was broken at this moment. */
  breach(atMs: number, sentence: string): void {
    this.#add({ atMs, who: BREACH, what: sentence, detail: "", isCall: false });
  }

  /** Everything but calls: events of the world, faults, kills. */
  timeline(): string[] {
    return this.#lines.filter(({ isCall }) => !isCall).map((line) => this.#shown(line));
  }

  /** Every line. */
  all(): string[] {
    return this.#lines.map((line) => this.#shown(line));
  }

  /** The last lines before a breach that was seen at once, or those that name what its sentence names. */
  around(sentence: string): string[] {
    const at = this.#lines.findIndex(({ who, what }) => who === BREACH && what === sentence);
    if (at >= 0)
      return this.#lines.slice(Math.max(0, at - LINES_AROUND), at + 1).map((one) => this.#shown(one));
    const ids = [...new Set(sentence.match(IDS) ?? [])];
    const naming = this.#lines.filter(
      ({ what, detail }) =>
        !what.startsWith("d1 reads") && ids.some((id) => what.includes(id) || detail.includes(id)),
    );
    const lines = ids.length === 0 || naming.length === 0 ? this.#lines : naming;
    return lines.slice(-LINES_AROUND).map((line) => this.#shown(line));
  }

  #add(line: Line): void {
    this.#lines.push(line);
    if (this.#lines.length > LINES_MAX) this.#lines.splice(0, LINES_MAX / 10);
  }

  #shown({ atMs, who, what, detail, isCall }: Line): string {
    const told = isCall && what.startsWith("d1") ? "" : detail.slice(0, DETAIL_CHARACTERS_MAX);
    return `${virtualTime(atMs - this.#startMs)}  ${who.padEnd(7)} ${what}${told === "" ? "" : `: ${told}`}`;
  }
}

/** Time since the beginning of a history, such as "+1d 03:20:07". */
export function virtualTime(sinceStartMs: number): string {
  const seconds = Math.floor(Math.abs(sinceStartMs) / 1_000);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const days = Math.floor(seconds / 86_400);
  const clock = `${two((seconds % 86_400) / 3_600)}:${two((seconds % 3_600) / 60)}:${two(seconds % 60)}`;
  return `${sinceStartMs < 0 ? "-" : "+"}${days}d ${clock}`;
}

/** The first words of a statement: what it does to which table. */
function headOf(sql: string): string {
  const words = /\b(insert into|update|delete from)\s+(\w+)/i.exec(sql) ?? /\b(from)\s+(\w+)/i.exec(sql);
  return words === null ? sql.trim().slice(0, 20) : `${words[1]?.replace(/ (?:into|from)/i, "")} ${words[2]}`;
}
