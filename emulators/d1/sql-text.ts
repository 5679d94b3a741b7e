/** One token of interest: text to skip (strings, quoted names, comments) or a parameter. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\?(\d*)|([:@$][A-Za-z_]\w*)/g;

/**
 * Count the parameters of one SQL statement as `sqlite3_bind_parameter_count` does: the largest index.
 *
 * @param sql the text of a single statement
 * @returns how many values must be bound, and the first named parameter if there is one
 *
 * node:sqlite binds NULL to what was left out and does not tell the count, while D1 refuses a wrong number.
 */
export function readParameters(sql: string): { count: number; named: string | null } {
  let count = 0;
  let named: string | null = null;
  for (const match of sql.matchAll(TOKEN)) {
    const [, digits, name] = match;
    if (name !== undefined) named ??= name;
    else if (digits !== undefined) count = digits === "" ? count + 1 : Math.max(count, Number(digits));
  }
  return { count, named };
}

/**
 * Find in a statement what a replayable simulation cannot allow: the real clock or chance.
 *
 * @param sql the text of one statement
 * @returns the offending words, or null
 */
export function findClockOrChance(sql: string): string | null {
  const found =
    /'now'|\bcurrent_(?:timestamp|time|date)\b|\b(?:random|randomblob)\s*\(|\b(?:unixepoch|julianday|datetime|date|time)\s*\(\s*\)/i.exec(
      sql,
    );
  return found?.[0] ?? null;
}
