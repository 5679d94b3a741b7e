import type { D1Database } from "@cloudflare/workers-types";
import type { Ports } from "../../ports/ports.ts";
import type { World } from "../../ports/world.ts";
import { createArrivalStore } from "./arrival-table.ts";
import { createBacklogStore } from "./backlog-table.ts";
import { createCleanupStore } from "./cleanup-store.ts";
import { createDecisionStore } from "./decision-table.ts";
import { createDeletionStore } from "./deletion-table.ts";
import { createIndexRegistry } from "./index-registry.ts";
import { createLineageStore } from "./lineage-table.ts";
import { createPlanStore } from "./plan-table.ts";
import { createProofStore } from "./proof-store.ts";
import { createRebuildStore } from "./rebuild-table.ts";
import { createRecordStore } from "./record-store.ts";
import { createReportStore } from "./report-table.ts";
import { createRequestStore } from "./request-table.ts";
import { createRunStore } from "./run-store.ts";
import { createSearchStore } from "./search-store.ts";
import { createStorageStore } from "./storage-table.ts";
import { createTableStore } from "./table-store.ts";
import { createAlertStore } from "./telling-table.ts";
import { createWebhookInbox } from "./webhook-inbox.ts";

type Stores = Pick<
  Ports,
  | "runs"
  | "requests"
  | "records"
  | "search"
  | "lineage"
  | "arrivals"
  | "reports"
  | "registry"
  | "rebuilds"
  | "inbox"
  | "proofs"
  | "storage"
  | "cleanup"
  | "decisions"
  | "plans"
  | "deletions"
  | "tables"
  | "backlog"
  | "alerts"
>;

/**
 * Every port that one D1 stands behind.
 *
 * @param world by which a look at the database is timed, and which makes ids
 */
export function createStores(d1: D1Database, world: World): Stores {
  return {
    runs: createRunStore(d1, world),
    requests: createRequestStore(d1),
    records: createRecordStore(d1),
    search: createSearchStore(d1),
    lineage: createLineageStore(d1),
    arrivals: createArrivalStore(d1),
    reports: createReportStore(d1),
    registry: createIndexRegistry(d1),
    rebuilds: createRebuildStore(d1),
    inbox: createWebhookInbox(d1),
    proofs: createProofStore(d1),
    storage: createStorageStore(d1),
    cleanup: createCleanupStore(d1),
    decisions: createDecisionStore(d1),
    plans: createPlanStore(d1),
    deletions: createDeletionStore(d1),
    tables: createTableStore(d1, world),
    backlog: createBacklogStore(d1),
    alerts: createAlertStore(d1),
  };
}
