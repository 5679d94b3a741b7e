import type { SearchReply } from "../queries/search.ts";
import type { RebuildName } from "../core/rebuild.ts";
import type { RebuildStatus } from "../queries/rebuild.ts";
import type { RunReport, Status } from "../queries/status.ts";
import type { ProofPart } from "../queries/proof.ts";
import type { Run } from "../ports/run-store.ts";

/** A client of the HTTP API; the only way in for the CLI and the local runner. */
export type ApiClient = ReturnType<typeof createApiClient>;

/** The API answered with an error, in its own words. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/**
 * Make a client.
 *
 * @param url base address without a slash at the end
 * @param token content of the token file
 */
export function createApiClient(url: string, token: string) {
  const call = async (
    method: string,
    path: string,
    { accept = "application/json", body = null }: { accept?: string; body?: object | null } = {},
  ): Promise<Response> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept },
      body: body === null ? null : JSON.stringify(body),
    });
    if (response.ok) return response;
    const reply = (await response.json().catch(() => ({}))) as { error?: string };
    throw new ApiError(response.status, reply.error ?? `HTTP ${response.status}`);
  };
  const json = async <T>(method: string, path: string, body: object | null = null): Promise<T> =>
    (await (await call(method, path, { body })).json()) as T;
  return {
    status: () => json<Status>("GET", "/api/status"),
    runs: () => json<{ items: Run[] }>("GET", "/api/runs"),
    run: (id: string) => json<RunReport>("GET", `/api/runs/${encodeURIComponent(id)}`),
    reportMarkdown: async (id: string) =>
      (await call("GET", `/api/runs/${encodeURIComponent(id)}/report`, { accept: "text/markdown" })).text(),
    start: (sync: string) => json<{ run_id: string; created: boolean }>("POST", `/api/syncs/${sync}/runs`),
    /** @param asked parameters of the search by name, see core/search/request.ts */
    search: (asked: Readonly<Record<string, string>>) =>
      json<SearchReply>("GET", `/api/search?${new URLSearchParams(asked)}`),
    /** Ask for a rebuild; the same wish again makes the one that is going on go on now. */
    askRebuild: (what: RebuildName, scope: readonly string[]) =>
      json<{ run_id: string; rebuild_id: string; created: boolean }>("POST", "/api/rebuilds", {
        what,
        scope,
      }),
    rebuild: (id: string) => json<RebuildStatus>("GET", `/api/rebuilds/${encodeURIComponent(id)}`),
    tick: () => json<object>("POST", "/api/tick"),
    /** Take up what a restart left behind. */
    resume: () => json<object>("POST", "/api/tick?after=restart"),
    proofPage: (cursor: string | null) =>
      json<{ part: ProofPart; cursor: string | null }>(
        "GET",
        cursor === null ? "/api/proof" : `/api/proof?cursor=${encodeURIComponent(cursor)}`,
      ),
  };
}
