import { describe, expect, it } from "vitest";
import type { DeletionsNow } from "../../engine/deletion-decisions.ts";
import type { ApiClient } from "../client.ts";
import { approveDeletions, deletions, restoreMeeting } from "./deletions.ts";

const AT_MS = Date.UTC(2026, 5, 1, 12);
const NOW: DeletionsNow = {
  evidence: "00ff00ff00ff00ff",
  waiting: 1,
  missing: [
    {
      id: "m1",
      title: "Pour of the slab",
      date: "2026-05-06T10:02:41.000Z",
      firstMs: AT_MS,
      secondMs: AT_MS + 86_400_000,
      approvedMs: null,
    },
    {
      id: "m2",
      title: null,
      date: "2026-05-05T10:02:41.000Z",
      firstMs: AT_MS,
      secondMs: null,
      approvedMs: null,
    },
  ],
  missingCount: 3,
  deletions: [],
};

/** A client that answers what it is told. */
function answering(change: object): ApiClient {
  return change as ApiClient;
}

describe("syncctl deletions", () => {
  it("names what is missing, and the command that approves exactly that", async () => {
    const { code, lines, value } = await deletions(answering({ deletions: async () => NOW }));
    expect([code, value]).toEqual([0, NOW]);
    expect(lines).toEqual([
      "3 meetings are missing:",
      "  m1  2026-05-06  Pour of the slab: absent 2026-06-01T12:00:00.000Z, and again 2026-06-02T12:00:00.000Z",
      "  m2  2026-05-05  (no record): absent 2026-06-01T12:00:00.000Z, not yet absent a second time",
      "  and 1 more",
      "1 of them were absent twice. If they are deleted: npm run -s syncctl -- approve-deletions 00ff00ff00ff00ff",
      "No meeting was taken for deleted.",
    ]);
  });

  it("says who decided, and what became of it", async () => {
    const verdict = {
      id: "m3",
      title: "Permit",
      deletedMs: AT_MS,
      decidedBy: "person" as const,
      runId: "run",
      firstMs: 1,
      secondMs: 2,
      lookedMs: 3,
      liveId: "m1",
      pages: [],
      restoredMs: AT_MS,
      seenMs: null,
    };
    const now: DeletionsNow = {
      ...NOW,
      evidence: null,
      waiting: 0,
      missing: [],
      missingCount: 0,
      deletions: [verdict],
    };
    const { lines } = await deletions(answering({ deletions: async () => now }));
    expect(lines).toEqual([
      "No meeting is missing.",
      "Taken for deleted:",
      "  m3  Permit: 2026-06-01T12:00:00.000Z with a person's word, restored 2026-06-01T12:00:00.000Z",
    ]);
  });

  it("passes the evidence and the id on as they were typed", async () => {
    const asked: string[] = [];
    const client = answering({
      approveDeletions: async (evidence: string) => (asked.push(evidence), { approved: 2, run_id: "r" }),
      restoreMeeting: async (id: string) => (asked.push(id), { id }),
    });
    expect((await approveDeletions(client, "00ff ")).lines[0]).toMatch(/^Approved: 2 meetings\. Run r /);
    expect((await restoreMeeting(client, "m1")).lines[0]).toMatch(/^m1 is back/);
    expect(asked).toEqual(["00ff", "m1"]);
  });
});
