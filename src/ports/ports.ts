import type { AlertChannels } from "./alert-channel.ts";
import type { AlertStore } from "./alert-store.ts";
import type { CleanupStore } from "./cleanup-store.ts";
import type { BacklogStore } from "./backlog-store.ts";
import type { ArrivalStore } from "./arrival-store.ts";
import type { DecisionStore } from "./decision-store.ts";
import type { QuotaRates } from "../core/config.ts";
import type { Schedule } from "../core/schedule.ts";
import type { TableName, TableSettings } from "../core/records/table.ts";
import type { DeletionStore } from "./deletion-store.ts";
import type { IndexRegistry } from "./index-registry.ts";
import type { LineageStore } from "./lineage-store.ts";
import type { NotionTables } from "./notion.ts";
import type { PlanStore } from "./plan-store.ts";
import type { ProofStore } from "./proof-store.ts";
import type { RawStore } from "./raw-store.ts";
import type { RebuildStore } from "./rebuild-store.ts";
import type { RecordStore } from "./record-store.ts";
import type { ReportStore } from "./report-store.ts";
import type { RequestStore } from "./request-store.ts";
import type { RunStore } from "./run-store.ts";
import type { StorageStore } from "./storage-store.ts";
import type { SearchStore } from "./search-store.ts";
import type { MeetingSource } from "./sources.ts";
import type { TableStore } from "./table-store.ts";
import type { Embedder, VectorIndex } from "./vectors.ts";
import type { WebhookInbox } from "./webhook-inbox.ts";
import type { World } from "./world.ts";

/** Notion, and what is kept in step with it. */
export type NotionSetup = {
  readonly tables: NotionTables;
  /** Database or data source of each table; null where none is configured. */
  readonly databases: Readonly<Record<TableName, string | null>>;
  /** Names of properties, policies and what deletions do, as configured. */
  readonly settings: Readonly<Record<TableName, TableSettings>>;
  /** Whether this workspace is one of our own, and may be written to before a person approved a first plan. */
  readonly mayWrite: boolean;
  /** Country of phone numbers that name none, ISO 3166. */
  readonly country: string;
};

/** Everything outside that a run may touch. */
export type Ports = {
  readonly world: World;
  readonly runs: RunStore;
  readonly requests: RequestStore;
  readonly records: RecordStore;
  readonly search: SearchStore;
  readonly lineage: LineageStore;
  readonly arrivals: ArrivalStore;
  readonly reports: ReportStore;
  readonly raw: RawStore;
  /** Null while no key is configured. */
  readonly source: MeetingSource | null;
  /** Null while no token is configured. */
  readonly notion: NotionSetup | null;
  readonly tables: TableStore;
  readonly decisions: DecisionStore;
  readonly plans: PlanStore;
  readonly deletions: DeletionStore;
  readonly registry: IndexRegistry;
  readonly rebuilds: RebuildStore;
  readonly inbox: WebhookInbox;
  readonly proofs: ProofStore;
  readonly storage: StorageStore;
  readonly cleanup: CleanupStore;
  /** The model of the live index. */
  readonly embedder: Embedder;
  /** The live index: the one that answers. */
  readonly index: VectorIndex;
  /** Name of its binding. */
  readonly indexName: string;
  /** Every index that is bound, by binding. */
  readonly indexes: Readonly<Record<string, VectorIndex>>;
  /** What the configuration asks for if that is not what is live; null as a rule. */
  readonly wanted: WantedEmbedder | null;
  readonly scheduleMs: Schedule;
  /**
   * Have the next tick made now instead of within the minute, because something became due. A hint: it may be lost, and
   * never fails.
   */
  readonly wake: () => Promise<void>;
  /** Budgets of calls as configured. */
  readonly rates: QuotaRates;
  readonly backlog: BacklogStore;
  readonly alerts: AlertStore;
  readonly channels: AlertChannels;
  /** What is wrong with the configuration file, in a sentence; null: nothing. No run starts until it is mended. */
  readonly configProblem: string | null;
  /** Free bytes where the stores live, if that is a disk of ours; null if it is not. */
  readonly freeBytes: () => Promise<number | null>;
  /** Name of the newest migration that this code was written for. */
  readonly schemaVersion: string;
};

/** A model that is not live yet, or what is wrong with the setting that should name it. */
type WantedEmbedder =
  | { readonly embedder: Embedder; readonly problem: null }
  | { readonly embedder: null; readonly problem: string };
