import { execFileSync } from "node:child_process";
import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onCleanUp } from "./program.ts";

/** Tools of the system, not of this repository. */
const [MOUNT, UNMOUNT] = ["mount", "umount"] as const;

/** A disk of its own that is soon full; null where none may be mounted. `cleanUp` takes it away. */
export function smallDisk(folder: string, megabytes: number): string | null {
  const disk = join(folder, "disk");
  mkdirSync(disk);
  try {
    execFileSync(MOUNT, ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", disk], { stdio: "ignore" });
  } catch {
    console.log("SKIPPED full disk: nothing can be mounted here");
    return null;
  }
  onCleanUp(() => execFileSync(UNMOUNT, ["-l", disk]));
  return disk;
}

/** Fill a disk until so much of it is left; with 0 until it takes no byte more. */
export function fill(file: string, disk: string, leaveKb: number): void {
  const { bavail, bsize } = statfsSync(disk);
  const piece = Buffer.alloc(1024 * 64);
  let freeBytes = bavail * bsize - leaveKb * 1024;
  try {
    for (; freeBytes > 0; freeBytes -= piece.byteLength) writeFileSync(file, piece, { flag: "a" });
    if (leaveKb === 0) for (;;) writeFileSync(file, Buffer.alloc(1024), { flag: "a" });
  } catch {
    // Full, as was wanted.
  }
}
