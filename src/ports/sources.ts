import type { QuotaReading } from "../core/quota.ts";

/** One meeting of a list page, as the source shows it now. */
export type ListedMeeting = {
  readonly id: string;
  /** Exact creation moment, ISO 8601; the order of the listing. */
  readonly dateString: string;
  /** The revision: JSON text with sorted keys, media links left out. */
  readonly revision: string;
  /** Signed link to the recording, which changes from read to read and is therefore no part of the revision. */
  readonly audioUrl: string | null;
  /** Fields that the source could not read this time (an error named their path); empty as a rule. */
  readonly unreadable: readonly string[];
  /** That of its row in a list; null if it came alone. */
  readonly wireHash: string | null;
};

/** One row of a list page, which need not be parsed if the same bytes came before. */
export type ListedRow = {
  /** sha256 of the row as it came, media links left out; null where rows could not be told apart unparsed. */
  readonly wireHash: string | null;
  readonly audioUrl: string | null;
  /** Parse it. Throws FailureError: unreachable if it is no JSON, defect if it has no id. */
  read(): ListedMeeting;
};

export type ListRequest = {
  readonly skip: number;
  readonly rows: number;
  /** Real ms after which the call is given up. */
  readonly timeoutMs: number;
  /** Plan-gated fields that this key may not ask for. */
  readonly withoutFields: readonly string[];
  /** Without what was said: `revision` is then no revision, but tells one state of the row from another. */
  readonly light: boolean;
  /** Take rows whose fields were unreadable instead of failing; for the last attempt. */
  readonly acceptUnreadable: boolean;
  /**
   * Only meetings before this, world ms, as far as the source keeps to it: it may round, and may leave out the bound itself.
   * Null: from the newest on.
   */
  readonly untilMs: number | null;
};

export type ListReply = {
  readonly items: readonly ListedRow[];
  /** The source has no cursor; the listing code computes the next offset from what it saw. */
  readonly cursor: null;
  readonly replyBytes: number;
  readonly quota: QuotaReading;
};

export type MeetingRequest = Omit<ListRequest, "skip" | "rows" | "light" | "untilMs"> & {
  readonly id: string;
};

/** `item` is null when the source does not show the meeting to this key: deleted and hidden look the same. */
export type MeetingReply = { readonly item: ListedMeeting | null; readonly quota: QuotaReading };

/** Meetings to look for, and one that is known to be there. */
export type LookRequest = {
  /** At most LOOKS_PER_CALL. */
  readonly ids: readonly string[];
  readonly liveId: string;
  /** Real ms after which the call is given up. */
  readonly timeoutMs: number;
};

export type LookReply = {
  /** Whether the same reply read the meeting that is there: without it, it says nothing of the others. */
  readonly isLiveShown: boolean;
  readonly shown: readonly string[];
  /** The source knows no such meetings, or does not show them to this key: the two look the same. */
  readonly notFound: readonly string[];
  readonly quota: QuotaReading;
};

export type Account = {
  readonly accountId: string;
  /** How many meetings the account says it has; good for a progress bar, not for proof. */
  readonly meetings: number | null;
  readonly quota: QuotaReading;
};

/**
 * A source of meetings. Every method fails with a FailureError of kind rate_limited, quota, unreachable, timed_out,
 * too_large, partial, denied or defect, and never waits or retries by itself.
 */
export type MeetingSource = {
  /** Stable name of the key in use, without revealing it: a short hash. */
  readonly keyName: string;
  /** Who the key belongs to. One call. */
  account(timeoutMs: number): Promise<Account>;
  /** One page, newest first by creation moment. One call. */
  listMeetings(request: ListRequest): Promise<ListReply>;
  /** One meeting by id. One call. */
  getMeeting(request: MeetingRequest): Promise<MeetingReply>;
  /** Whether the source shows meetings, asked together with one that is there. One call. */
  lookFor(request: LookRequest): Promise<LookReply>;
  /** Round trip to the source without spending a call, in real ms. */
  latencyMs(timeoutMs: number): Promise<number>;
};
