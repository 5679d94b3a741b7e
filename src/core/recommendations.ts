/** What would make the syncs better, by rule: each with the figure that speaks for it, and none without one. Pure. */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./durations.ts";
import { ADVICE } from "./policy.ts";
import type { OperationRow, ReasonRow, WaitRow } from "./report-figures.ts";
import { stageOf } from "./report-stages.ts";

/** One piece of advice. `value` is beyond `threshold`, both in `unit`; `query` names what yields the figures it is made of. */
export type Recommendation = {
  readonly rule: string;
  /** A sentence with the figure first, then what to do. */
  readonly text: string;
  readonly value: number;
  readonly threshold: number;
  readonly unit: "share01" | "ms";
  readonly query: string;
};

/** What advice is drawn from. What is not known is null or empty, and then no rule speaks of it. */
export type Evidence = {
  /** Whose evidence it is; the queries are named after it. */
  readonly span: "run" | "week";
  /** World ms that the runs took, waits included. */
  readonly elapsedMs: number | null;
  readonly waits: readonly WaitRow[];
  readonly calls: readonly { readonly party: string; readonly calls: number }[];
  readonly operations: readonly OperationRow[];
  /** The most calls of a day to each party whose budget is one of a day. */
  readonly busiest: readonly { readonly party: string; readonly calls: number; readonly budget: number }[];
  readonly quarantine: readonly ReasonRow[];
  readonly dataAge: { readonly meetings: number; readonly p95Ms: number | null } | null;
  /** Vendors whose webhooks are not set up. */
  readonly withoutWebhooks: readonly string[];
  readonly syncs: readonly { readonly sync: string; readonly runs: number; readonly withChanges: number }[];
  readonly storage: { readonly usedBytes: number; readonly maxBytes: number } | null;
  /** Since the last complete proof, or since the first run where there never was one. */
  readonly proof: { readonly ageMs: number; readonly isFirst: boolean } | null;
};

/** Syncs that the clock starts, whose schedule can be wider or closer. */
const SCHEDULED: ReadonlySet<string> = new Set(["fireflies", "projects", "clients"]);

/** What anybody calls a vendor. */
const NAMES: Readonly<Record<string, string>> = {
  fireflies: "Fireflies",
  notion: "Notion",
  "workers-ai": "Workers AI",
  vectorize: "Vectorize",
};

const nameOf = (party: string): string => NAMES[party] ?? party;

type Rule = (evidence: Evidence) => readonly Recommendation[];

/** Every recommendation that the evidence calls for, the rules in a fixed order. */
export function recommendationsFrom(evidence: Evidence): Recommendation[] {
  return RULES.flatMap((rule) => rule(evidence));
}

const RULES: readonly Rule[] = [
  waitsForOne,
  nearBudget,
  retriedOften,
  oneReason,
  withoutWebhooks,
  embeddingRules,
  findsNothing,
  findsMuch,
  storageFills,
  proofOverdue,
];

function percent(share01: number): string {
  return `${Math.round(share01 * 100)} %`;
}

function length(ms: number): string {
  if (ms < 90 * SECOND_MS) return `${Math.round(ms / SECOND_MS)} s`;
  return ms < 2 * HOUR_MS ? `${Math.round(ms / MINUTE_MS)} min` : `${(ms / HOUR_MS).toFixed(1)} h`;
}

function waitsForOne({ span, elapsedMs, waits }: Evidence): Recommendation[] {
  if (elapsedMs === null || elapsedMs <= 0) return [];
  const threshold = ADVICE.waitedShare;
  return [...new Set(waits.map(({ party }) => party))].flatMap((party) => {
    const waitedMs = sum(waits.filter((wait) => wait.party === party).map((wait) => wait.waitedMs));
    const value = Math.min(1, waitedMs / elapsedMs);
    if (value <= threshold || waitedMs < ADVICE.waitedMsMin) return [];
    const whose = span === "run" ? "the run" : "the time of runs";
    const todo =
      party === "notion" || party === "fireflies"
        ? "its limits decide how long a run takes: a larger plan, or fewer other programs on this key, would shorten it"
        : "look at what it answered under Errors";
    const text = `${percent(value)} of ${whose} waited for ${nameOf(party)} (${length(waitedMs)}); ${todo}.`;
    return [
      { rule: "waits_for_one", text, value, threshold, unit: "share01" as const, query: `${span}_waits` },
    ];
  });
}

function nearBudget({ busiest }: Evidence): Recommendation[] {
  const threshold = ADVICE.budgetShare;
  return busiest.flatMap(({ party, calls, budget }) => {
    const value = budget > 0 ? calls / budget : 0;
    if (value <= threshold) return [];
    const text = `${percent(value)} of ${nameOf(party)}'s ${budget} calls a day were used on the busiest day (${calls}); set up its webhooks and widen its schedule, or take a larger plan.`;
    return [
      { rule: "near_budget", text, value, threshold, unit: "share01" as const, query: "week_calls_by_day" },
    ];
  });
}

function retriedOften({ span, waits, calls }: Evidence): Recommendation[] {
  const threshold = ADVICE.retriesShare;
  return waits.flatMap(({ party, reason, retries }) => {
    const made = sum(calls.filter((call) => call.party === party).map((call) => call.calls));
    const value = made === 0 ? 0 : retries / made;
    if (value <= threshold || retries < ADVICE.retriesMin) return [];
    const text = `${percent(value)} of the calls to ${nameOf(party)} (${retries} of ${made}) were tried again because of "${reason}"; see that alert's section in docs/runbook.md before the retries are used up.`;
    return [
      { rule: "retried_often", text, value, threshold, unit: "share01" as const, query: `${span}_waits` },
    ];
  });
}

function oneReason({ span, quarantine }: Evidence): Recommendation[] {
  const threshold = ADVICE.reasonShare;
  const all = sum(quarantine.map(({ items }) => items));
  const [first] = quarantine.toSorted((a, b) => b.items - a.items);
  if (first === undefined || first.items < ADVICE.reasonItemsMin) return [];
  const value = first.items / all;
  if (value <= threshold) return [];
  const query = span === "run" ? "run_quarantine_reasons" : "quarantine_standing";
  const text = `${percent(value)} of what is in quarantine (${first.items} of ${all}) has one reason, "${first.reason}"; mend it once where these records are made.`;
  return [{ rule: "one_reason", text, value, threshold, unit: "share01", query }];
}

function withoutWebhooks({ dataAge, withoutWebhooks: vendors }: Evidence): Recommendation[] {
  const threshold = ADVICE.dataAgeMs;
  const value = dataAge?.p95Ms ?? 0;
  const isKnown = dataAge !== null && dataAge.meetings >= ADVICE.meetingsMin;
  if (!isKnown || value <= threshold || !vendors.includes("fireflies")) return [];
  const text = `${length(value)} pass from a meeting's end until it can be found, for 1 in 20 or more (of ${dataAge.meetings}), and Fireflies' webhooks are not set up; with them it is minutes: npm run -s syncctl -- webhooks.`;
  return [{ rule: "without_webhooks", text, value, threshold, unit: "ms", query: "week_data_age_all" }];
}

function embeddingRules({ span, operations }: Evidence): Recommendation[] {
  const threshold = ADVICE.embedShare;
  const work = operations.filter(({ operation }) => stageOf(operation) !== "wait");
  const allMs = sum(work.map(({ ms }) => ms));
  const embedMs = sum(work.filter(({ operation }) => operation === "embed").map(({ ms }) => ms));
  const value = allMs === 0 ? 0 : embedMs / allMs;
  if (value <= threshold || allMs < ADVICE.workMsMin) return [];
  const text = `${percent(value)} of the measured work (${length(embedMs)}) was making embeddings; a nearer or faster model is what would shorten it.`;
  const query = `${span}_operations`;
  return [{ rule: "embedding_dominates", text, value, threshold, unit: "share01", query }];
}

function findsNothing({ syncs }: Evidence): Recommendation[] {
  const threshold = ADVICE.changesShareMin;
  return scheduledOf(syncs).flatMap(({ sync, runs, withChanges }) => {
    const value = withChanges / runs;
    if (value >= threshold) return [];
    const text = `${percent(value)} of the runs of ${sync} (${withChanges} of ${runs}) found something to change; its schedule could be wider (schedule.${sync}_minutes).`;
    return [{ rule: "finds_nothing", text, value, threshold, unit: "share01" as const, query: "week_runs" }];
  });
}

function findsMuch({ syncs }: Evidence): Recommendation[] {
  const threshold = ADVICE.changesShareMax;
  return scheduledOf(syncs).flatMap(({ sync, runs, withChanges }) => {
    const value = withChanges / runs;
    if (value <= threshold) return [];
    const text = `${percent(value)} of the runs of ${sync} (${withChanges} of ${runs}) found something to change; a closer schedule (schedule.${sync}_minutes) or webhooks would bring it sooner.`;
    return [{ rule: "finds_much", text, value, threshold, unit: "share01" as const, query: "week_runs" }];
  });
}

function scheduledOf(syncs: Evidence["syncs"]): Evidence["syncs"] {
  return syncs.filter(({ sync, runs }) => SCHEDULED.has(sync) && runs >= ADVICE.runsMin);
}

function storageFills({ storage }: Evidence): Recommendation[] {
  const threshold = ADVICE.storageShare;
  if (storage === null || storage.maxBytes <= 0) return [];
  const value = storage.usedBytes / storage.maxBytes;
  if (value <= threshold) return [];
  const text = `${percent(value)} of the room of the database is used (${gigabytes(storage.usedBytes)} of ${gigabytes(storage.maxBytes)}); plan for a second database, or shorten what is kept, before runs are refused.`;
  return [{ rule: "storage_fills", text, value, threshold, unit: "share01", query: "storage" }];
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}

function proofOverdue({ proof }: Evidence): Recommendation[] {
  const threshold = ADVICE.proofAgeMs;
  if (proof === null || proof.ageMs <= threshold) return [];
  const days = Math.floor(proof.ageMs / DAY_MS);
  const since = proof.isFirst ? "the first run, and there was no complete proof" : "the last complete proof";
  const text = `${days} days have passed since ${since}; make one: npm run -s syncctl -- verify --complete.`;
  return [
    { rule: "proof_overdue", text, value: proof.ageMs, threshold, unit: "ms", query: "last_complete_proof" },
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
