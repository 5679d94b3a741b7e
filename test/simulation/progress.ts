import { createLogUpdate } from "log-update";
import { isDrawable } from "../../src/local/terminal.ts";
import type { Threads } from "./campaign.ts";

/** Real time between two lines of progress, where they cannot be drawn over each other. */
const LINE_EVERY_MS = 10_000;

/** One line that is drawn over itself on a terminal, and said now and then elsewhere. */
export function progressLine(): { show(line: string): void; say(text: string): void; end(): void } {
  const { stderr } = process;
  if (isDrawable(stderr)) {
    const draw = createLogUpdate(stderr, { showCursor: true });
    return { show: (line) => draw(line), say: (text) => draw.persist(text), end: () => draw.clear() };
  }
  let saidMs = performance.now();
  return {
    show: (line) => {
      if (performance.now() - saidMs < LINE_EVERY_MS) return;
      saidMs = performance.now();
      stderr.write(`${line}\n`);
    },
    say: (text) => stderr.write(`${text}\n`),
    end: () => undefined,
  };
}

/** Ctrl-C ends the work and not the program: what was found so far is still told. */
export function stopAtInterrupt(threads: Threads): {
  isAsked(): boolean;
  orDone<T>(work: Promise<T>): Promise<T | undefined>;
} {
  let asked = false;
  const interrupted = new Promise<undefined>((resolve) => {
    process.once("SIGINT", () => {
      asked = true;
      void threads.end().then(() => resolve(undefined));
    });
  });
  return { isAsked: () => asked, orDone: (work) => Promise.race([work, interrupted]) };
}
