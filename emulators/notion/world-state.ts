import type { FaultPlan } from "../faults/plan.ts";
import type { ApiCall } from "./api-call.ts";
import type { NextFault, NotionFaultKind } from "./faults.ts";
import type { User } from "./model.ts";
import type { TokenBudget } from "./rate-limit.ts";
import type { WebhookState } from "./webhook-state.ts";

/** Switches for what the real service does, where nobody knows or where it varies. */
export type Behaviour = {
  /** Rows of a query without sorts: one arbitrary order, another for each query, or by creation. */
  readonly order: "shuffled" | "shuffled_each_query" | "created";
  /** A write that names a property that is not there: refused, or answered 200 without effect. */
  readonly unknownProperty: "reject" | "ignore";
  /** Share of query pages that hold fewer rows than asked for although there are more. */
  readonly shortPages: number;
  /** World milliseconds until queries see a change. */
  readonly indexLagMs: number;
  readonly resultCap: number;
  /** Archived rows in a query that does not ask for them. */
  readonly archivedRows: "hidden" | "listed";
  /** Formulas and rollups: with their values, or as `unsupported`. */
  readonly computed: "values" | "unsupported";
  /** Mirrored relations, formulas and rollups never move `last_edited_time`; this says what the far side of a relation does. */
  readonly mirrorMovesTime: boolean;
};

/** What the connection may do. Source: reference 6.7. */
export type Capabilities = {
  readonly read: boolean;
  readonly update: boolean;
  readonly insert: boolean;
  /** Names and addresses of users. */
  readonly users: boolean;
};

/** A write that was heard, answered by a lost connection, and takes effect later. */
type LateWrite = { readonly dueMs: number; readonly call: ApiCall; readonly requestIndex: number };

/** Everything about a world that is no page, data source, log line or edit. One row in its file, written as a whole. */
export type NotionState = {
  readonly seed: number;
  readonly contentHash: string;
  /** Where rows came from, by key of their database; nothing is known of others. */
  readonly sources: Readonly<Record<string, string>>;
  readonly workspaceId: string;
  readonly botId: string;
  tokens: readonly string[];
  users: readonly User[];
  capabilities: Capabilities;
  requestsPerMinute: number | null;
  /** By token. */
  budgets: Readonly<Record<string, TokenBudget>>;
  /** Every call answered `public_api_request_blocked` until a control op lifts it. */
  isBlocked: boolean;
  faults: FaultPlan<NotionFaultKind> | null;
  nextFaults: readonly NextFault[];
  behaviour: Behaviour;
  /** API requests so far: the index of fault decisions, request ids and wordings. */
  requestCount: number;
  /** Things made since the beginning: the label of their ids. */
  madeCount: number;
  lateWrites: readonly LateWrite[];
  webhooks: WebhookState;
};

export const DEFAULT_BEHAVIOUR: Behaviour = {
  order: "shuffled",
  unknownProperty: "reject",
  shortPages: 0,
  indexLagMs: 2_000,
  resultCap: 10_000,
  archivedRows: "hidden",
  computed: "values",
  mirrorMovesTime: false,
};
