import type { SearchReply } from "../queries/search.ts";
import type { RunReport, Status } from "../queries/status.ts";
import type { ProofVerdict } from "../engine/proof-verdict.ts";
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
    accept = "application/json",
    sent?: object,
  ): Promise<Response> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept },
      body: sent === undefined ? null : JSON.stringify(sent),
    });
    if (response.ok) return response;
    const body = (await response.json().catch(() => ({}))) as { error?: string };
    throw new ApiError(response.status, body.error ?? `HTTP ${response.status}`);
  };
  const json = async <T>(method: string, path: string, body?: object): Promise<T> =>
    (await (await call(method, path, "application/json", body)).json()) as T;
  return {
    status: () => json<Status>("GET", "/api/status"),
    runs: () => json<{ items: Run[] }>("GET", "/api/runs"),
    run: (id: string) => json<RunReport>("GET", `/api/runs/${encodeURIComponent(id)}`),
    reportMarkdown: async (id: string) =>
      (await call("GET", `/api/runs/${encodeURIComponent(id)}/report`, "text/markdown")).text(),
    start: (sync: string) => json<{ run_id: string; created: boolean }>("POST", `/api/syncs/${sync}/runs`),
    /** @param asked parameters of the search by name, see core/search/request.ts */
    search: (asked: Readonly<Record<string, string>>) =>
      json<SearchReply>("GET", `/api/search?${new URLSearchParams(asked)}`),
    tick: () => json<object>("POST", "/api/tick"),
    /** Take up what a restart left behind. */
    resume: () => json<object>("POST", "/api/tick?after=restart"),
    /** What the pages of a proof have come to together. */
    proofVerdict: (verdict: { unexplained: readonly string[] } & ProofVerdict["figures"]) =>
      json<object>("POST", "/api/proof/verdict", verdict),
    proofPage: (cursor: string | null) =>
      json<{ part: ProofPart; cursor: string | null }>(
        "GET",
        cursor === null ? "/api/proof" : `/api/proof?cursor=${encodeURIComponent(cursor)}`,
      ),
  };
}
