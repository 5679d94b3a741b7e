import type { Run } from "../ports/run-store.ts";

/** Whether a run ended before a time that it waits for, so that only the clock goes on with it; one that made way waits for none. */
export function waits({ notBeforeMs, endedMs }: Run): boolean {
  return notBeforeMs !== null && notBeforeMs > (endedMs ?? 0);
}
