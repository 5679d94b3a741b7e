/**
 * When a meeting that the source does not show is taken for deleted. Fireflies cannot tell deleted from hidden, so it needs
 * evidence, many at once need a person, and it can be undone. Pure. Source: protocols 4.
 */
import { DELETIONS_MAX, DELETIONS_SHARE_MAX } from "./policy.ts";

/** A meeting that was absent twice, a day or more apart, and not seen since. */
export type Candidate = {
  readonly id: string;
  /** World ms of the pages that did not show it. */
  readonly firstMs: number;
  readonly secondMs: number;
  /** Whether a person approved this evidence. */
  readonly isApproved: boolean;
  /** Its organizer and its channels: how many meetings each has, and how many of these are missing. */
  readonly groups: readonly { readonly meetings: number; readonly missing: number }[];
};

/** What candidates are judged by. */
export type Missing = {
  /** Meetings that are not known to be deleted. */
  readonly known: number;
  /** Those that are missing and that no person approved, however often they were absent. */
  readonly open: number;
  /** Verdicts of the last week that no person approved. */
  readonly verdicts: number;
};

export type Judgement = {
  /** Whose deletion is to be confirmed by the source. */
  readonly due: readonly Candidate[];
  /** Who waits for a person. */
  readonly held: readonly Candidate[];
  /** Why, in half a sentence; null if nobody is held. */
  readonly reason: string | null;
};

/** More missing meetings than this within a week need a person. */
export function deletionsMax(known: number): number {
  return Math.max(DELETIONS_MAX, Math.floor(known * DELETIONS_SHARE_MAX));
}

/**
 * Who may be taken for deleted without a person's word. Missing meetings count from their first absence, and verdicts for
 * a week: a cap on each run alone would bury everything a few at a time. All meetings of an organizer or a channel are a
 * lost right to see them, as far as anybody can tell.
 */
export function judgeCandidates(candidates: readonly Candidate[], missing: Missing): Judgement {
  const max = deletionsMax(missing.known);
  const count = missing.open + missing.verdicts;
  const isMany = count > max;
  const isHeld = ({ isApproved, groups }: Candidate): boolean =>
    !isApproved && (isMany || groups.some((group) => group.missing >= group.meetings));
  const held = candidates.filter(isHeld);
  const why = isMany
    ? `${count} of ${missing.known} meetings went missing within a week, and up to ${max} are taken for deleted`
    : "all meetings of an organizer or a channel are missing";
  return {
    due: candidates.filter((one) => !isHeld(one)),
    held,
    reason: held.length === 0 ? null : why,
  };
}
