import { InvalidArgumentError } from "commander";

/** The name of a directory on a command line. An empty one, as of a variable that is not set, would be the current directory. */
export function directoryName(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must name a directory.");
  return text;
}
