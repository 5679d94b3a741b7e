import type { AlertKind } from "./alerts.ts";

/** What a person who is woken reads of a kind of alert; its section in docs/runbook.md says more, and names the same command. */
export type AlertWords = {
  /** What is wrong, a sentence without its full stop; the alert's own detail follows. */
  readonly what: string;
  readonly firstLook: string;
  /** What to run for it, as words after `npm run -s syncctl --`. */
  readonly command: string;
};

export const ALERT_WORDS = {
  retries_exhausted: {
    what: "A step failed six times, and its run ended",
    firstLook: "Which vendor failed and why, under the errors of the run's report",
    command: "runs",
  },
  count_mismatch: {
    what: "Source and destination do not agree, and nothing explains the difference",
    firstLook: "Findings and what was set aside, in the run's report; delete nothing",
    command: "verify --complete",
  },
  proof_failed: {
    what: "A proof found something otherwise than the ledger says",
    firstLook: "What the newest proof names, with its cause; delete nothing",
    command: "verify --last",
  },
  run_too_long: {
    what: "A run takes more than 15 minutes",
    firstLook: "Whether it gets on: the same run twice, some minutes apart",
    command: "status",
  },
  api_errors: {
    what: "More than 3 vendor calls failed within 5 minutes",
    firstLook: "Nothing yet: it is retried; act if retries_exhausted follows",
    command: "runs",
  },
  storage_full: {
    what: "There is no room left, and what needs room has stopped",
    firstLook: "Which store is full: the disk, the database or the index",
    command: "status",
  },
  storage_filling: {
    what: "A store will be full soon, or is used to four fifths",
    firstLook: "Which store it is, how fast it fills and until when; whether cleanup ran",
    command: "run cleanup --watch",
  },
  access_lost: {
    what: "A vendor refuses our key, or there is none",
    firstLook: "Whether the key was revoked or belongs to another workspace; set another",
    command: "status",
  },
  listing_order: {
    what: "The source lists meetings in an order that proves nothing, so nothing was counted",
    firstLook: "The dates of neighbouring rows in the run's report",
    command: "runs",
  },
  embeddings_refused: {
    what: "The model that is configured cannot be used with what stands here",
    firstLook: "What EMBEDDINGS says, beside the model that is live",
    command: "status",
  },
  defect: {
    what: "The program or a vendor broke its own contract, and the step wrote nothing",
    firstLook: "The place that the detail names, in the run's report; report both",
    command: "runs",
  },
  vectors_not_visible: {
    what: "The index accepted vectors and does not show them",
    firstLook: "How many documents are owed, and whether they grow fewer",
    command: "status",
  },
  vectors_refused: {
    what: "The model or the index refuses what some meetings say, so no search by meaning finds them",
    firstLook: "Which meetings and with which code, in the report of the last run of vectors",
    command: "runs",
  },
  run_lost: {
    what: "A run was cut off and given up; another one goes on from its checkpoint",
    firstLook: "Whether it comes back: then one meeting may be more than the memory holds",
    command: "runs",
  },
  parked_repeatedly: {
    what: "A sync parks again and again without finishing once",
    firstLook: "Until when it waits, and how many calls its key has left",
    command: "status",
  },
  deletions_held: {
    what: "So many meetings are missing at the source that a person has to say whether they are deleted",
    firstLook: "Whether they are there in Fireflies: a lost right to see them looks the same",
    command: "deletions",
  },
  source_silent: {
    what: "The source answers, and its newest meeting is older than is to be expected",
    firstLook: "The list in Fireflies itself; a holiday is the usual reason",
    command: "status",
  },
  zero_seen: {
    what: "A run saw no meeting where there are some as a rule",
    firstLook: "The list in Fireflies itself; nothing was deleted for it",
    command: "run fireflies --watch",
  },
} as const satisfies Record<AlertKind, AlertWords>;

/** How a command of `ALERT_WORDS` is typed. */
export function typed(command: string): string {
  return `npm run -s syncctl -- ${command}`;
}
