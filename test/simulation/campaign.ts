import { Worker } from "node:worker_threads";
import type { HistoryLength } from "./scenario.ts";

type Question = {
  readonly seed: number;
  /** Name of a planted bug; null: the program as it is. */
  readonly bug: string | null;
  readonly length: HistoryLength;
  readonly keep?: string | undefined;
};

/** What a thread is asked. */
export type Asked =
  | (Question & { readonly do: "judge" })
  | (Question & {
      readonly do: "shrink";
      /** The law that must go on being broken. */
      readonly law: string;
      readonly triesMax: number;
      readonly secondsMax: number;
    });

/** What became of a seed. */
export type Judged = {
  readonly seed: number;
  readonly do: "judged";
  readonly breaches: readonly string[];
  readonly exercised: readonly (readonly [what: string, times: number])[];
  /** Virtual time that the history took, and real time that it took here, ms. */
  readonly virtualMs: number;
  readonly realMs: number;
};

/** A smaller scenario in which the same law breaks. */
export type Shrunk = {
  /** Its parts, for a command line. */
  readonly keep: string;
  readonly parts: number;
  readonly partsBefore: number;
  readonly tries: number;
  /** Whether no single part can go; else a bound was reached first. */
  readonly isLeast: boolean;
};

/** What a thread answers. */
export type Answer = Judged | (Shrunk & { readonly seed: number; readonly do: "shrunk" });

/** Most of what a seed makes is gone with it: the more fits, the less is looked through in vain. */
const YOUNG_MB = 64;

/** Threads that judge seeds, each one seed at a time: a seed stays as it is when it runs alone. */
export class Threads {
  readonly #workers: Worker[];

  constructor(count: number) {
    this.#workers = Array.from(
      { length: count },
      () =>
        new Worker(new URL("campaign-worker.ts", import.meta.url), {
          resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
        }),
    );
  }

  get count(): number {
    return this.#workers.length;
  }

  /**
   * Have every question answered, in any order.
   *
   * @param questions taken one by one as threads become free; whoever ends them ends the work
   */
  async each(questions: Iterable<Asked>, take: (answer: Answer) => void): Promise<void> {
    const left = questions[Symbol.iterator]();
    await Promise.all(
      this.#workers.map(async (worker) => {
        for (let next = left.next(); next.done !== true; next = left.next())
          take(await ask(worker, next.value));
      }),
    );
  }

  /** End them, whatever they do. What they were asked stays unanswered. */
  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, question: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off("message", take);
      worker.off("error", refuse);
    };
    const take = (answer: Answer): void => {
      settle();
      resolve(answer);
    };
    const refuse = (error: Error): void => {
      settle();
      reject(error);
    };
    worker.on("message", take);
    worker.on("error", refuse);
    worker.postMessage(question, []);
  });
}
