import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal texts mean the same start. On Linux boot id and clock ticks, elsewhere a date of `ps`. */
  readonly startTime: string;
}

/**
 * Identify a running process.
 *
 * @returns undefined when no such process runs (a zombie does not run)
 */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = existsSync("/proc/self/stat") ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** Whether the very process that was identified still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime;
}

/** Start time on Linux: field 22 of `/proc/<pid>/stat` (ticks since boot), made unique by the boot id. */
export function startTimeFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The command name (field 2) may hold blanks and brackets, so fields are counted from its last ")".
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const ticks = fields[19];
  if (state === "Z" || state === "X" || ticks === undefined) return undefined;
  return `${bootId()}:${ticks}`;
}

/** Start time where there is no `/proc`: the date that `ps` prints, to the second. */
export function startTimeFromPs(pid: number): string | undefined {
  const listing = spawnSync("ps", ["-o", "stat=", "-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
  });
  const [state, ...date] = (listing.stdout ?? "").trim().split(/\s+/);
  if (state === undefined || state === "" || state.startsWith("Z") || date.length === 0) return undefined;
  return date.join(" ");
}

/** Ticks start at zero with every boot, and a service gets nearly the same pid at nearly the same tick. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}
