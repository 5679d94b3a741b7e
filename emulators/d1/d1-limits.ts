/**
 * What production D1 enforces, with the unit in each name.
 *
 * Source: Cloudflare docs, /d1/platform/limits (autumn 2026); the engine's own limits (compound select, expression
 * depth, program size, trigger depth) were read off workerd's SQLite. Local workerd checks only some of them, so an
 * emulator that checks all is the stricter one.
 */
export const D1_LIMITS = {
  boundParamsMax: 100,
  statementBytesMax: 100_000,
  valueBytesMax: 2_000_000,
  likePatternBytesMax: 50,
  functionArgsMax: 32,
  compoundSelectTermsMax: 5,
  columnsMax: 100,
  expressionDepthMax: 100,
  programOpsMax: 25_000,
  triggerDepthMax: 10,
  queriesPerInvocationMax: 1_000,
  databaseBytesMax: 10_000_000_000,
} as const;
