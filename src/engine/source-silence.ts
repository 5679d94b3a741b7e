import type { AlertKind } from "../core/alerts.ts";
import { silenceOf, zeroOf } from "../core/silence.ts";
import type { RunContext } from "./run-context.ts";

/** When an alert opens or closes: its kind, whether what it says holds, and the sentence. */
export type Condition = readonly [kind: AlertKind, holds: boolean, detail: string];

/**
 * What a finished listing of meetings shows about a source that says too little, as conditions of alerts. Nothing of any other run: a norm costs a read.
 */
export async function silences({ ports, run }: RunContext, seenCount: number): Promise<Condition[]> {
  if (run.sync !== "fireflies" || run.rebuild !== null) return [];
  const nowMs = ports.world.nowMs();
  const arrivals = await ports.arrivals.arrivals(nowMs);
  const silent = silenceOf(arrivals, nowMs);
  const zero = zeroOf(arrivals, seenCount, nowMs);
  return [
    ["source_silent", silent !== null, silent ?? ""],
    ["zero_seen", zero !== null, zero ?? ""],
  ];
}
