import { defineConfig } from "vitest/config";

/** Two cores are enough for everyone: workerd takes one of them. */
const WORKERS_MAX = 2;
const TIMEOUT_MS = 30_000;

export const shared = { maxWorkers: WORKERS_MAX, testTimeout: TIMEOUT_MS, hookTimeout: TIMEOUT_MS };

/**
 * The unit tests of core: they alone must reach all of it. Pure modules remember nothing that a test could trip over, so
 * they are loaded once for all files. Properties take seconds, and minutes beside other work.
 */
export const core = {
  ...shared,
  name: "core",
  include: ["src/core/**/*.test.ts"],
  isolate: false,
  testTimeout: 4 * TIMEOUT_MS,
};

/** What `npm run check:core` measures and what `npm run mutate` runs. Reasons: docs/decisions/0022-coverage-and-mutation.md. */
export default defineConfig({
  test: {
    ...core,
    coverage: {
      provider: "v8",
      include: ["src/core/**/*.ts"],
      exclude: ["**/*.test.ts", "**/*.testsuite.ts"],
      // Only what is missing is printed, file by file and line by line.
      reporter: [["text", { skipFull: true }]],
      thresholds: { 100: true },
    },
  },
});
