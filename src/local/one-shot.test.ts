import { expect, it } from "vitest";
import { NO_SUMS, proofBegun } from "../core/proof.ts";
import type { ApiClient } from "../surfaces/client.ts";
import { runOnce } from "./one-shot.ts";

const nobody = { started: () => undefined, progressed: () => undefined, ended: () => undefined };
const REPORT = { run: { state: "succeeded", continues: false, rebuild: null, priority: "normal" } };
const SUMS = { ...NO_SUMS, source: 2, records: 2 };

function aClient(asked: string[], endedMs: number | null): ApiClient {
  const state = { ...proofBegun(""), sums: SUMS, named: ["vector missing: m1"], differences: 1 };
  const proof = { id: "01PROOF", mode: "complete", askedMs: 0, endedMs, state };
  const client: Partial<Record<keyof ApiClient, unknown>> = {
    start: async (sync: string) => {
      asked.push(sync);
      return { run_id: "01RUN", created: true };
    },
    run: async () => REPORT,
    status: async () => ({
      nowMs: 7,
      totals: { quarantined: 0 },
      alerts: asked.slice(),
      channels: [],
      off: [],
      rebuild: null,
    }),
    askProof: async (isComplete: boolean) => {
      asked.push(isComplete ? "complete proof" : "proof");
      return { run_id: "01VERIFY", proof_id: "01PROOF", created: true };
    },
    proof: async () => {
      // What was found is to be mended once.
      const menders = asked.includes("mended") || endedMs === null ? [] : ["fireflies"];
      asked.push("mended");
      return { proof, findings: [], open: 0, repaired: 0, menders, sourceAsOfMs: 0 };
    },
    tellAlerts: async () => ({}),
    forgetEnded: async () => ({ forgotten: 0 }),
  };
  return client as ApiClient;
}

it("proves everything at the end, has it mended, proves it again, and only then asks which alerts are open", async () => {
  const asked: string[] = [];
  const { alerts, proof } = await runOnce(aClient(asked, 8), nobody);
  const all = ["fireflies", "clients", "projects", "vectors"];
  expect(asked).toEqual([
    ...all,
    "complete proof",
    "mended",
    "fireflies",
    "vectors",
    "complete proof",
    "mended",
  ]);
  expect(alerts).toEqual(asked);
  expect(proof).toEqual({
    ...SUMS,
    source_as_of: "1970-01-01T00:00:00.000Z",
    unexplained: ["vector missing: m1"],
    unexplained_count: 1,
  });
});

it("does not prove again what no run could mend", async () => {
  const asked: string[] = [];
  const failing = { ...REPORT, run: { ...REPORT.run, state: "failed", detail: "no room is left" } };
  const client = { ...aClient(asked, 8), run: async () => failing } as unknown as ApiClient;
  await runOnce(client, nobody);
  expect(asked.slice(4)).toEqual(["complete proof", "mended", "fireflies", "vectors"]);
});

it("takes a proof that did not come to its end for none", async () => {
  const { proof } = await runOnce(aClient([], null), nobody);
  expect(proof).toMatchObject({ unexplained_count: 2 });
  expect(proof.unexplained).toContain("the proof did not come to its end");
});
