/** One request as it arrived, without the token. Plain data: a write may wait in the world's file. */
export type ApiCall = {
  readonly method: string;
  /** Segments after `/v1/`, still URL-encoded. */
  readonly segments: readonly string[];
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly version: string | null;
  readonly beta: string | null;
  readonly contentType: string | null;
  /** Null if there was none. */
  readonly body: string | null;
  readonly bodyBytes: number;
};

/** Read a request; nothing is judged yet. */
export async function readCall(request: Request): Promise<{ call: ApiCall; token: string | null }> {
  const url = new URL(request.url);
  const bytes = request.method === "GET" || request.method === "HEAD" ? null : await request.arrayBuffer();
  const token = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
  return {
    token,
    call: {
      method: request.method,
      segments: url.pathname.split("/").slice(2),
      path: url.pathname,
      query: [...url.searchParams],
      version: request.headers.get("notion-version"),
      beta: request.headers.get("notion-beta"),
      contentType: request.headers.get("content-type"),
      body: bytes === null || bytes.byteLength === 0 ? null : new TextDecoder().decode(bytes),
      bodyBytes: bytes?.byteLength ?? 0,
    },
  };
}
