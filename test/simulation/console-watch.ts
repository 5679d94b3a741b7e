const METHODS = ["log", "info", "warn", "error", "debug"] as const;

/** Keep what is written to the console instead of showing it. @returns a function that ends it */
export function hearConsole(lines: string[]): () => void {
  const shown = METHODS.map((method) => [method, console[method]] as const);
  for (const method of METHODS)
    console[method] = (...values: unknown[]) => void lines.push(values.map(String).join(" "));
  return () => {
    for (const [method, show] of shown) console[method] = show;
  };
}
