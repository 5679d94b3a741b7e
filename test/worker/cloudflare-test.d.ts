// What vitest.config.ts binds for the tests that run inside workerd. The plugin's own declaration is not used: it needs
// the global Workers types, which clash with Node's in the one tsconfig of this repository.
declare module "cloudflare:test" {
  import type { Ai, D1Database, R2Bucket, Vectorize, Workflow } from "@cloudflare/workers-types";

  export const env: {
    CONTRACT_DB: D1Database;
    CONTRACT_BUCKET: R2Bucket;
    CONTRACT_FLOW: Workflow;
    MIGRATED_DB: D1Database;
    AI: Ai;
    VECTORIZE: Vectorize;
    MIGRATIONS: { name: string; queries: string[] }[];
  };

  export function applyD1Migrations(
    db: D1Database,
    migrations: { name: string; queries: string[] }[],
  ): Promise<void>;
}
