/**
 * Where a text stops being JSON. The runtime names a place for some mistakes and not for others, but always tells whether a
 * text ended too early or went wrong before: so the longest beginning that nothing is wrong with is looked for. Pure.
 *
 * @param text that JSON.parse has refused
 * @returns line and column, from 1; those after the last character if it ends too early
 */
export function placeOfMistake(text: string): { readonly line: number; readonly column: number } {
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isWrongWithin(text.slice(0, middle))) bad = middle;
    else good = middle;
  }
  const lines = text.slice(0, good).split("\n");
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}

function isWrongWithin(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return false;
  } catch (error) {
    const said = String(error);
    if (/end of JSON input|Unterminated/.test(said)) return false;
    const [, position] = /position (\d+)/.exec(said) ?? [];
    return position === undefined || Number(position) < beginning.length;
  }
}
