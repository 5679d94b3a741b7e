import { expect } from "vitest";
import { parseSearchRequest } from "../../src/core/search/request.ts";
import { lookedAt } from "./proof.ts";
import { search } from "../../src/queries/search.ts";
import type { Ports } from "../../src/ports/ports.ts";

/** Law 1, of every run that ended: what it saw is the sum of what became of it. */
export async function expectSums(ports: Pick<Ports, "runs">): Promise<void> {
  const { items } = await ports.runs.runs(200);
  for (const { id, sync, result } of items) {
    if (result === null) continue;
    const { seen, ...verdicts } = result.counts;
    const sum = Object.values(verdicts).reduce((all, count) => all + count, 0);
    expect(sum, `law 1: run ${id} of ${sync}`).toBe(seen);
  }
}

/** Law 2: source, R2, D1, chunks and vectors are equal, each looked at in its own store. */
export async function expectProof(ports: Ports): Promise<{ records: number; vectors: number }> {
  const { faults, sums } = await lookedAt(ports);
  expect(faults, "law 2: the proof").toEqual([]);
  expect(sums.vectors).toBe(sums.chunks);
  return sums;
}

/** Ids of the meetings in which a search finds these very words, best first. */
export async function found(ports: Ports, words: string): Promise<string[]> {
  const request = await parseSearchRequest(new Map([["q", words]]));
  if ("error" in request) throw new Error(request.error);
  const { items } = await search(ports, request);
  const byText = items.filter(({ foundBy }) => foundBy.includes("text"));
  return [...new Set(byText.map(({ meeting }) => meeting.id))];
}
