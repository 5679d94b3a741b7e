import { failureOf } from "../../core/errors.ts";
import type { Queue } from "@cloudflare/workers-types";

/** A way to have the next tick come at once: a message that carries nothing, for what is owed stands in D1. */
export function createWake(queue: Queue): () => Promise<void> {
  return async () => {
    try {
      await queue.send({});
    } catch (error) {
      // The tick of the next minute finds what is owed.
      console.warn(JSON.stringify({ event: "wake_lost", error: failureOf(error).detail }));
    }
  };
}
