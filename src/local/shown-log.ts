import type { RuntimeLog } from "./runtime.ts";

/**
 * What a person is shown of the lines that workerd and Miniflare print: errors of our own code, and why the runtime
 * itself ended, such as memory that did not suffice. The rest is chatter.
 */
export function isShown({ level, message }: RuntimeLog): boolean {
  if (level === "fatal" || message.startsWith("The Workers runtime ")) return true;
  return level === "error" && message.includes('"event"');
}
