/** What a proof looks at, what it may find wrong, and its figures. Pure. Source: design 8 (verify), law 2. */
import { PROOF_NAMES_MAX } from "./policy.ts";

/** What is proved, in the order of the one-way street. */
const DOMAINS = [
  "source",
  "raw",
  "records",
  "chunks",
  "full_text",
  "vectors",
  "clients",
  "projects",
] as const;
export type Domain = (typeof DOMAINS)[number];

/** Whose runs mend a fault: those that write the rows it is about. */
export type Mender = "fireflies" | "vectors" | "clients" | "projects";

type FaultRule = { readonly words: string; readonly mender: Mender | "own" | null };

/** What may be wrong, in words that begin a difference, and whose runs mend it: `own` is the sync of the page's table. */
export const FAULTS = {
  meeting_unknown: { words: "at the source and not known", mender: "fireflies" },
  meeting_differs: { words: "another revision at the source", mender: "fireflies" },
  raw_damaged: { words: "raw revision missing or damaged", mender: "fireflies" },
  record_missing: { words: "record missing", mender: "fireflies" },
  record_differs: { words: "record of another revision", mender: "fireflies" },
  record_stray: { words: "record that the source never showed", mender: null },
  vectors_stale: { words: "vectors of another revision", mender: "vectors" },
  chunks_missing: { words: "no chunks", mender: "vectors" },
  chunk_damaged: { words: "chunk text damaged", mender: "vectors" },
  text_unindexed: { words: "chunks missing from the full-text index", mender: "vectors" },
  full_text_damaged: { words: "full-text index damaged", mender: "vectors" },
  vector_missing: { words: "vector missing", mender: "vectors" },
  vectors_risen: { words: "deleted vectors are there again", mender: "vectors" },
  vectors_surplus: { words: "vectors that stand for no chunk", mender: null },
  page_unknown: { words: "page in Notion and not known", mender: "own" },
  page_differs: { words: "page differs from what was last read", mender: "own" },
  page_unlisted: { words: "page not listed by Notion", mender: "own" },
  row_differs: { words: "row differs from what was agreed", mender: "own" },
  row_missing: { words: "row missing", mender: "own" },
} as const satisfies Record<string, FaultRule>;
export type FaultKind = keyof typeof FAULTS;

/** Something that is otherwise than the ledger says. */
export type Fault = {
  readonly domain: Domain;
  readonly kind: FaultKind;
  /** Id of a meeting or of a page, or the name of an index. */
  readonly subject: string;
  /** One sentence; names no content. */
  readonly cause: string;
};

/** Whose runs mend a fault; null if a person has to. */
export function menderOf({ kind, domain }: Pick<Fault, "kind" | "domain">): Mender | null {
  const { mender } = FAULTS[kind];
  if (mender !== "own") return mender;
  return domain === "clients" || domain === "projects" ? domain : null;
}

/** A fault as a difference is named. */
function faultWords({ kind, subject }: Pick<Fault, "kind" | "subject">): string {
  return `${FAULTS[kind].words}: ${subject}`;
}

/** Differences that are no fault: what a run that has not come to its end leaves, and what is tried again by itself. */
export const LEFT = {
  unlisted: "seen, but in no complete listing",
  owed: "vectors owed",
  failed: "failed",
} as const;

/**
 * Whether a difference is what a run that has not come to its end leaves: a listing (`fireflies`), or documents not yet
 * taken on (`vectors`).
 */
export function isLeftBy(sync: string, difference: string): boolean {
  const left = sync === "fireflies" ? [LEFT.unlisted, LEFT.owed] : [LEFT.owed];
  return left.some((what) => difference.startsWith(`${what}: `));
}

/** One figure by two paths: what the ledger says, and what the store itself says. */
export type Figure = {
  readonly domain: Domain;
  readonly what: string;
  readonly ledger: number;
  readonly store: number;
  /** Whether the two agree, or differ with a reason on record. */
  readonly ok: boolean;
  /** World ms at which the store's own was counted, where that was not now. */
  readonly asOfMs: number | null;
};

/** Sums over meetings that were looked at, each id in the store itself. */
export type MeetingSums = {
  /** Live ids of complete enumerations. */
  readonly source: number;
  /** Revisions in the raw store whose bytes hash to their name. */
  readonly raw: number;
  readonly records: number;
  /** Records whose transcript is to be searched. */
  readonly documents: number;
  /** Live chunks in the ledger, and their vectors read back from the index. */
  readonly chunks: number;
  readonly vectors: number;
  readonly pending: number;
  readonly quarantined: number;
  /** Meetings known deleted at the source. */
  readonly deleted: number;
};

export const NO_SUMS: MeetingSums = {
  source: 0,
  raw: 0,
  records: 0,
  documents: 0,
  chunks: 0,
  vectors: 0,
  pending: 0,
  quarantined: 0,
  deleted: 0,
};

/** Add up the figures of two pages. */
export function addSums(one: MeetingSums, other: MeetingSums): MeetingSums {
  const names = Object.keys(NO_SUMS) as (keyof MeetingSums)[];
  return Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) as MeetingSums;
}

/** Parts of a proof, in their order. */
export const PHASES = [
  "again",
  "changed",
  "meetings",
  "objects",
  "full text",
  "index",
  "source",
  "clients",
  "projects",
  "done",
] as const;
export type Phase = (typeof PHASES)[number];

/** How far a proof is, and what it has come to so far. */
export type ProofState = {
  readonly phase: Phase;
  /** Where the phase goes on; null at its beginning. */
  readonly cursor: string | null;
  /** Items of the phase so far. */
  readonly taken: number;
  readonly sums: MeetingSums;
  readonly figures: readonly Figure[];
  /** Differences by name, the gravest first. */
  readonly named: readonly string[];
  readonly differences: number;
  /** Faults among the differences. */
  readonly faults: number;
  /** Domains in which everything that was open has been looked at again. */
  readonly looked: readonly Domain[];
  /** What could not be proved, and why, in sentences. */
  readonly notes: readonly string[];
  /** Last id of the slice of a daily proof: the next one goes on from there. */
  readonly sliceEnd: string;
};

/** A proof that has not begun. */
export function proofBegun(sliceEnd: string): ProofState {
  return {
    phase: "again",
    cursor: null,
    taken: 0,
    sums: NO_SUMS,
    figures: [],
    named: [],
    differences: 0,
    faults: 0,
    looked: [],
    notes: [],
    sliceEnd,
  };
}

/** The state at the beginning of the phase after this one. */
export function nextPhase(state: ProofState): ProofState {
  const phase = PHASES[PHASES.indexOf(state.phase) + 1] ?? "done";
  return { ...state, phase, cursor: null, taken: 0 };
}

/** Add faults and what is only left to do; a cut must never hide a loss behind what is only unfinished. */
export function withDifferences(
  state: ProofState,
  faults: readonly Fault[],
  left: readonly string[],
): ProofState {
  const named = [...state.named, ...faults.map(faultWords), ...left];
  const rank = (difference: string): number =>
    Number(isLeftBy("fireflies", difference)) + Number(isLeftBy("vectors", difference));
  return {
    ...state,
    named: named.toSorted((a, b) => rank(a) - rank(b)).slice(0, PROOF_NAMES_MAX),
    differences: state.differences + faults.length + left.length,
    faults: state.faults + faults.length,
  };
}

/** A finding as the ledger keeps it. Times are world ms. */
export type Finding = Fault & {
  readonly id: string;
  /** Sync whose runs mend it; null: a person has to. */
  readonly mender: Mender | null;
  readonly foundMs: number;
  readonly runId: string;
  /** What was done, or why nothing could be; null: nothing yet. */
  readonly repair: string | null;
  readonly repairedMs: number | null;
  readonly tries: number;
  /** Null while it is open. */
  readonly verifiedMs: number | null;
};

export type ProofMode = "complete" | "daily";

/** One proof as the ledger keeps it. Times are world ms. */
export type Proof = {
  readonly id: string;
  readonly mode: ProofMode;
  readonly askedMs: number;
  readonly endedMs: number | null;
  readonly state: ProofState;
};
