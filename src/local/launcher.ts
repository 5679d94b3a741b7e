import { accessSync, chmodSync, constants, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { StartRefused } from "./start-refused.ts";

const SCRIPT_PATH = fileURLToPath(new URL("launcher.sh", import.meta.url));

/**
 * Path of the script that Miniflare is to start in place of workerd (`MINIFLARE_WORKERD_PATH`).
 *
 * An archive may have lost the executable bit that the repository holds; it is put back.
 * Throws `StartRefused` when it cannot be.
 */
export function launcherPath(): string {
  try {
    accessSync(SCRIPT_PATH, constants.X_OK);
    return SCRIPT_PATH;
  } catch {
    try {
      chmodSync(SCRIPT_PATH, 0o755);
      return SCRIPT_PATH;
    } catch (cause) {
      throw new StartRefused(`${SCRIPT_PATH} is not executable: run chmod +x on it.`, { cause });
    }
  }
}

/**
 * Environment that the launcher script reads.
 *
 * @param pidFile where it notes the pid of workerd, once per start of workerd
 */
export function launcherEnvironment(pidFile: string): Record<string, string> {
  return {
    LAUNCHER_WORKERD: workerdPath(),
    LAUNCHER_PARENT_PID: String(process.pid),
    LAUNCHER_PID_FILE: pidFile,
  };
}

/**
 * The pid that the launcher noted last.
 *
 * Throws when it noted none: then Miniflare started workerd without the launcher.
 */
export function launchedPid(pidFile: string): number {
  const pid = Number.parseInt(readFileSync(pidFile, "utf8"), 10);
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`${pidFile} holds no pid`);
  return pid;
}

/** The binary that Miniflare itself would start; its `workerd` package belongs to its version. */
function workerdPath(): string {
  const ofMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const workerd: { readonly default: string } = ofMiniflare("workerd");
  return workerd.default;
}
