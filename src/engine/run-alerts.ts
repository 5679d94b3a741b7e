import { ALERT_OF_FAILURE, type AlertKind } from "../core/alerts.ts";
import type { Failure } from "../core/errors.ts";
import { ALERT_API_ERRORS, ALERT_MISMATCH_SHARE, ALERT_PARKS, ALERT_RUN_MS } from "../core/policy.ts";
import { runName } from "../core/rebuild.ts";
import { ROWS_KEPT, type Check } from "../core/report.ts";
import type { Ports } from "../ports/ports.ts";
import type { AlertChange, Run, RunState } from "../ports/run-store.ts";
import type { PipelineOutcome, RunContext } from "./run-context.ts";
import type { Condition } from "./source-silence.ts";

/** How a run ended, before it is written down. */
export type End = {
  readonly state: RunState;
  readonly detail: string | null;
  readonly notBeforeMs: number | null;
  readonly failure: Failure | null;
  readonly exhausted: boolean;
  readonly yieldedTo: string | null;
  readonly outcome: PipelineOutcome;
  readonly checks: readonly Check[];
  readonly rowsBefore: number | null;
};

/** Checks that decide the verdict; a slow network does not. */
export function isVerdict(check: Check): boolean {
  return check.name === "counts" || check.name === ROWS_KEPT;
}

/**
 * Whether a run looks at all that its alerts are about: a parked one has not come to it, and one that only previews, or only
 * reads announced meetings, does not even try.
 */
export function isWhole({ preview, sync, trigger }: Run): boolean {
  return preview === null && !(sync === "fireflies" && trigger === "webhook");
}

/**
 * Whether failed calls say anything of this run: vectors, cleanups and rebuilds ask no source. What they were said of would
 * stay open until the next of them, which for a rebuild may be never.
 */
export function asksVendors(subject: ReturnType<typeof runName>): boolean {
  return subject !== "vectors" && subject !== "cleanup" && !subject.startsWith("rebuild ");
}

type Measured = {
  readonly durationMs: number;
  readonly checks: readonly Check[];
  readonly silent: readonly Condition[];
} & Pick<Awaited<ReturnType<Ports["runs"]["summary"]>>, "apiErrors" | "parks" | "refused" | "openAlerts">;

/** Alerts that the end of a run opens, and those that it closes: whatever it has shown not to hold any more. */
export function alertsAtEnd(context: RunContext, end: End, measured: Measured): AlertChange {
  const { world } = context.ports;
  const subject = runName(context.run);
  const conditions = conditionsOf(subject, end, measured);
  const open = conditions
    .filter(([, holds]) => holds)
    .map(([kind, , detail]) => ({ id: world.newId(), kind, subject, detail }));
  const close = conditions
    .filter(([kind, holds]) => !holds && hasLookedAt(kind, end, context.run))
    .map(([kind]): { kind: AlertKind; subject: string } => ({ kind, subject }));
  // Vectors that were made anew are what the configuration asks for.
  if (subject === "rebuild vectors" && end.state === "succeeded")
    close.push({ kind: "embeddings_refused", subject: "vectors" });
  return {
    open,
    close: close.filter((one) =>
      measured.openAlerts.some((alert) => alert.kind === one.kind && alert.subject === one.subject),
    ),
  };
}
/** Every condition that a run of this sync may open an alert for, and whether it holds. */
function conditionsOf(subject: string, end: End, measured: Measured): readonly Condition[] {
  const failed = end.failure === null ? null : ALERT_OF_FAILURE[end.failure.kind];
  const { sourceCount, destinationCount } = end.outcome;
  const missing = Math.abs((sourceCount ?? 0) - (destinationCount ?? 0));
  const unexplained = measured.checks.some((check) => !check.ok && isVerdict(check));
  const mismatch = unexplained || missing > (sourceCount ?? 0) * ALERT_MISMATCH_SHARE;
  return [
    ...measured.silent,
    ["retries_exhausted", failed === "retries_exhausted" && end.exhausted, end.detail ?? ""],
    ["access_lost", failed === "access_lost", end.detail ?? ""],
    ["storage_full", failed === "storage_full", end.detail ?? ""],
    ["listing_order", failed === "listing_order", end.detail ?? ""],
    ["embeddings_refused", failed === "embeddings_refused", end.detail ?? ""],
    ["defect", failed === "defect", end.detail ?? ""],
    [
      "api_errors",
      asksVendors(subject) && measured.apiErrors > ALERT_API_ERRORS,
      `${measured.apiErrors} failed calls in 5 minutes`,
    ],
    [
      "run_too_long",
      measured.durationMs > ALERT_RUN_MS && !isPast(subject, end),
      `${Math.round(measured.durationMs / 60_000)} minutes`,
    ],
    ["run_lost", failed === "run_lost", end.detail ?? ""],
    [
      "parked_repeatedly",
      measured.parks >= ALERT_PARKS,
      `parked ${measured.parks} times and not finished: ${end.detail ?? ""}`,
    ],
    ["count_mismatch", mismatch, `source ${sourceCount}, destination ${destinationCount}`],
    ["deletions_held", (end.outcome.held ?? null) !== null, end.outcome.held ?? ""],
    [
      "vectors_refused",
      subject === "vectors" && measured.refused > 0,
      `${measured.refused} documents have no vectors because they are refused`,
    ],
    [
      "vectors_not_visible",
      end.outcome.findings.some((finding) => finding.includes("not visible")),
      "accepted, not visible",
    ],
  ];
}

/** Whether it was the last for long, and went well: nobody would close what it leaves open, and it lasts no more. */
function isPast(subject: string, { state, outcome }: End): boolean {
  const isSeldom = subject === "cleanup" || subject.startsWith("rebuild ");
  return isSeldom && state === "succeeded" && !outcome.continues;
}

/** What a run has not looked at may still hold. */
function hasLookedAt(kind: AlertKind, { state, outcome }: End, run: Run): boolean {
  if (kind === "api_errors") return true;
  if (outcome.isPressing === true) return kind === "access_lost" || kind === "storage_full";
  if (kind === "deletions_held" && outcome.held === undefined) return false;
  return state === "succeeded" && isWhole(run);
}
