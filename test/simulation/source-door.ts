import type { FirefliesEmulator } from "../../emulators/fireflies/emulator.ts";
import type { Life } from "./life.ts";
import type { PageEvent } from "./scenario.ts";
import type { SourceWatch } from "./source-watch.ts";
import type { VirtualClock } from "./virtual-clock.ts";

type Given = {
  readonly fireflies: FirefliesEmulator;
  readonly watch: SourceWatch;
  readonly clock: VirtualClock;
  readonly pageEvents: readonly PageEvent[];
};

/** The way to the source: `fetch` without a socket, a witness of what was shown, and changes right after a page went out. */
export class SourceDoor {
  /** Replies that reached the program whole: which meetings it was shown when. */
  readonly lists: { readonly atMs: number; readonly ids: readonly string[] }[] = [];
  /** When calls of killed processes arrived: they were sent in time, and nobody can call them back. */
  readonly lateCallsMs = new Set<number>();
  readonly #given: Given;
  #listCount = 0;

  constructor(given: Given) {
    this.#given = given;
  }

  /** What a life has for `fetch`. */
  fetch(life: Life, request: Request): Promise<Response> {
    const { clock, fireflies } = this.#given;
    const isCall = request.url.endsWith("/graphql");
    const sent = life.pass(isCall ? "fireflies.call" : "fireflies.head", async () => {
      // Whoever gave up waiting for a slow connection has not sent anything.
      if (request.signal.aborted) throw request.signal.reason;
      if (life.hasEnded) this.lateCallsMs.add(clock.nowMs());
      const response = await fireflies.fetch(request);
      if (isCall && response.status === 200) await this.#onReply(response.clone());
      return response;
    });
    return aborting(sent, request.signal);
  }

  /** Make the changes that waited for pages nobody asked for; none come later. */
  async settleChanges(): Promise<void> {
    const waiting = new Set(this.#given.pageEvents.map((event) => event.afterList));
    for (const afterList of waiting) if (afterList > this.#listCount) await this.#changeAfter(afterList);
    this.#listCount = Number.POSITIVE_INFINITY;
  }

  async #onReply(response: Response): Promise<void> {
    const atMs = this.#given.clock.nowMs();
    const { transcripts, transcript } = await dataOf(response);
    if (transcript) this.lists.push({ atMs, ids: [transcript.id] });
    if (!Array.isArray(transcripts)) return;
    this.lists.push({ atMs, ids: transcripts.map(({ id }) => id) });
    this.#listCount += 1;
    await this.#changeAfter(this.#listCount);
  }

  async #changeAfter(listCount: number): Promise<void> {
    const { fireflies, watch, pageEvents } = this.#given;
    for (const { id, op } of pageEvents.filter((event) => event.afterList === listCount)) {
      fireflies.control(op);
      await watch.change(id, op);
    }
  }
}

type Data = { transcripts?: { id: string }[] | null; transcript?: { id: string } | null };

/** What a reply shows; nothing if it broke off. */
async function dataOf(response: Response): Promise<Data> {
  try {
    return ((await response.json()) as { data?: Data | null }).data ?? {};
  } catch {
    return {};
  }
}

/** A reply that comes too late is none. */
export function aborting<T>(reply: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    reply.then(resolve, reject);
  });
}
