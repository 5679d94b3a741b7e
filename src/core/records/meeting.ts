/** A valid meeting as applications read it: one row of `meetings`. Times are ISO 8601 UTC, duration is minutes. */
export type MeetingRecord = {
  readonly id: string;
  readonly title: string;
  /** Day of the meeting. */
  readonly date: string;
  /** Moment of the meeting. */
  readonly dateTime: string;
  readonly durationMinutes: number | null;
  readonly participants: readonly string[];
  readonly attendees: readonly { readonly name: string | null; readonly email: string | null }[];
  readonly speakers: readonly string[];
  readonly organizerEmail: string | null;
  readonly privacy: string | null;
  /** Ids of its channels. */
  readonly channels: readonly string[];
  readonly summary: string | null;
  readonly actionItems: string | null;
  readonly keywords: readonly string[];
  readonly topics: readonly string[];
  readonly transcriptUrl: string | null;
  readonly meetingUrl: string | null;
  readonly wordCount: number;
  readonly sentenceCount: number;
  readonly transcriptCharacters: number;
  readonly summaryState: "ready" | "pending" | "none";
};

/** One sentence of a transcript. Times are seconds from the start. */
export type Sentence = {
  readonly speaker: string | null;
  readonly text: string;
  readonly startSeconds: number | null;
  readonly endSeconds: number | null;
};
