import { expect, it } from "vitest";
import { COUNTED } from "../core/report.ts";
import type { Run } from "../ports/run-store.ts";
import { waitingForPerson } from "./for-a-person.ts";

const aRun = (sync: Run["sync"], checks: Record<string, string | number>): { run: Run } => ({
  run: {
    sync,
    result: {
      checks: Object.entries(checks).map(([name, actual]) => ({ name, actual, ok: true, expected: "" })),
    },
  } as unknown as Run,
});

it("says what waits for a person and the command that shows it, as the newest run of each sync knows it", () => {
  const lines = waitingForPerson([
    aRun("clients", { [COUNTED.reviews]: 4 }),
    aRun("projects", { [COUNTED.conflicts]: 9, [COUNTED.fields]: 3 }),
    aRun("projects", { [COUNTED.conflicts]: 2, [COUNTED.rows]: "1 wait" }),
  ]);
  expect(lines).toEqual([
    "clients: 4 may be somebody known already: npm run -s syncctl -- reviews",
    "projects: 2 edited differently on both sides: npm run -s syncctl -- conflicts",
    "projects: rows without a page: 1 wait",
  ]);
});

it("says nothing of a run that has not ended", () => {
  expect(waitingForPerson([{ run: { sync: "projects", result: null } as unknown as Run }])).toEqual([]);
});
