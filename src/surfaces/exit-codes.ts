import { CommanderError } from "commander";

/**
 * How every command of `syncctl` and the runner ends. Wrong usage is what the words alone show, before anybody is asked; an id
 * that nobody knows is for the API to say, and then nothing could be done. Source: design, doors.
 */
export const EXIT = { succeeded: 0, findings: 1, usage: 2, failed: 3 } as const;

/** The same for `--help`. */
export const EXIT_WORDS =
  "Exit codes: 0 done or parked, 1 done with findings, 2 usage, 3 failed or could not run (nothing of that id, for one).";

/** What was typed means nothing. @throws CommanderError with one sentence and the exit code of wrong usage */
export function refuseUsage(problem: string): never {
  throw new CommanderError(EXIT.usage, "usage", problem);
}
