import type { RichRun } from "./model.ts";

/** Annotations of unformatted text. */
export const PLAIN_ANNOTATIONS = {
  bold: false,
  italic: false,
  strikethrough: false,
  underline: false,
  code: false,
  color: "default",
} as const;

/** Unformatted text as runs; empty text has none. */
export function runsOf(text: string): readonly RichRun[] {
  if (text === "") return [];
  return [
    {
      type: "text",
      text: { content: text, link: null },
      annotations: PLAIN_ANNOTATIONS,
      plain_text: text,
      href: null,
    },
  ];
}

/** The words of runs without their formatting. */
export function textOf(runs: readonly RichRun[]): string {
  return runs.map(({ plain_text }) => plain_text).join("");
}

/** Mentions whose target replies still resolve; those after it come with a placeholder. Source: reference 2.8. */
const MENTIONS_RESOLVED_MAX = 25;

/** Runs as page and query replies show them: mentions after the 25th have lost their names. */
export function withUnresolvedMentions(runs: readonly RichRun[]): readonly RichRun[] {
  let mentionCount = 0;
  return runs.map((run) => {
    if (run.type !== "mention") return run;
    mentionCount += 1;
    if (mentionCount <= MENTIONS_RESOLVED_MAX) return run;
    return { ...run, plain_text: run.mention?.["type"] === "user" ? "@Anonymous" : "Untitled" };
  });
}
