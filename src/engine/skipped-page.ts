import type { Failure } from "../core/errors.ts";
import { FAILED_PAGE_PAUSE_MS } from "../core/policy.ts";
import { durably, RunEnded } from "./durably.ts";
import type { TableContext } from "./notion-schema.ts";
import type { RunContext } from "./run-context.ts";

/** Whether what ended a step is about the one page that the step was about: no answer after all tries, or a broken one. */
export function isOfOnePage(error: unknown): error is RunEnded {
  if (!(error instanceof RunEnded) || error.next.do !== "halt") return false;
  return error.next.exhausted || isBroken(error.failure);
}

function isBroken({ party, kind }: Failure): boolean {
  return party === "notion" && kind === "defect";
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
