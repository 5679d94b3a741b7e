import type { Random } from "../../emulators/world/random.ts";
import type { TroubleRates } from "./scenario.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Trouble of one call: before it nothing was done, after it the effect stands and the caller does not learn of it. */
export type Trouble = { readonly when: "before" | "after"; readonly error: Error };

/** What a life may suffer. Counted by name, so that a report can say what was exercised. */
export type Fate = {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly rates: TroubleRates;
  /** Calls until the process is killed; null: it lives on. */
  callsLeft: number | null;
  /** Another death: at so many calls of one kind; null: none. */
  readonly killAt: { readonly place: string; readonly times: number } | null;
  /** Calls that go on after the kill, each as late as chance wills; 0: a clean kill. */
  readonly zombieCalls: number;
  /** Told at the kill, where it struck. */
  readonly onKill: (place: string) => void;
  readonly count: (what: string) => void;
  /** Told of each call and of what became of it, where somebody wants a trace. */
  readonly note?: ((what: string, detail: string) => void) | undefined;
};

/** Late effects of a killed process arrive up to this much later, virtual ms: a connection's time; or that of an index in trouble. */
const LATE_BY_MS = [1_000, 4 * 60_000, 60 * 60_000] as const;
const LATE_IN_INDEX_BY_MS = [60_000, 3 * 60 * 60_000] as const;

/** Notion gives a request up after a minute. Source: docs/vendors/notion.md. */
const LATE_IN_NOTION_BY_MS = [1_000, 55_000] as const;

function lateBy(place: string): readonly number[] {
  if (place.startsWith("vectorize")) return LATE_IN_INDEX_BY_MS;
  return place.startsWith("notion") ? LATE_IN_NOTION_BY_MS : LATE_BY_MS;
}

/** Calls that take unusually long do so for up to this long; longer than the timeout of a step, sometimes. */
const SLOW_CALLS_MS = [500, 5_000, 60_000, 6 * 60_000, 20 * 60_000] as const;

/**
 * One life of the process. Every call that leaves the process passes here, and here it can be killed: nothing of a killed
 * life goes on, because what it waits for never comes.
 */
export class Life {
  readonly name: string;
  readonly #fate: Fate;
  #ended = false;
  #zombieLeft: number;
  #isCalm = false;
  #killTimesLeft: number;

  /** @param name "life 0" for the first process, "life 1" for the next, ... */
  constructor(name: string, fate: Fate) {
    this.name = name;
    this.#fate = fate;
    this.#zombieLeft = fate.zombieCalls;
    this.#killTimesLeft = fate.killAt?.times ?? 0;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** From now on nothing happens to this life. */
  calmDown(): void {
    this.#isCalm = true;
    this.#fate.callsLeft = null;
  }

  /** Make a call that leaves the process. */
  async pass<T>(
    place: string,
    call: () => Promise<T>,
    troubleOf?: (random: Random) => Trouble | null,
    detailOf?: () => string,
  ): Promise<T> {
    const { clock, random, rates, count, note } = this.#fate;
    clock.stir();
    note?.(place, detailOf?.() ?? "");
    if (this.#ended) return this.#haunt(place, call);
    // The request of a process that is killed now may still arrive, late.
    if (this.#dies(`before ${place}`)) return this.#haunt(place, call);
    const trouble = this.#isCalm ? null : (troubleOf?.(random) ?? null);
    if (!this.#isCalm && random.chance(rates.slow)) {
      count(`fault: ${place}, slow`);
      await clock.sleepUntil(clock.nowMs() + random.int(1, random.pick(SLOW_CALLS_MS)));
      if (this.#ended) return this.#haunt(place, call);
    }
    if (trouble !== null) note?.(`${place} fails ${trouble.when} its effect`, trouble.error.message);
    if (trouble !== null) count(`fault: ${place}, ${trouble.when}: ${trouble.error.message.slice(0, 60)}`);
    if (trouble?.when === "before") throw trouble.error;
    const value = await call();
    clock.stir();
    if (this.#ended) return this.#zombieLeft > 0 ? value : never();
    if (this.#dies(`after ${place}`)) return this.#zombieLeft > 0 ? value : never();
    if (trouble !== null) throw trouble.error;
    return value;
  }

  /** A moment inside the step engine at which the process can be killed. */
  reach(point: string): void {
    this.#fate.clock.stir();
    if (!this.#ended) this.#dies(`at ${point}`);
  }

  /** End it at once, whatever its fate was. */
  kill(place: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#fate.note?.(`killed ${place}`, "");
    this.#fate.count(`crash: ${place}`);
    this.#fate.onKill(place);
  }

  #dies(place: string): boolean {
    const fate = this.#fate;
    if (fate.callsLeft === null) return false;
    fate.callsLeft -= 1;
    if (fate.killAt?.place === place) this.#killTimesLeft -= 1;
    const isHit = fate.killAt?.place === place && this.#killTimesLeft === 0;
    if (fate.callsLeft > 0 && !isHit) return false;
    this.#ended = true;
    fate.note?.(`killed ${place}`, this.#zombieLeft > 0 ? "what is on its way may still arrive" : "");
    fate.count(`crash: ${place}${this.#zombieLeft > 0 ? ", with late effects" : ""}`);
    fate.onKill(place);
    return true;
  }

  async #haunt<T>(place: string, call: () => Promise<T>): Promise<T> {
    if (this.#zombieLeft <= 0) return never();
    this.#zombieLeft -= 1;
    const { clock, random, count, note } = this.#fate;
    await clock.sleepUntil(clock.nowMs() + random.int(0, random.pick(lateBy(place))));
    clock.stir();
    note?.(`late effect of ${place}`, "");
    count(`crash: late effect of ${place}`);
    return call();
  }
}

/** What a killed process waits for. */
function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
