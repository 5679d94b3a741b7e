import type { Lineage } from "../core/lineage.ts";
import type { SearchReply } from "../queries/search.ts";
import type { RebuildName } from "../core/rebuild.ts";
import type { RebuildStatus } from "../queries/rebuild.ts";
import type { FullRunReport, WeekReport } from "../queries/report.ts";
import type { RunReport, Status } from "../queries/status.ts";
import type { Decided } from "../engine/decisions.ts";
import type { DeletionsNow } from "../engine/deletion-decisions.ts";
import type { TestedChannel } from "../engine/telling.ts";
import type { ListedAlert } from "../ports/alert-store.ts";
import type { AlertList } from "../queries/alerts.ts";
import type { Conflict, HistoryRow, Review } from "../ports/decision-store.ts";
import type { WebhookStatus } from "../queries/webhooks.ts";
import type { ProofReport } from "../queries/proof.ts";
import type { PlanItem } from "../core/preview.ts";
import type { Plan } from "../ports/plan-store.ts";
import type { Priority, Run } from "../ports/run-store.ts";

/** Part of a plan; the cursor is null at its end. */
type PlanPage = { readonly plan: Plan; readonly items: readonly PlanItem[]; readonly cursor: number | null };

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

/** Nobody answered, or the answer broke off. */
export class ApiUnreachable extends Error {
  constructor(url: string, options: ErrorOptions) {
    super(`nothing answers at ${url}`, options);
    this.name = "ApiUnreachable";
  }
}

/**
 * Make a client. Its calls throw `ApiError` or `ApiUnreachable`.
 *
 * @param url base address without a slash at the end
 * @param token content of the token file
 * @param fetch makes the calls
 */
export function createApiClient(url: string, token: string, fetch = globalThis.fetch) {
  const call = async (method: string, path: string, body: object | null = null): Promise<string> => {
    const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
    const sent = body === null ? null : JSON.stringify(body);
    const { ok, status, text } = await fetch(`${url}${path}`, { method, headers, body: sent })
      .then(async (response) => ({ ok: response.ok, status: response.status, text: await response.text() }))
      .catch((cause: unknown) => {
        throw new ApiUnreachable(url, { cause });
      });
    if (ok) return text;
    throw new ApiError(status, errorIn(text) ?? `HTTP ${status}`);
  };
  const json = async <T>(method: string, path: string, body: object | null = null): Promise<T> =>
    JSON.parse(await call(method, path, body)) as T;
  return {
    status: () => json<Status>("GET", "/api/status"),
    /** @param limit newest runs, at most 200, which is also the default */
    runs: (limit?: number) =>
      json<{ items: Run[] }>("GET", limit === undefined ? "/api/runs" : `/api/runs?limit=${limit}`),
    run: (id: string) => json<RunReport>("GET", `/api/runs/${encodeURIComponent(id)}`),
    ...reportCalls(json),
    ...runCalls(json),
    ...lineageCalls(json),
    /** @param asked parameters of the search by name, see core/search/request.ts */
    search: (asked: Readonly<Record<string, string>>) =>
      json<SearchReply>("GET", `/api/search?${new URLSearchParams(asked)}`),
    /** Ask for a rebuild; the same wish again makes the one that is going on go on now. */
    askRebuild: (what: RebuildName, scope: readonly string[]) =>
      json<{ run_id: string; rebuild_id: string; created: boolean }>("POST", "/api/rebuilds", {
        what,
        scope,
      }),
    /** Have the next run of an open rebuild made now. */
    continueRebuild: (id: string) =>
      json<{ run_id: string }>("POST", `/api/rebuilds/${encodeURIComponent(id)}/runs`),
    rebuild: (id: string) => json<RebuildStatus>("GET", `/api/rebuilds/${encodeURIComponent(id)}`),
    ...decisionCalls(json),
    ...deletionCalls(json),
    ...webhookCalls(json),
    ...alertCalls(json),
    tick: () => json<object>("POST", "/api/tick"),
    /** Take up what a restart left behind. */
    resume: () => json<object>("POST", "/api/tick?after=restart"),
    /** Tell people of alerts now, where nobody keeps the clock. */
    tellAlerts: () => json<object>("POST", "/api/tick?after=end"),
    /** Drop what the step engine keeps of ended runs, some at a time. */
    forgetEnded: () => json<{ forgotten: number }>("POST", "/api/tick?after=runs"),
    /** @param sinceMs what was found since then, world ms; null: since the newest proof was asked for */
    proof: (sinceMs: number | null) =>
      json<ProofReport>("GET", sinceMs === null ? "/api/proof" : `/api/proof?since=${sinceMs}`),
    /** Ask for a proof: of everything, or of what changed and a slice of the rest. */
    askProof: (isComplete: boolean) =>
      json<{ run_id: string; proof_id: string; created: boolean }>("POST", "/api/proof", {
        complete: isComplete,
      }),
  };
}

function reportCalls(json: Ask) {
  return {
    runReport: (id: string) => json<FullRunReport>("GET", `/api/runs/${encodeURIComponent(id)}/report`),
    /** @param asked its last day, 2026-06-01, without which it ends now; one sync alone */
    weekReport: (asked: WeekAsked) =>
      json<WeekReport>("GET", `/api/report/week?${new URLSearchParams({ ...asked })}`),
  };
}

type WeekAsked = { readonly until?: string; readonly sync?: string };

type Ask = <T>(method: string, path: string, body?: object | null) => Promise<T>;

function deletionCalls(json: Ask) {
  return {
    /** Meetings that are missing at the source, and those that were taken for deleted. */
    deletions: () => json<DeletionsNow>("GET", "/api/deletions"),
    /** Approve exactly this evidence; a run that carries it out is started. */
    approveDeletions: (evidence: string) =>
      json<{ approved: number; run_id: string }>("POST", "/api/deletions/approve", { evidence }),
    /** Undo the deletion of a meeting. */
    restoreMeeting: (id: string) =>
      json<{ id: string }>("POST", `/api/deletions/${encodeURIComponent(id)}/restore`),
  };
}

function decisionCalls(json: Ask) {
  return {
    /** @param isAll those that are settled as well */
    conflicts: (isAll: boolean) =>
      json<{ items: Conflict[] }>("GET", isAll ? "/api/conflicts?all=1" : "/api/conflicts"),
    resolveConflict: (id: string, take: "notion" | "d1") =>
      json<Decided>("POST", `/api/conflicts/${encodeURIComponent(id)}/resolve`, { take }),
    reviews: () => json<{ items: Review[] }>("GET", "/api/reviews"),
    /** @param record id of a record, or `new` */
    decideReview: (id: string, record: string) =>
      json<Decided>("POST", `/api/reviews/${encodeURIComponent(id)}/decide`, { record }),
    history: (sync: string, record: string) =>
      json<{ items: HistoryRow[] }>("GET", `/api/history?${new URLSearchParams({ sync, record })}`),
    restore: (id: string) =>
      json<Decided & { changed: boolean }>("POST", `/api/history/${encodeURIComponent(id)}/restore`),
  };
}

function runCalls(json: Ask) {
  return {
    /**
     * Ask for a run. `waits` says what its lane waits for, if it does: the run ends at once and goes on by itself then.
     *
     * @param asked a dry run, the hash of a plan that is to be carried out, or how urgent it is; nothing for an ordinary run
     */
    start: (
      sync: string,
      asked: { dry_run: true } | { plan: string } | { priority: Priority } | null = null,
    ) =>
      json<{ run_id: string; request_id: string | null; created: boolean; waits: string | null }>(
        "POST",
        `/api/syncs/${sync}/runs`,
        asked,
      ),
    /** A plan and 200 of the things that it says, from a cursor on. */
    plan: (hash: string, cursor: number | null) =>
      json<PlanPage>("GET", `/api/plans/${hash}${cursor === null ? "" : `?cursor=${cursor}`}`),
  };
}

function alertCalls(json: Ask) {
  return {
    /** Open alerts, those that closed last, and how people are told of them. */
    alerts: () => json<AlertList>("GET", "/api/alerts"),
    /** Have an alert in hand: it is not told again. */
    acknowledgeAlert: (id: string, word: { by: string; note: string | null }) =>
      json<Omit<ListedAlert, "deliveries">>("POST", `/api/alerts/${encodeURIComponent(id)}/ack`, word),
    /** Send a test over each channel. */
    testAlerts: () => json<{ items: TestedChannel[] }>("POST", "/api/alerts/test"),
  };
}

function webhookCalls(json: Ask) {
  return {
    webhooks: () => json<{ items: WebhookStatus[] }>("GET", "/api/webhooks"),
    /** @param fingerprint of a token that waits */
    confirmWebhook: (fingerprint: string) =>
      json<{ confirmed: string }>("POST", "/api/webhooks/notion/confirm", { fingerprint }),
    resetWebhooks: () => json<object>("POST", "/api/webhooks/notion/reset"),
  };
}

function lineageCalls(json: Ask) {
  return {
    /** The whole life of one record. */
    why: (kind: string, id: string) =>
      json<Lineage>("GET", `/api/why/${encodeURIComponent(kind)}/${encodeURIComponent(id)}`),
  };
}

/** The API's own words about a refusal; undefined if it was not the API that answered. */
function errorIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: string } | null)?.error;
  } catch {
    return undefined;
  }
}
