/**
 * What the queries of reports yield, by the names that the reports print. Columns are named as the figures are; times are world
 * ms, durations of work real ms, waits world ms. Nothing in them is content: ids, kinds, counts and our own sentences.
 */
import type { StorageSample } from "./headroom.ts";
import type { Verdict } from "./report.ts";

/** Calls and failures of one kind. `outcome` is ok, started, or the kind of failure. */
type CallsRow = {
  readonly party: string;
  readonly operation: string;
  readonly outcome: string;
  readonly calls: number;
  readonly ms: number;
};

/** Waits by reason; `retries` of them were for another try, the others for a time that was known before anything was sent. */
export type WaitRow = {
  readonly party: string;
  readonly reason: string;
  readonly waits: number;
  readonly retries: number;
  readonly waitedMs: number;
};

export type OperationRow = { readonly operation: string; readonly times: number; readonly ms: number };

/** Something that failed, and what is known of its end. Ids are of attempts and runs. */
export type ErrorRow = {
  readonly id: string;
  readonly runId: string;
  readonly sync: string;
  readonly runState: string;
  readonly atMs: number;
  readonly step: string;
  readonly party: string;
  readonly outcome: string;
  readonly detail: string | null;
  readonly next: string | null;
  readonly nextMs: number | null;
  /** The next attempt of the same step in the same run that left a row. */
  readonly nextId: string | null;
  readonly nextOutcome: string | null;
  /** The next run of the sync that came to its end. */
  readonly laterRunId: string | null;
};

/**
 * What a sync counted, before and after: ids at the source; items that the destination accounts for (records, and what is kept
 * aside); rows of its table. Before is what the last run that finished had counted, for rows what the run itself did. Null: not
 * counted.
 */
export type CountsRow = {
  readonly sync: string;
  readonly rowsBefore: number | null;
  readonly rowsAfter: number | null;
  readonly sourceBefore: number | null;
  readonly sourceAfter: number | null;
  readonly destinationBefore: number | null;
  readonly destinationAfter: number | null;
};

export type ReasonRow = { readonly reason: string; readonly items: number };

export type RunRows = {
  readonly run_items: readonly { readonly verdict: Verdict; readonly items: number }[];
  readonly run_time: readonly {
    readonly queuedMs: number;
    readonly startedMs: number | null;
    readonly endedMs: number | null;
    /** Real ms; null while the run goes on. */
    readonly tookMs: number | null;
    /** World ms between start and end, or until now. */
    readonly elapsedMs: number | null;
    /** Before it had the lane. */
    readonly queuedForMs: number | null;
    /** Slept in the middle of the run. */
    readonly waitedMs: number;
    /** After it, if it parked until a named time. */
    readonly parkedMs: number | null;
  }[];
  readonly run_operations: readonly OperationRow[];
  readonly run_waits: readonly WaitRow[];
  readonly run_calls: readonly CallsRow[];
  readonly run_errors: readonly ErrorRow[];
  readonly run_counts: readonly CountsRow[];
  readonly run_quarantine: readonly {
    readonly newItems: number;
    readonly standing: number;
    readonly fields: number;
  }[];
  readonly run_quarantine_reasons: readonly ReasonRow[];
};

export type WeekRows = {
  readonly week_runs: readonly {
    readonly sync: string;
    readonly runs: number;
    readonly succeeded: number;
    readonly findings: number;
    readonly parked: number;
    readonly failed: number;
    readonly meanMs: number | null;
    readonly maxMs: number | null;
    /** World ms between start and end of all of them. */
    readonly elapsedMs: number;
    /** Runs that saw or changed something new: an item created, updated or deleted. */
    readonly withChanges: number;
  }[];
  readonly week_days: readonly {
    readonly day: string;
    readonly runs: number;
    readonly failed: number;
    readonly meanMs: number | null;
    readonly maxMs: number | null;
  }[];
  readonly week_items: readonly ({
    readonly day: string;
    readonly sync: string;
  } & Readonly<Record<Verdict, number>>)[];
  readonly week_operations: readonly OperationRow[];
  readonly week_calls: readonly CallsRow[];
  readonly week_calls_by_day: readonly {
    readonly day: string;
    readonly party: string;
    readonly calls: number;
  }[];
  readonly week_waits: readonly WaitRow[];
  readonly week_errors_by_day: readonly {
    readonly day: string;
    readonly party: string;
    readonly errors: number;
  }[];
  readonly week_errors: readonly ErrorRow[];
  readonly week_counts: readonly CountsRow[];
  readonly week_alerts: readonly {
    readonly kind: string;
    readonly subject: string;
    readonly openedMs: number;
    readonly closedMs: number | null;
    /** World ms, until the end of the week if it was not closed by then. */
    readonly openForMs: number;
  }[];
  readonly week_quarantine: readonly {
    readonly day: string;
    /** Meetings. */
    readonly opened: number;
    readonly cured: number;
    /** Values of pages in Notion that were kept aside on that day and still are: of a cured one nothing is left. */
    readonly kept: number;
  }[];
  readonly quarantine_standing: readonly ReasonRow[];
  readonly week_data_age: readonly {
    readonly day: string;
    readonly meetings: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
    readonly maxMs: number;
  }[];
  readonly week_data_age_all: readonly {
    readonly meetings: number;
    readonly p50Ms: number | null;
    readonly p95Ms: number | null;
    readonly maxMs: number | null;
  }[];
  /** What was measured of the stores, the last of each calendar day; of the raw store and the largest row once a week, by cleanup. */
  readonly week_storage: readonly StorageSample[];
  readonly week_webhooks: readonly { readonly vendor: string; readonly events: number }[];
  readonly metric_completion: readonly { readonly completed: number; readonly failed: number }[];
  readonly metric_duration: readonly { readonly runs: number; readonly meanMs: number | null }[];
  readonly metric_data_loss: readonly {
    /** Those that had to leave nothing out. */
    readonly completeProofs: number;
    readonly losses: number;
    readonly rowsLost: number;
    readonly edits: number;
  }[];
  readonly metric_duplicates: readonly {
    readonly completeProofs: number;
    readonly rows: number;
    readonly chunks: number;
    readonly vectors: number;
  }[];
  /** What was counted of the days of the week before their logs could be deleted; whole days, UTC. */
  readonly kept_figures: readonly {
    readonly sync: string;
    readonly figure: string;
    readonly name: string;
    readonly value: number;
  }[];
  readonly last_complete_proof: readonly {
    readonly endedMs: number | null;
    /** When the first run on record ended. */
    readonly firstRunMs: number | null;
  }[];
};

/** Of each query its text with every value in place, so that it can be given to the database as it stands. */
export type Queries<Rows> = Readonly<Record<keyof Rows & string, string>>;

/** What queries yielded at one instant, and the queries themselves. */
export type Queried<Rows> = { readonly rows: Rows; readonly queries: Queries<Rows> };

/** Seven times 24 hours. World ms; `toMs` is not part of it. */
export type Week = {
  readonly fromMs: number;
  readonly toMs: number;
  /** One sync alone; null: all of them. */
  readonly sync: string | null;
};
