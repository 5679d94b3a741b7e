/** The success metrics of the requirements: what each means, its figure, and whether it is met. Pure. */
import { MINUTE_MS } from "./durations.ts";
import { SUCCESS_COMPLETION_SHARE, SUCCESS_RUN_MS } from "./policy.ts";
import type { FaultKind } from "./proof.ts";
import type { WeekRows } from "./report-figures.ts";

/** Faults that mean that something which should be there is not, or is not whole. A loss counts even if it was mended. */
export const LOSS_FAULTS = [
  "meeting_unknown",
  "raw_damaged",
  "record_missing",
  "chunks_missing",
  "chunk_damaged",
  "vector_missing",
  "row_missing",
  "page_unknown",
] as const satisfies readonly FaultKind[];

/** Faults that mean that something is there twice. */
export const DUPLICATE_FAULTS = ["vectors_surplus"] as const satisfies readonly FaultKind[];

/** One metric of a week. `value` is null where nothing was measured, and then nobody knows whether it is met. */
export type Metric = {
  readonly name: string;
  readonly definition: string;
  readonly target: string;
  readonly value: number | null;
  readonly unit: "share01" | "ms" | "events";
  readonly isMet: boolean | null;
  /** What was counted, or why nothing was. */
  readonly detail: string;
  /** Name of the query that yields it. */
  readonly query: keyof WeekRows;
};

type MetricRows = Pick<
  WeekRows,
  "metric_completion" | "metric_duration" | "metric_data_loss" | "metric_duplicates"
>;

/**
 * The four of them, in the order of the requirements.
 *
 * @param isCut whether rows of the week may be deleted: what nobody can find any more is not measured
 */
export function successMetrics(rows: MetricRows, isCut: boolean): Metric[] {
  const metrics = [completion(rows), duration(rows), dataLoss(rows), duplicates(rows)];
  if (!isCut) return metrics;
  return metrics.map((metric) => ({ ...metric, value: null, isMet: null, detail: CUT }));
}

const CUT = "cleanup may have deleted logs of these days";

function completion({ metric_completion: [row] }: MetricRows): Metric {
  const { completed, failed } = row ?? { completed: 0, failed: 0 };
  const ended = completed + failed;
  const value = ended === 0 ? null : completed / ended;
  return {
    name: "Sync completion rate",
    definition: "runs that came to their end, of those that did or failed; a parked run is neither",
    target: `> ${SUCCESS_COMPLETION_SHARE * 100} %`,
    value,
    unit: "share01",
    isMet: value === null ? null : value > SUCCESS_COMPLETION_SHARE,
    detail: ended === 0 ? "no run ended" : `${completed} of ${ended} runs`,
    query: "metric_completion",
  };
}

function duration({ metric_duration: [row] }: MetricRows): Metric {
  const { runs, meanMs } = row ?? { runs: 0, meanMs: null };
  return {
    name: "Average sync time",
    definition: "mean time from the start to the end of runs that came to their end",
    target: `< ${SUCCESS_RUN_MS / MINUTE_MS} min`,
    value: meanMs,
    unit: "ms",
    isMet: meanMs === null ? null : meanMs < SUCCESS_RUN_MS,
    detail: runs === 0 ? "no run came to its end" : `${runs} runs`,
    query: "metric_duration",
  };
}

function dataLoss({ metric_data_loss: [row] }: MetricRows): Metric {
  const { completeProofs, losses, rowsLost, edits } = row ?? {
    completeProofs: 0,
    losses: 0,
    rowsLost: 0,
    edits: 0,
  };
  return {
    name: "Data loss events",
    definition:
      "things that a proof found missing or damaged, mended or not; runs after which rows were gone without a deletion; edits in Notion that one of our writes may have replaced",
    ...noneOf(losses + rowsLost + edits, completeProofs, {
      measured: `${losses} found by proofs, ${rowsLost} runs with rows gone, ${edits} edits in doubt`,
      unmeasured: "no complete proof that saw everything ended in these days",
    }),
    query: "metric_data_loss",
  };
}

function duplicates({ metric_duplicates: [row] }: MetricRows): Metric {
  const { completeProofs, rows, chunks, vectors } = row ?? {
    completeProofs: 0,
    rows: 0,
    chunks: 0,
    vectors: 0,
  };
  return {
    name: "Duplicate records",
    definition:
      "pages with two rows; places of a transcript, of those cut in these days, with two live chunks; indexes with vectors that stand for no chunk. A meeting cannot be there twice: its id is a key",
    ...noneOf(rows + chunks + vectors, completeProofs, {
      measured: `${rows} pages, ${chunks} chunks, ${vectors} indexes`,
      unmeasured: "no complete proof ended in these days",
    }),
    query: "metric_duplicates",
  };
}

/** A figure that is to be 0. What was seen counts without a proof; that there was nothing to see takes one. */
function noneOf(
  count: number,
  completeProofs: number,
  { measured, unmeasured }: { readonly measured: string; readonly unmeasured: string },
): Pick<Metric, "target" | "value" | "unit" | "isMet" | "detail"> {
  const common = { target: "0", unit: "events" } as const;
  if (completeProofs === 0 && count === 0) return { ...common, value: null, isMet: null, detail: unmeasured };
  const detail = `${measured}; complete proofs: ${completeProofs}`;
  return { ...common, value: count, isMet: count === 0, detail };
}
