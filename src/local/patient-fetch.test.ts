import { describe, expect, test } from "vitest";
import { patientFetch } from "./patient-fetch.ts";

/** A clock that only waiting moves. */
function aClock() {
  const clock = { ms: 0, nowMs: () => clock.ms, wait: async (ms: number) => void (clock.ms += ms) };
  return clock;
}

/** Answers one after the other; the last one repeats. */
function answering(...answers: (() => Response)[]) {
  const calls: unknown[] = [];
  const fetch = async (input: unknown): Promise<Response> => {
    calls.push(input);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) throw new Error("no answer is left");
    return answer();
  };
  return { fetch: fetch as typeof globalThis.fetch, calls };
}

const down = (): Response => {
  throw new TypeError("fetch failed");
};
const cut = (): Response =>
  new Response(new ReadableStream({ pull: (stream) => stream.error(new TypeError("terminated")) }));
const fine = (): Response => Response.json({ state: "succeeded" }, { status: 202 });

const NEVER = new AbortController().signal;

describe("patientFetch", () => {
  test("asks again while nobody is there, and after an answer that broke off", async () => {
    const { fetch, calls } = answering(down, down, cut, fine);
    const response = await patientFetch(fetch, NEVER, aClock())("http://api/");
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 202,
      body: { state: "succeeded" },
    });
    expect(calls).toHaveLength(4);
  });

  test("gives up after half a minute with the last error, and starts afresh with the next call", async () => {
    const clock = aClock();
    const { fetch, calls } = answering(down);
    const patient = patientFetch(fetch, NEVER, clock);
    await expect(patient("http://api/")).rejects.toThrow("fetch failed");
    expect(clock.ms).toBe(30_000);
    const callsBefore = calls.length;
    await expect(patient("http://api/")).rejects.toThrow("fetch failed");
    expect(calls.length).toBe(2 * callsBefore);
  });

  test("waits for nobody who was stopped on purpose", async () => {
    const { fetch, calls } = answering(down);
    const clock = aClock();
    await expect(patientFetch(fetch, AbortSignal.abort(), clock)("http://api/")).rejects.toThrow(
      "fetch failed",
    );
    expect({ calls: calls.length, ms: clock.ms }).toEqual({ calls: 1, ms: 0 });
  });

  test("takes an error that was answered for an answer", async () => {
    const { fetch, calls } = answering(() => new Response(null, { status: 500 }));
    expect((await patientFetch(fetch, NEVER, aClock())("http://api/")).status).toBe(500);
    expect(calls).toHaveLength(1);
  });
});
