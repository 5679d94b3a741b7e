import { existsSync } from "node:fs";
import { CONFIG_FILE, readConfig } from "../surfaces/cli/config.ts";
import type { RunOptions } from "./options.ts";
import { BadSetting } from "./start-refused.ts";

/**
 * The configuration file of this start: the one that `--config` names, else `sync.config.jsonc` if there is one here.
 *
 * @returns its settings as the Worker takes them; null if there is no file
 * @throws BadSetting with one sentence for a file that cannot be read or followed
 */
export function configText({ config }: Pick<RunOptions, "config">): string | null {
  if (config === undefined && !existsSync(CONFIG_FILE)) return null;
  const read = readConfig(config ?? CONFIG_FILE);
  if ("problem" in read) throw new BadSetting(read.problem);
  return read.text;
}
