// How much the unit tests of core notice: each mutant is a small fault, and a test must fail on it.
// What is left out and why: docs/decisions/0022-coverage-and-mutation.md.

// Survivors run every test that reaches them; properties then make do with fewer runs.
process.env.PROPERTY_RUNS_SHARE ??= "0.05";
// The tests of real meetings take longest and reach nothing that the others do not.
delete process.env.MEETINGS_DATA;

export default {
  mutate: [
    "src/core/**/*.ts",
    "!src/core/**/*.test.ts",
    "!src/core/**/*.testsuite.ts",
    "!src/core/{limits,policy,durations}.ts",
  ],
  testRunner: "vitest",
  vitest: { configFile: "vitest.core.config.ts", related: false },
  coverageAnalysis: "perTest",
  ignoreStatic: true,
  concurrency: 2,
  // A loop without an end is found by counting; the clock is for the rest, and a busy machine is slow.
  timeoutMS: 10_000,
  dryRunTimeoutMinutes: 20,
  incremental: true,
  incrementalFile: "reports/mutation-incremental.json",
  reporters: ["clear-text", "progress-append-only", "json"],
  clearTextReporter: { reportTests: false, logTests: false },
  jsonReporter: { fileName: "reports/mutation.json" },
  thresholds: { high: 95, low: 85, break: 85 },
  // Types are stripped, not checked; and Stryker would read tsconfig.json by an interface that TypeScript 7 has not.
  disableTypeChecks: false,
  ignorePatterns: ["tsconfig*.json", ".data", ".wrangler", "coverage", "bench", "emulators"],
};
