import { createRandom, type Random, ulidAt } from "../world/random.ts";
import { PROJECTS } from "./sample/company.ts";
import { inventTalk, issuesFor } from "./sample/dialogue.ts";
import { type Issue, MEETING_KINDS } from "./sample/issue.ts";
import { ISSUES } from "./sample/issues.ts";
import { meetingOf } from "./sample/workspace.ts";
import type { SourceMeeting, SourceSentence } from "./source-meeting.ts";

/** Meetings of one size, for measurements. */
export type BenchOptions = {
  count: number;
  /** Approximate size of one meeting as served, in bytes of JSON; from about 4,000 up. */
  bytesEach: number;
  seed: number;
  /** World instant of the newest; the others are 4 hours apart. Default 2026-06-01. */
  epochMs?: number | undefined;
  /** Letters of the spoken text; Cyrillic takes two bytes each. Default Latin. */
  letters?: "latin" | "cyrillic" | undefined;
};

const APART_MS = 4 * 3_600_000;
/** Measured: what one issue adds to the served JSON, summary left out. */
const BYTES_PER_ISSUE = 4_600;
/** Issues that a summary lists; the talk of a five-hour meeting goes round them again. */
const SUMMARISED_MAX = 6;

/** Meetings of about `bytesEach`, newest first, made one at a time. Equal options give equal meetings. */
export function* benchMeetings(options: BenchOptions): Generator<SourceMeeting> {
  const epochMs = options.epochMs ?? Date.UTC(2026, 5, 1, 12);
  for (let ordinal = 0; ordinal < options.count; ordinal += 1) {
    const random = createRandom(options.seed, `bench ${ordinal}`);
    yield benchMeeting({ ordinal, createdMs: epochMs - (ordinal + 1) * APART_MS, random }, options);
  }
}

type Place = { ordinal: number; createdMs: number; random: Random };

function benchMeeting({ ordinal, createdMs, random }: Place, options: BenchOptions): SourceMeeting {
  const kind = MEETING_KINDS[ordinal % MEETING_KINDS.length]!;
  const project = PROJECTS[ordinal % PROJECTS.length]!;
  const bytesPerIssue = options.letters === "cyrillic" ? BYTES_PER_ISSUE * 1.6 : BYTES_PER_ISSUE;
  const issues = manyIssues(Math.max(1, Math.ceil((options.bytesEach * 1.1) / bytesPerIssue)), random);
  const talk = inventTalk({ random, kind, project, createdMs }, issues);
  const outcomes = talk.outcomes.slice(0, options.bytesEach < 10_000 ? 1 : SUMMARISED_MAX);
  const meeting = meetingOf({
    id: ulidAt(createdMs, random),
    createdMs,
    kind,
    project,
    talk: { ...talk, outcomes },
    random,
  });
  const { sentences = [], ...frame } = meeting;
  const spoken = options.letters === "cyrillic" ? (sentences ?? []).map(inCyrillic) : (sentences ?? []);
  return { ...meeting, sentences: fitting(spoken, options.bytesEach - JSON.stringify(frame).length) };
}

function manyIssues(count: number, random: Random): Issue[] {
  const issues: Issue[] = [];
  while (issues.length < count) issues.push(...issuesFor("site walk", ISSUES.length, random));
  return issues.slice(0, count);
}

/** The first sentences that stay within `bytes` of JSON, at least one. */
function fitting(sentences: readonly SourceSentence[], bytes: number): SourceSentence[] {
  let left = bytes;
  const kept = sentences.filter((sentence) => {
    left -= Buffer.byteLength(JSON.stringify(sentence)) + 1;
    return left >= 0;
  });
  return kept.length > 0 ? kept : sentences.slice(0, 1);
}

const CYRILLIC = "абцдефгхийклмнопярстувжхуз";

function inCyrillic(sentence: SourceSentence): SourceSentence {
  const written = (text: string): string =>
    text.toLowerCase().replaceAll(/[a-z]/g, (letter) => CYRILLIC[letter.charCodeAt(0) - 97]!);
  return { ...sentence, text: written(sentence.text ?? ""), raw_text: written(sentence.raw_text ?? "") };
}
