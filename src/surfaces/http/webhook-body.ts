/** Why a body is not taken, in a sentence, and the status that says so. */
export type BodyRefused = { readonly status: 400 | 413; readonly error: string };

/**
 * Read the bytes of a request as they came, up to a bound: one that is announced or turns out to be larger is given up where it
 * passes the bound.
 */
export async function readBytes(
  request: Request,
  bytesMax: number,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer> } | BodyRefused> {
  const tooLarge = {
    status: 413,
    error: `the body has more than ${bytesMax} bytes, and no event has`,
  } as const;
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity")
    return { status: 400, error: "the body is compressed: a webhook is sent as plain JSON in UTF-8" };
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) {
    await request.body?.cancel();
    return tooLarge;
  }
  const bytes = new Uint8Array(bytesMax);
  let length = 0;
  const reader = request.body?.getReader();
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    if (length + part.value.byteLength > bytesMax) {
      await reader?.cancel();
      return tooLarge;
    }
    bytes.set(part.value, length);
    length += part.value.byteLength;
  }
  return { bytes: bytes.slice(0, length) };
}

/** Read bytes as JSON in UTF-8. */
export function parseBytes(bytes: Uint8Array): { readonly value: unknown } | BodyRefused {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { status: 400, error: "the body is not UTF-8" };
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { status: 400, error: "the body is not JSON" };
  }
}
