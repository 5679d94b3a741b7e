import type { Beat } from "../engine/tick.ts";

/** Say in the log that the ledger did not let us tell people of alerts; the next beat tries again. */
export function noteUntold({ untold }: Beat): void {
  if (untold !== null) console.error(JSON.stringify({ event: "alerts_untold", error: untold.detail }));
}
