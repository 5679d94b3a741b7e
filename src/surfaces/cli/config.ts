import { readFileSync } from "node:fs";
import { parseConfig } from "../../core/config.ts";

/** Name of the configuration file, in the directory where a command is given. */
export const CONFIG_FILE = "sync.config.jsonc";

/**
 * Read and check a configuration file.
 *
 * @returns its settings as JSON on one line, without comments, as the Worker takes them; or what is wrong, in one sentence
 *   that names the file
 */
export function readConfig(file: string): { readonly text: string } | { readonly problem: string } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const problem =
      code === "ENOENT"
        ? `there is no ${file}, so everything stands as usual (docs/config.md): name the file that is meant.`
        : `${file} cannot be read (${code}): name a configuration file that can.`;
    return { problem };
  }
  const read = parseConfig(text);
  if ("problem" in read) return { problem: `${file}: ${read.problem}` };
  const { $schema: _, ...config } = read.config;
  return { text: JSON.stringify(config) };
}
