import { describe, expect, it } from "vitest";
import { aWorkspace } from "../../test/in-process/workspace.ts";
import type { Alert } from "../ports/run-store.ts";
import { settleProof } from "./proof-verdict.ts";

const FIGURES = { source: 60, records: 52, chunks: 139, vectors: 0 };

describe("settleProof", () => {
  it("opens one alert with the figures while anything is unexplained, and closes it with the first clean proof", async () => {
    const { ports } = await aWorkspace();
    const open = async (): Promise<Alert[]> => (await ports.runs.openAlerts()).items;
    const missing = Array.from({ length: 7 }, (_, n) => `vector missing: v${n} of m${n}`);
    for (const _ of [1, 2]) await settleProof(ports, { unexplained: missing, figures: FIGURES });
    expect(await open()).toMatchObject([
      {
        kind: "proof_failed",
        detail: `${missing.slice(0, 5).join("; ")}; and 2 more (source 60, records 52, chunks 139, vectors 0)`,
      },
    ]);
    for (const _ of [1, 2]) await settleProof(ports, { unexplained: [], figures: FIGURES });
    expect(await open()).toEqual([]);
  });
});
