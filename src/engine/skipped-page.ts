import { failureOf, type Failure } from "../core/errors.ts";
import { FAILED_PAGE_PAUSE_MS } from "../core/policy.ts";
import type { Next } from "../core/retry.ts";
import { decided, durably, RunEnded } from "./durably.ts";
import type { TableContext, TableStep } from "./notion-schema.ts";
import type { RunContext } from "./run-context.ts";

/** Whether what ended a step is about the one page that the step was about: no answer after all tries, or a broken one. */
export function isOfOnePage(error: unknown): error is RunEnded {
  return error instanceof RunEnded && isForOnePage(error.failure, error.next);
}

function isForOnePage(failure: Failure, next: Next): boolean {
  return next.do === "halt" && (next.exhausted || isBroken(failure));
}

function isBroken({ party, kind }: Failure): boolean {
  return party === "notion" && kind === "defect";
}

/**
 * Ask for something of one page in a step about many. What the vendor says of a failure is written down with the call.
 *
 * @returns null where that page alone is to blame, or no try has brought it: the others go on without it
 */
export async function unlessOfOnePage<T>(
  { context, scope }: Pick<TableStep, "context" | "scope">,
  ask: () => Promise<T>,
): Promise<{ readonly value: T } | null> {
  try {
    return { value: await ask() };
  } catch (error) {
    const failure = failureOf(error);
    if (failure.party !== "notion") throw error;
    const { next } = await decided(context, scope, failure);
    if (!isForOnePage(failure, next)) throw error;
    scope.attemptId = null;
    return null;
  }
}

/** A page that cannot be read must not keep the others: it waits for a later run, and has failed in this one. */
export async function skipPage(
  context: RunContext,
  table: TableContext,
  { pageId, isCounted }: { readonly pageId: string; readonly isCounted: boolean },
  { failure }: RunEnded,
): Promise<void> {
  const said = isBroken(failure)
    ? `what notion says of it breaks its contract (${failure.detail})`
    : `${failure.party} did not answer for it (${failure.kind})`;
  await durably(context, `skip:${pageId}`, () =>
    context.ports.tables.putOff(context.fence, {
      sync: table.table.name,
      runId: context.run.id,
      pageId,
      againMs: context.ports.world.nowMs() + FAILED_PAGE_PAUSE_MS,
      reason: isCounted ? null : `${said}; it is tried again`,
    }),
  );
}
