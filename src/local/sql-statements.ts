/** One lexical piece of SQL: where it ends, and the word it is (lower case) or a class of its own. */
interface Piece {
  readonly end: number;
  readonly word: string;
}

/** Classes that no word of SQL can be mistaken for. */
const BLANK = " ";
const SEMICOLON = ";";
const OTHER = "?";

const CLOSERS: Record<string, string> = { "'": "'", '"': '"', "`": "`", "[": "]" };
const WORD = /[\w$\u0080-\uffff]+/y;

/**
 * Split SQL text into its statements, without their semicolons.
 *
 * Semicolons inside quotes, comments and the body of a trigger do not split; a piece that holds only comments is left
 * out. The rule for triggers is SQLite's own (`sqlite3_complete`): the body ends with `; END ;`. Pure.
 */
export function splitStatements(sql: string): readonly string[] {
  const statements: string[] = [];
  let start = 0;
  let words: string[] = [];
  for (let at = 0; at < sql.length;) {
    const { end, word } = pieceAt(sql, at);
    if (word === SEMICOLON && !isInsideTrigger(words)) {
      if (words.length > 0) statements.push(sql.slice(start, at).trim());
      start = end;
      words = [];
    } else if (word !== BLANK) {
      words.push(word);
    }
    at = end;
  }
  if (words.length > 0) statements.push(sql.slice(start).trim());
  return statements;
}

/** A trigger goes on until the last two words before the semicolon are `; END`. */
function isInsideTrigger(words: readonly string[]): boolean {
  const [first, second, third] = words;
  const isTemporary = second === "temp" || second === "temporary";
  const isTrigger = first === "create" && (isTemporary ? third : second) === "trigger";
  return isTrigger && !(words.at(-1) === "end" && words.at(-2) === SEMICOLON);
}

function pieceAt(sql: string, at: number): Piece {
  const char = sql.charAt(at);
  if (char === ";") return { end: at + 1, word: SEMICOLON };
  if (/\s/.test(char)) return { end: at + 1, word: BLANK };
  if (sql.startsWith("--", at)) return { end: after(sql, "\n", at + 2), word: BLANK };
  if (sql.startsWith("/*", at)) return { end: after(sql, "*/", at + 2), word: BLANK };
  const closer = CLOSERS[char];
  // A doubled quote inside quotes reads as two quoted pieces side by side, which splits nothing.
  if (closer !== undefined) return { end: after(sql, closer, at + 1), word: OTHER };
  WORD.lastIndex = at;
  const word = WORD.exec(sql)?.[0];
  return word === undefined
    ? { end: at + 1, word: OTHER }
    : { end: at + word.length, word: word.toLowerCase() };
}

function after(sql: string, closer: string, from: number): number {
  const found = sql.indexOf(closer, from);
  return found === -1 ? sql.length : found + closer.length;
}
