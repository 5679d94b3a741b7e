import { FailureError, type Party } from "../../core/errors.ts";

export type Fetch = (request: Request) => Promise<Response>;

export type BoundedReply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Bytes of the body after decompression. */
  readonly bytes: number;
};

/**
 * Send one request and read its whole body, within a time and a size. Never retries.
 *
 * @param signal ends the call, the reading included
 * @throws FailureError timed_out, too_large, or unreachable (no connection, or a body that breaks off)
 */
export async function boundedFetch(
  fetch: Fetch,
  request: Request,
  bounds: { party: Party; signal: AbortSignal; bytesMax: number },
): Promise<BoundedReply> {
  try {
    const response = await fetch(new Request(request, { signal: bounds.signal }));
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of bodyOf(response)) {
      bytes += chunk.byteLength;
      if (bytes > bounds.bytesMax) {
        throw new FailureError({
          kind: "too_large",
          party: bounds.party,
          detail: `reply above ${bounds.bytesMax} bytes`,
        });
      }
      chunks.push(chunk);
    }
    return { status: response.status, headers: response.headers, text: decoded(chunks), bytes };
  } catch (error) {
    if (error instanceof FailureError) throw error;
    if (bounds.signal.aborted) {
      throw new FailureError(
        { kind: "timed_out", party: bounds.party, detail: "no complete reply in time" },
        { cause: error },
      );
    }
    throw new FailureError(
      { kind: "unreachable", party: bounds.party, detail: "no connection, or the reply broke off" },
      { cause: error },
    );
  }
}

async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // An early end (too large) must not leave the connection open.
    await reader.cancel().catch(() => undefined);
  }
}

/** The parts as text, decoded as one, so that a character cut by a part boundary survives. */
function decoded(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  const parts = chunks.map((chunk) => decoder.decode(chunk, { stream: true }));
  return parts.join("") + decoder.decode();
}
