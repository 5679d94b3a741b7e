/**
 * How often a slow property is tried: so many times, or a share of it where PROPERTY_RUNS_SHARE says so. Each mutant of
 * `npm run mutate` pays for every try, and most fall at the first.
 */
export function propertyRuns(count: number): number {
  return Math.max(1, Math.ceil(count * Number(process.env["PROPERTY_RUNS_SHARE"] ?? 1)));
}

/** How long the text of a slow test is, in sentences, words or letters: as long as this, or the same share of it. */
export function slowLength(count: number): number {
  return propertyRuns(count);
}
