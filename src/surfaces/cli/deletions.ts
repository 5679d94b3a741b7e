import type { Deletion, MissingMeeting } from "../../ports/deletion-store.ts";
import type { ApiClient } from "../client.ts";
import type { Said } from "./rebuild.ts";

/** What stands below the help of these verbs. */
export const DELETIONS_HELP = `
A meeting that pages should have shown and did not is missing. Absent twice, a day or more apart, and unknown to the source
when it is asked for by itself, it is taken for deleted: out of search and lists; its row and its raw copy stay. Many at
once, or all of one organizer or channel, wait for a person: that looks like a lost right to see them.

Examples:
  npm run -s syncctl -- deletions
  npm run -s syncctl -- approve-deletions <evidence>   what waits, exactly as it was listed
  npm run -s syncctl -- restore <id>                   bring a meeting back`;

/** What is missing, what waits, and what was taken for deleted. */
export async function deletions(client: ApiClient): Promise<Said> {
  const now = await client.deletions();
  const waiting =
    now.evidence === null
      ? []
      : [
          `${now.waiting} of them were absent twice. If they are deleted: npm run -s syncctl -- approve-deletions ${now.evidence}`,
        ];
  const lines = [
    now.missingCount === 0 ? "No meeting is missing." : `${now.missingCount} meetings are missing:`,
    ...now.missing.map(missingLine),
    ...(now.missingCount > now.missing.length ? [`  and ${now.missingCount - now.missing.length} more`] : []),
    ...waiting,
    now.deletions.length === 0 ? "No meeting was taken for deleted." : "Taken for deleted:",
    ...now.deletions.map(deletionLine),
  ];
  return { code: 0, value: now, lines };
}

/** Approve what waits. */
export async function approveDeletions(client: ApiClient, evidence: string): Promise<Said> {
  const said = await client.approveDeletions(evidence.trim());
  const line = `Approved: ${said.approved} meetings. Run ${said.run_id} asks for each once more and takes it for deleted.`;
  return { code: 0, value: said, lines: [line] };
}

/** Undo a deletion. */
export async function restoreMeeting(client: ApiClient, id: string): Promise<Said> {
  const said = await client.restoreMeeting(id);
  return {
    code: 0,
    value: said,
    lines: [`${said.id} is back; a run of vectors makes it searchable.`],
  };
}

function missingLine({ id, title, date, firstMs, secondMs, approvedMs }: MissingMeeting): string {
  const second = secondMs === null ? "not yet absent a second time" : `and again ${iso(secondMs)}`;
  const approved = approvedMs === null ? "" : ", approved";
  return `  ${id}  ${date.slice(0, 10)}  ${title ?? "(no record)"}: absent ${iso(firstMs)}, ${second}${approved}`;
}

function deletionLine(deletion: Deletion): string {
  const { id, title, deletedMs, decidedBy, restoredMs, seenMs } = deletion;
  const word = decidedBy === "person" ? "with a person's word" : "by evidence";
  const end =
    seenMs !== null
      ? `, seen again ${iso(seenMs)}`
      : restoredMs === null
        ? ""
        : `, restored ${iso(restoredMs)}`;
  return `  ${id}  ${title ?? "(no record)"}: ${iso(deletedMs)} ${word}${end}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
