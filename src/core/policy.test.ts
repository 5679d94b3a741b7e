import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { D1_VALUE_BYTES_MAX, SUBREQUESTS_MAX } from "./limits.ts";
import * as policy from "./policy.ts";

const ROOT = join(import.meta.dirname, "../..");

describe("policy", () => {
  it("never lets a batch be larger than the requirements' 50 items", () => {
    expect(policy.LIST_PAGE_ROWS_MAX).toBeLessThanOrEqual(50);
    expect(policy.VECTOR_BATCH_DOCUMENTS_MAX).toBeLessThanOrEqual(50);
  });

  it("names the newest migration of the folder", () => {
    expect(readdirSync(join(ROOT, "migrations")).toSorted().at(-1)).toBe(policy.SCHEMA_VERSION);
  });

  it("keeps what one run may take on well below an instance's subrequests", () => {
    const perItem = 6;
    expect(policy.RUN_ITEMS_MAX * perItem).toBeLessThanOrEqual(SUBREQUESTS_MAX * 0.8);
  });

  it("binds chunks in parts that D1 takes", () => {
    const chunkBytes = 6_000;
    expect(policy.CHUNK_ROWS_PER_STATEMENT * chunkBytes).toBeLessThan(D1_VALUE_BYTES_MAX);
  });

  it("has the same compatibility date, and the same addresses for the Worker, locally as deployed", () => {
    const deployed = readFileSync(join(ROOT, "wrangler.jsonc"), "utf8");
    const local = readFileSync(join(ROOT, "src/local/product-workers.ts"), "utf8");
    const date = /"compatibility_date": ("[\d-]+")/.exec(deployed)?.[1];
    const workerFirst = /"run_worker_first": (\[.*?\])/.exec(deployed)?.[1];
    expect(local).toContain(`COMPATIBILITY_DATE = ${date}`);
    expect(local).toContain(`WORKER_FIRST = ${workerFirst}`);
  });
});
