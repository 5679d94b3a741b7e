/** The part of a workflow's `step` that the scenarios use. */
export interface ScenarioStep {
  do<T>(name: string, work: (context: { attempt: number }) => Promise<T>): Promise<T>;
  do<T>(name: string, config: ScenarioConfig, work: (context: { attempt: number }) => Promise<T>): Promise<T>;
  sleep(name: string, ms: number): Promise<void>;
  sleepUntil(name: string, timestamp: Date | number): Promise<void>;
}

interface ScenarioConfig {
  retries?: { limit: number; delay: number; backoff?: "constant" | "linear" | "exponential" };
  timeout?: number;
}

/** One workflow and what becomes of it. */
export interface Scenario {
  run: (step: ScenarioStep) => Promise<unknown>;
  expected:
    | { status: "complete"; output: unknown }
    | { status: "errored"; error: { name: string; message: string } };
}

const RETRY_ONCE = { retries: { limit: 1, delay: 1, backoff: "constant" } } as const;
const NO_RETRY = { retries: { limit: 0, delay: 1 } } as const;

class StoreFull extends Error {
  readonly code = 13;
  override name = "StoreFull";
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

async function caught(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) return "not an error";
    return {
      name: error.name,
      message: error.message,
      hasCode: "code" in error,
      isTypeError: error instanceof TypeError,
    };
  }
}

/** Rules of step execution, each a sentence with a workflow that shows it; run over our engine and over workerd's. */
export const SCENARIOS: Record<string, Scenario> = {
  "a step's result is a copy, undefined included": {
    run: async (step) => {
      const given = { list: [1, { deep: true }], when: new Date(5) };
      const got = await step.do("give", async () => given);
      const nothing = await step.do("nothing", async () => undefined);
      return [got.list, got.when.getTime(), got === given, nothing === undefined];
    },
    expected: { status: "complete", output: [[1, { deep: true }], 5, false, true] },
  },
  "the same name in a loop is another step each time": {
    run: async (step) => {
      const seen: number[] = [];
      for (let n = 0; n < 3; n++) seen.push(await step.do("same", async () => n * 10));
      return seen;
    },
    expected: { status: "complete", output: [0, 10, 20] },
  },
  "steps run side by side": {
    run: (step) => Promise.all(["a", "b"].map((name) => step.do(name, async () => name))),
    expected: { status: "complete", output: ["a", "b"] },
  },
  "a limit of 2 gives three attempts, numbered from 1": {
    run: async (step) => {
      const attempts: number[] = [];
      await caught(() =>
        step.do("fail", { retries: { limit: 2, delay: 1, backoff: "linear" } }, async (context) => {
          attempts.push(context.attempt);
          throw new Error("no");
        }),
      );
      return attempts;
    },
    expected: { status: "complete", output: [1, 2, 3] },
  },
  "a retry may succeed": {
    run: (step) =>
      step.do("flaky", RETRY_ONCE, async ({ attempt }) => {
        if (attempt === 1) throw new Error("not yet");
        return attempt;
      }),
    expected: { status: "complete", output: 2 },
  },
  "an error of our own class comes out as Error with its name in the message, without properties": {
    run: (step) =>
      caught(() =>
        step.do("fail", NO_RETRY, async () => {
          throw new StoreFull("disk is full");
        }),
      ),
    expected: {
      status: "complete",
      output: { name: "Error", message: "StoreFull: disk is full", hasCode: false, isTypeError: false },
    },
  },
  "a plain Error keeps its message": {
    run: (step) =>
      caught(() =>
        step.do("fail", NO_RETRY, async () => {
          throw new Error("plain");
        }),
      ),
    expected: {
      status: "complete",
      output: { name: "Error", message: "plain", hasCode: false, isTypeError: false },
    },
  },
  "a TypeError stays one": {
    run: (step) =>
      caught(() =>
        step.do("fail", NO_RETRY, async () => {
          throw new TypeError("wrong");
        }),
      ),
    expected: {
      status: "complete",
      output: { name: "TypeError", message: "wrong", hasCode: false, isTypeError: true },
    },
  },
  "NonRetryableError by name stops the retries and can be caught": {
    run: async (step) => {
      let attemptCount = 0;
      const error = await caught(() =>
        step.do("fail", { retries: { limit: 5, delay: 1 } }, async () => {
          attemptCount++;
          throw named("NonRetryableError", "enough");
        }),
      );
      return [attemptCount, error];
    },
    expected: {
      status: "complete",
      output: [
        1,
        { name: "Error", message: "NonRetryableError: enough", hasCode: false, isTypeError: false },
      ],
    },
  },
  "a NonRetryableError under another name is retried": {
    run: async (step) => {
      let attemptCount = 0;
      await caught(() =>
        step.do("fail", RETRY_ONCE, async () => {
          attemptCount++;
          throw named("Halted", "enough");
        }),
      );
      return attemptCount;
    },
    expected: { status: "complete", output: 2 },
  },
  "an error that run does not catch ends the instance": {
    run: async () => {
      throw named("OurOwn", "over");
    },
    expected: { status: "errored", error: { name: "Error", message: "OurOwn: over" } },
  },
  "a result that cannot be copied ends the instance, and nothing can catch it": {
    run: (step) => caught(() => step.do("give", NO_RETRY, async () => ({ f: () => 1 }))),
    expected: {
      status: "errored",
      error: {
        name: "WorkflowFatalError",
        message:
          'The execution of the Workflow instance was terminated, as the step "give" returned a value which is not serialisable',
      },
    },
  },
  "an attempt that takes too long fails": {
    run: async (step) => {
      const error = await caught(() =>
        step.do("slow", { ...NO_RETRY, timeout: 20 }, () => new Promise<never>(() => {})),
      );
      return error;
    },
    expected: {
      status: "complete",
      output: {
        name: "Error",
        message: "WorkflowTimeoutError: Execution timed out after 20ms",
        hasCode: false,
        isTypeError: false,
      },
    },
  },
  "a step's name has at most 256 characters": {
    run: async (step) => {
      const fits = await step.do("n".repeat(256), async () => true);
      return [fits, await caught(() => step.do("n".repeat(257), async () => true))];
    },
    expected: {
      status: "complete",
      output: [
        true,
        {
          name: "Error",
          message: `WorkflowFatalError: Step name "${"n".repeat(257)}" exceeds max length (256 chars) or invalid characters found`,
          hasCode: false,
          isTypeError: false,
        },
      ],
    },
  },
  "sleeping until the past throws": {
    run: (step) => caught(() => step.sleepUntil("past", 0)),
    expected: {
      status: "complete",
      output: {
        name: "Error",
        message: "You can't sleep until a time in the past, time-traveler",
        hasCode: false,
        isTypeError: false,
      },
    },
  },
  "sleeping takes its time": {
    run: async (step) => {
      const before = await step.do("before", async () => Date.now());
      await step.sleep("nap", 30);
      return (await step.do("after", async () => Date.now())) - before >= 30;
    },
    expected: { status: "complete", output: true },
  },
};
