import { sha256Hex } from "../core/identity.ts";
import { APPROVED_AT_ONCE_MAX, LIST_API_ROWS_MAX } from "../core/policy.ts";
import type { Deletion, MissingMeeting } from "../ports/deletion-store.ts";
import type { Ports } from "../ports/ports.ts";
import type { RunEngine } from "../ports/run-engine.ts";
import type { Refusal } from "./decisions.ts";
import { startRun } from "./tick.ts";

/** Meetings that the source does not show any more. At most LIST_API_ROWS_MAX of each list. */
export type DeletionsNow = {
  /** Name of the evidence for all that were absent twice and wait for a word; null if none does. */
  readonly evidence: string | null;
  /** How many these are. */
  readonly waiting: number;
  readonly missing: readonly MissingMeeting[];
  readonly missingCount: number;
  /** Verdicts, newest first. */
  readonly deletions: readonly Deletion[];
};

/** What is missing and what was taken for deleted. Reads only. */
export async function readDeletions({ deletions }: Pick<Ports, "deletions">): Promise<DeletionsNow> {
  const missing = await deletions.missing(APPROVED_AT_ONCE_MAX);
  const ripe = ripeOf(missing.items);
  return {
    evidence: ripe.length === 0 ? null : await evidenceOf(ripe),
    waiting: ripe.length,
    missing: missing.items.slice(0, LIST_API_ROWS_MAX),
    missingCount: missing.count,
    deletions: (await deletions.deletions(LIST_API_ROWS_MAX)).items,
  };
}

/**
 * Approve the evidence that a person was shown, all of it, and start the run that carries it out: it asks the source for
 * each of the meetings once more, and whatever is seen again until then stays.
 */
export async function approveEvidence(
  ports: Ports,
  engine: RunEngine,
  evidence: string,
): Promise<{ approved: number; runId: string } | Refusal> {
  const ripe = ripeOf((await ports.deletions.missing(APPROVED_AT_ONCE_MAX)).items);
  if (ripe.length === 0)
    return { refused: "no deletion waits for approval: look at syncctl deletions", why: "unknown" };
  const isSame = evidence === (await evidenceOf(ripe));
  if (!isSame || !(await ports.deletions.approve(ripe, ports.world.nowMs())))
    return {
      refused: `the evidence ${evidence} does not stand so any more: look at syncctl deletions again and approve what it names now`,
      why: "overtaken",
    };
  const request = { sync: "fireflies", trigger: "manual", priority: "normal" } as const;
  const { run } = await startRun(ports, engine, request);
  return { approved: ripe.length, runId: run.id };
}

/** Undo the deletion of a meeting: its record is back at once, its vectors with the run of vectors that is woken. */
export async function restoreMeeting(
  { deletions, world, wake }: Ports,
  id: string,
): Promise<{ id: string } | Refusal> {
  if (await deletions.restore(id, world.nowMs())) {
    await wake();
    return { id };
  }
  return { refused: `${id} is not taken for deleted: look at syncctl deletions`, why: "unknown" };
}

type Ripe = MissingMeeting & { readonly secondMs: number };

/** Absent twice, and approved by nobody. */
function ripeOf(items: readonly MissingMeeting[]): Ripe[] {
  return items.filter((one): one is Ripe => one.secondMs !== null && one.approvedMs === null);
}

/** Names exactly these meetings with exactly these absences. */
async function evidenceOf(ripe: readonly Ripe[]): Promise<string> {
  const facts = ripe.map(({ id, firstMs, secondMs }) => `${id} ${firstMs} ${secondMs}`).toSorted();
  return (await sha256Hex(facts.join("\n"))).slice(0, EVIDENCE_DIGITS);
}

const EVIDENCE_DIGITS = 16;
