import { describe, expect, it } from "vitest";
import { aListedMeeting, aWorkspace, runSync } from "../../../test/in-process/workspace.ts";
import { IDS_SHOWN_MAX } from "../../core/policy.ts";
import { readReport } from "../../queries/status.ts";
import { markdownReport } from "./report-markdown.ts";

describe("markdownReport", () => {
  it("says how many more were set aside than it names, those of earlier runs included", async () => {
    const space = await aWorkspace();
    space.source.meetings = Array.from({ length: IDS_SHOWN_MAX + 7 }, (_, n) =>
      aListedMeeting(`m${n}`, {
        title: "",
        dateString: new Date(Date.UTC(2026, 4, 6) - n * 3_600_000).toISOString(),
      }),
    );
    for (const _ of ["backfill", "nothing new"]) {
      const { id } = await runSync(space, "fireflies");
      const report = await readReport(space.ports, id);
      const { quarantined } = await space.ports.records.totals();
      expect(report && markdownReport(report, quarantined)).toMatch(
        /## Set aside\n\n(- quarantined m\d+: .*\n){50}- and 7 more\n/,
      );
    }
  });
});
