import { createFirefliesEmulator, type FirefliesEmulator, type FirefliesOptions } from "./emulator.ts";
import { FIREFLIES_DEMO_KEY } from "./keys.ts";

/** The instant at which workspaces of tests begin: a Friday afternoon. */
export const EPOCH_MS = Date.UTC(2026, 4, 8, 15);

/** An emulator in memory on a clock that only moves when told, for tests. */
export type Workspace = {
  emulator: FirefliesEmulator;
  /** Let real time pass, in milliseconds. */
  wait(ms: number): void;
  /** Waits of slow replies so far, in milliseconds. */
  slept: number[];
  /** POST a query with the demo key, or with the headers given. */
  ask(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<Answer>;
};

/** A reply as a test reads it. */
export type Answer = {
  status: number;
  headers: Headers;
  text: string;
  data: Record<string, unknown> | null | undefined;
  errors: {
    message: string;
    code?: string;
    path?: (string | number)[];
    extensions: Record<string, unknown>;
  }[];
};

/** Build a workspace; real time starts at the epoch. */
export async function aWorkspace(options: Partial<FirefliesOptions> = {}): Promise<Workspace> {
  let realMs = EPOCH_MS;
  const slept: number[] = [];
  const emulator = await createFirefliesEmulator({
    realNowMs: () => realMs,
    sleep: async (ms) => void slept.push(ms),
    epochMs: EPOCH_MS,
    ...options,
  });
  return {
    emulator,
    slept,
    wait: (ms) => void (realMs += ms),
    ask: async (query, variables = {}, headers = {}) => {
      const request = new Request("http://fireflies.test/graphql", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${FIREFLIES_DEMO_KEY}`,
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      });
      return answerOf(await emulator.fetch(request));
    },
  };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  let body: Partial<Pick<Answer, "data" | "errors">> = {};
  if (isJson) {
    try {
      body = JSON.parse(text) as typeof body;
    } catch {
      // A body cut short is what the test wants to see.
    }
  }
  return {
    status: response.status,
    headers: response.headers,
    text,
    data: body.data,
    errors: body.errors ?? [],
  };
}

/** Meetings of a reply under `key`. */
export function meetingsIn(answer: Answer, key = "transcripts"): Record<string, unknown>[] {
  return (answer.data?.[key] ?? []) as Record<string, unknown>[];
}
