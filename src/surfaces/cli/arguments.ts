import { InvalidArgumentError } from "commander";

/** The name of a directory on a command line. An empty one, as of a variable that is not set, would be the current directory. */
export function directoryName(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must name a directory.");
  return text;
}

/** The address of a server on a command line. */
export function webAddress(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError("It must be an address like http://127.0.0.1:9101.");
  }
  return text;
}
