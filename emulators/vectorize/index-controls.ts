import { vectorizeError, type Operation } from "./errors.ts";
import { readState, writeState, type Sql } from "./sql.ts";

/** A failure to be thrown by the next calls of one method, or of any when `operation` is absent. */
export interface PlannedFailure {
  operation?: Operation;
  /** The service's code, 40041 (Too Many Requests) for instance. */
  code: number;
  text: string;
  /** How many calls fail. */
  times: number;
}

/** What a test may look at. */
export interface Inspection {
  held: boolean;
  dropNext: number;
  clockOffsetMs: number;
  /** Mutations accepted and not yet visible. */
  pendingMutations: number;
}

/**
 * Faults that tests switch on. All of them are durable, like the index: they survive a restart.
 *
 * Production has none of this; the product's Worker must not be given it.
 */
export class IndexControls {
  readonly #sql: Sql;
  readonly #applyDue: () => void;

  /** @param applyDue makes visible what is due; nothing where there is no index yet */
  constructor(sql: Sql, applyDue: () => void = () => undefined) {
    this.#sql = sql;
    this.#applyDue = applyDue;
  }

  /** Hold every mutation that is not visible by now, due or not, until `resume`. */
  pause(): void {
    // Mutations are applied by whoever reads; what was due before the pause must not depend on whether somebody did.
    this.#applyDue();
    writeState(this.#sql, "held", 1);
  }

  resume(): void {
    writeState(this.#sql, "held", 0);
  }

  /** Silently lose the next `count` vectors of inserts and upserts; their mutations succeed. */
  dropNext(count: number): void {
    writeState(this.#sql, "drop_next", count);
  }

  /** Move the index's clock ahead, for good. */
  advance(ms: number): void {
    writeState(this.#sql, "clock_offset_ms", this.clockOffsetMs() + ms);
  }

  clockOffsetMs(): number {
    return readState<number>(this.#sql, "clock_offset_ms", 0);
  }

  /** Let the next calls fail with an error of the service. Replaces an earlier plan. */
  failNext(failure: PlannedFailure): void {
    writeState(this.#sql, "planned_failure", JSON.stringify(failure));
  }

  /** Throw the planned failure if it is meant for this operation. */
  failIfTold(operation: Operation): void {
    const planned = readState<string | null>(this.#sql, "planned_failure", null);
    if (planned === null) return;
    const failure = JSON.parse(planned) as PlannedFailure;
    if (failure.times <= 0 || (failure.operation ?? operation) !== operation) return;
    this.failNext({ ...failure, times: failure.times - 1 });
    throw vectorizeError(operation, failure.code, failure.text);
  }

  inspect(): Inspection {
    return {
      held: readState<number>(this.#sql, "held", 0) === 1,
      dropNext: readState<number>(this.#sql, "drop_next", 0),
      clockOffsetMs: this.clockOffsetMs(),
      pendingMutations: Number(this.#sql.exec("SELECT count(*) AS n FROM mutations")[0]?.["n"]),
    };
  }
}
