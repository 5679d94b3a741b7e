import { FailureError, type Party } from "../../core/errors.ts";

export type Fetch = (request: Request) => Promise<Response>;

export type BoundedReply = {
  readonly status: number;
  readonly headers: Headers;
  /** The body after decompression. */
  readonly body: Uint8Array<ArrayBuffer>;
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
    return { status: response.status, headers: response.headers, body: joined(chunks, bytes) };
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

/** Bytes asked for at once. Left to itself, workerd hands a body over in pieces of 4 KiB, which doubles the time. */
const READ_BYTES = 64 * 1024;

async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = readerOf(response.body);
  try {
    for (;;) {
      const part = await reader.read();
      if (part === null) return;
      yield part;
    }
  } finally {
    // An early end (too large) must not leave the connection open.
    await reader.cancel().catch(() => undefined);
  }
}

type Reader = { read(): Promise<Uint8Array | null>; cancel(): Promise<void> };

/** Large pieces from a stream of bytes, as every body off the network is; from another stream what it gives. */
function readerOf(body: ReadableStream<Uint8Array>): Reader {
  let large: ReadableStreamBYOBReader;
  try {
    large = body.getReader({ mode: "byob" });
  } catch {
    const plain = body.getReader();
    return { read: async () => (await plain.read()).value ?? null, cancel: () => plain.cancel() };
  }
  return {
    read: async () => {
      const { done, value } = await large.read(new Uint8Array(READ_BYTES));
      if (done || value === undefined) return null;
      // A small piece must not keep the whole of its buffer alive.
      return value.byteLength < READ_BYTES / 2 ? value.slice() : value;
    },
    cancel: () => large.cancel(),
  };
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}

/**
 * A body as text, decoded as one: part by part it would become a string of two bytes a character even of plain ASCII,
 * and parsing that takes half as long again.
 */
export function textOf({ body }: BoundedReply): string {
  return new TextDecoder().decode(body);
}
