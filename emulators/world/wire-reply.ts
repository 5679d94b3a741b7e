/** A response before it meets a socket. Parts are written one after the other; nothing is copied. */
export type WireReply = {
  status: number;
  headers: Record<string, string>;
  parts: readonly Uint8Array[];
  /** `cut` ends the connection after `cutAtBytes` of the body; `reset` ends it before the status line. */
  ending: "complete" | "cut" | "reset";
  cutAtBytes: number;
  /** Waits between the headers and the body; absent: none. */
  beforeBody?: (() => Promise<void>) | undefined;
};

/** Size of the body in bytes, before compression. */
export function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}

/** The first `bytes` of the parts. */
export function firstBytes(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const kept: Uint8Array[] = [];
  let left = bytes;
  for (const part of parts) {
    if (left <= 0) break;
    kept.push(part.subarray(0, left));
    left -= part.byteLength;
  }
  return kept;
}

/** A complete reply with a JSON body. */
export function jsonReply(status: number, value: unknown, headers: Record<string, string> = {}): WireReply {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
    parts: [Buffer.from(`${JSON.stringify(value)}\n`)],
    ending: "complete",
    cutAtBytes: 0,
  };
}

/**
 * The reply as a web Response, for callers without a socket.
 *
 * A cut body is a stream that errors, as `fetch` shows it. @throws TypeError for a reset, as `fetch` does
 */
export function toResponse(reply: WireReply): Response {
  const { status, headers, parts, ending } = reply;
  if (ending === "reset") {
    throw new TypeError("fetch failed", {
      cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }),
    });
  }
  if (ending === "complete" && reply.beforeBody === undefined) {
    const hasBody = parts.length > 0 && status !== 204;
    return new Response(hasBody ? new Uint8Array(Buffer.concat(parts)) : null, { status, headers });
  }
  return new Response(bodyOf(reply), { status, headers });
}

/** A body that comes late, or breaks off in the middle. */
function bodyOf(reply: WireReply): ReadableStream<Uint8Array> {
  const isCut = reply.ending === "cut";
  const kept = isCut ? firstBytes(reply.parts, reply.cutAtBytes) : [...reply.parts];
  let { beforeBody } = reply;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const wait = beforeBody;
      beforeBody = undefined;
      await wait?.();
      const part = kept.shift();
      if (part) controller.enqueue(part);
      else if (!isCut) controller.close();
      else controller.error(new TypeError("terminated", { cause: new Error("other side closed") }));
    },
  });
}
