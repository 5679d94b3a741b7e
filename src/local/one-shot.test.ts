import { expect, it } from "vitest";
import type { ApiClient } from "../surfaces/client.ts";
import { runOnce } from "./one-shot.ts";

const nobody = { started: () => undefined, progressed: () => undefined, ended: () => undefined };

it("tells what the proof has come to before it asks which alerts are open", async () => {
  const asked: unknown[] = [];
  const report = { run: { state: "succeeded", continues: false, rebuild: null } };
  const part = {
    source: 2,
    raw: 2,
    records: 2,
    documents: 2,
    chunks: 3,
    vectors: 2,
    pending: 0,
    quarantined: 0,
    unexplained: ["vector missing: v1 of m1"],
    unexplainedCount: 1,
  };
  const client: Partial<Record<keyof ApiClient, unknown>> = {
    start: async () => ({ run_id: "01RUN", created: true }),
    run: async () => report,
    status: async () => {
      asked.push("status");
      return {
        source: { ids: 2, asOfMs: 0 },
        totals: { records: 2, quarantined: 0 },
        alerts: [],
        off: [],
        rebuild: null,
      };
    },
    proofPage: async () => ({ part, cursor: null }),
    proofVerdict: async (verdict: unknown) => void asked.push(verdict),
    forgetEnded: async () => ({ forgotten: 0 }),
  };
  await runOnce(client as ApiClient, nobody);
  const { unexplained, source, records, chunks, vectors } = part;
  // Status: what is off, whether a rebuild is open, what is to be proven, and at the end what is wrong.
  expect(asked).toEqual([
    "status",
    "status",
    "status",
    { unexplained, source, records, chunks, vectors },
    "status",
  ]);
});
