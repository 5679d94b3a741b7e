import type { SourceSummary } from "../source-meeting.ts";
import type { Project } from "./company.ts";
import type { Outcome, Talk } from "./dialogue.ts";
import type { MeetingKind } from "./issue.ts";

const MEETING_TYPES: Record<MeetingKind, string> = {
  "site walk": "Site Walk",
  "permit review": "Review",
  "change order": "Negotiation",
  "budget review": "Budget Review",
  safety: "Safety",
  schedule: "Planning",
  "client call": "Client Call",
};

/** Seconds as the mark that summaries put behind an item, such as 12:04. */
function timeMark(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Actions by owner, in the markdown of the service: a bold name, then one line per action. */
function actionItems(outcomes: readonly Outcome[], startOf: (turn: number) => number): string {
  const byOwner = new Map<string, string[]>();
  for (const { owner, action, due, actionTurn } of outcomes) {
    const lines = byOwner.get(owner.name) ?? [];
    lines.push(`${action} by ${due} (${timeMark(startOf(actionTurn))})`);
    byOwner.set(owner.name, lines);
  }
  return [...byOwner].map(([name, lines]) => `**${name}**\n${lines.join("\n")}\n`).join("\n");
}

/** What the service would write about a talk. `startOf` gives the start of a turn in seconds. */
export function summarize(
  talk: Talk,
  meeting: { kind: MeetingKind; project: Project },
  startOf: (turn: number) => number,
): SourceSummary {
  const { outcomes } = talk;
  const topics = outcomes.map(({ topic }) => topic);
  const listed = topics.map((topic) => topic.toLowerCase()).join(", ");
  const gist = `${capital(meeting.kind)} for ${meeting.project.name}: ${listed}`;
  const overview = outcomes
    .map(({ topic, decision }) => `- **${topic}:** The team will ${decision}.`)
    .join("\n");
  const short = `The team met about ${meeting.project.name} and discussed ${listed}. ${outcomes.length} decisions were taken, each with an owner and a date.`;
  // Templates of the service differ: some put a pin before each bullet.
  const pin = outcomes.length % 4 === 0 ? "📌 " : "";
  return {
    keywords: [...new Set([...outcomes.map(({ keyword }) => keyword), meeting.project.name])],
    action_items: actionItems(outcomes, startOf),
    outline: outcomes
      .map(({ topic, openingTurn }) => `${topic} (${timeMark(startOf(openingTurn))})`)
      .join("\n"),
    shorthand_bullet: outcomes
      .map(({ topic, decision, due }) => `${pin}**${topic}**\n${capital(decision)}; due ${due}.`)
      .join("\n"),
    overview,
    bullet_gist: topics.map((topic) => `- ${topic}`).join("\n"),
    notes: outcomes
      .map(({ topic, decision, owner }) => `### ${topic}\n- Decision: ${decision}\n- Owner: ${owner.name}`)
      .join("\n\n"),
    gist,
    short_summary: short,
    short_overview: short,
    meeting_type: MEETING_TYPES[meeting.kind],
    topics_discussed: topics,
    transcript_chapters: outcomes.map(
      ({ topic, openingTurn }) => `${timeMark(startOf(openingTurn))} ${topic}`,
    ),
    extended_sections: [{ title: "Decisions", content: overview }],
  };
}
