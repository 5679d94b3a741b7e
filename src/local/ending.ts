import { CommanderError } from "commander";
import { ApiError, ApiUnreachable } from "../surfaces/client.ts";
import { EXIT } from "../surfaces/exit-codes.ts";
import type { OutcomeJson } from "./outcome.ts";
import { StartRefused } from "./start-refused.ts";

/** How the program ends when it could not do what it was asked. */
type Ending = {
  /** One sentence: what is wrong and what to do. Null when only help was asked for. */
  readonly sentence: string | null;
  /** What is still to be written to stderr; null when the sentence stands there already. */
  readonly text: string | null;
  readonly exitCode: number;
};

/** What an error means to the person who gave the command. A defect of ours keeps its stack. */
export function endingOf(error: unknown): Ending {
  if (error instanceof CommanderError) {
    const sentence = error.exitCode === 0 ? null : oneLine(error.message).replace(/^error: /, "");
    return { sentence, text: null, exitCode: error.exitCode === 0 ? EXIT.succeeded : EXIT.usage };
  }
  const sentence = sentenceOf(error);
  if (sentence !== null) {
    const exitCode = error instanceof StartRefused ? error.exitCode : EXIT.failed;
    return { sentence, text: sentence, exitCode };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { sentence: oneLine(String(error)), text, exitCode: EXIT.failed };
}

/** What `--json` prints when there is no outcome: the same fields, empty. */
export function refusalJson(sentence: string): Omit<OutcomeJson, "proof" | "data_dir"> & {
  readonly data_dir: null;
  readonly proof: { readonly ok: false; readonly meetings: null };
} {
  return {
    ok: false,
    error: sentence,
    data_dir: null,
    runs: [],
    proof: { ok: false, meetings: null },
    problems: [],
    off: [],
    alerts: [],
  };
}

function sentenceOf(error: unknown): string | null {
  if (error instanceof StartRefused) return error.message;
  if (error instanceof ApiError)
    return `The run was broken off, for ${error.message}; it goes on at the next start.`;
  if (error instanceof ApiUnreachable)
    return "The run was broken off, for the Workers runtime ended and did not come back; it goes on at the next start.";
  return null;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}
