import type { Life } from "./life.ts";

/**
 * Law 4, watched as it happens: an id that was given up is never sent again. The index carries calls out late and in any
 * order, so a deletion that is still on its way would take the new vector with it, and a proof that mends it the day after
 * would hide that. Knows nothing of the ledger.
 */
export class VectorWatch {
  readonly #breaches: string[];
  readonly #givenUp = new Set<string>();

  constructor(breaches: string[]) {
    this.#breaches = breaches;
  }

  /** A living process is about to send vectors. What a dead one has on its way was sent in time. */
  sent(life: Life, ids: readonly string[]): void {
    if (life.hasEnded) return;
    for (const id of ids)
      if (this.#givenUp.has(id))
        this.#breaches.push(`law 4: vector ${id} was sent by ${life.name} after it had been given up`);
  }

  /** Vectors are about to be deleted. */
  givenUp(ids: readonly string[]): void {
    for (const id of ids) this.#givenUp.add(id);
  }
}
