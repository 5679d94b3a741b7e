import { setTimeout as delay } from "node:timers/promises";
import { isRunning, type ProcessIdentity } from "../surfaces/cli/process-identity.ts";

const POLL_MS = 10;

/**
 * End a process at once (SIGKILL) and wait until it is gone. Harmless when it is gone already.
 *
 * @param waitMs how long to wait; after that it throws, since whoever asked relies on it
 */
export async function endProcess(identity: ProcessIdentity, waitMs: number): Promise<void> {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, "SIGKILL");
  } catch (error) {
    if (isRunning(identity)) throw error;
    return;
  }
  const deadlineMs = performance.now() + waitMs;
  while (isRunning(identity)) {
    if (performance.now() > deadlineMs) {
      throw new Error(`process ${identity.pid} survived SIGKILL for ${waitMs} ms`);
    }
    await delay(POLL_MS);
  }
}
