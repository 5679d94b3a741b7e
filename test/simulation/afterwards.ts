import { NO_PARTS } from "./scenario-parts.ts";
import type { Scenario } from "./scenario.ts";

/**
 * The same world for a program that begins when all is over: everything that happened to the source has happened, and
 * nothing goes wrong. What such a program knows in the end, one that lived through all of it must know as well. Pure.
 *
 * @param atMs when it begins, virtual epoch ms
 */
export function afterwardsOf(scenario: Scenario, atMs: number): Scenario {
  return {
    ...scenario,
    ...NO_PARTS,
    startMs: atMs,
    calmMs: atMs,
    past: [
      ...scenario.events.flatMap((event) => (event.do === "source" ? [{ id: event.id, op: event.op }] : [])),
      ...scenario.pageEvents.map(({ id, op }) => ({ id, op })),
    ],
    events: [],
    pageEvents: [],
    deaths: [],
    faultRate: 0,
    rates: { d1: 0, r2: 0, vectorize: 0, ai: 0, slow: 0 },
  };
}
