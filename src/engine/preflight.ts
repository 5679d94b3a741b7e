import { sha256Hex } from "../core/identity.ts";
import { D1_DATABASE_BYTES_MAX, VECTORS_PER_INDEX_MAX } from "../core/limits.ts";
import {
  CALL_TIMEOUTS_MS,
  CHUNK_SIZES,
  D1_USED_SHARE_MAX,
  LATENCY_SLOW_MS,
  STORAGE_FREE_BYTES_MIN,
} from "../core/policy.ts";
import type { Failure, FailureKind, Party } from "../core/errors.ts";
import { failureOf } from "../core/errors.ts";
import { otherModel } from "../core/rebuild.ts";
import type { Check } from "../core/report.ts";
import type { IndexLock } from "../ports/index-registry.ts";
import type { VendorKey } from "../ports/run-store.ts";
import type { NotionTables } from "../ports/notion.ts";
import type { Account } from "../ports/sources.ts";
import type { Embedder } from "../ports/vectors.ts";
import { asksVendor } from "./lanes.ts";
import { durably, fail, RunEnded, type StepScope } from "./durably.ts";
import { throttled } from "./throttled.ts";
import type { RunContext } from "./run-context.ts";

type Finding = { readonly check: Check; readonly failure: Failure | null };

/**
 * The four checks of the requirements ("Pre-Sync Validation"): credentials, database, storage, network. All four are
 * made before anything is judged, so that one look shows everything that is wrong.
 *
 * @throws RunEnded naming every check that failed; the reaction is that of the gravest
 */
export async function preflight(context: RunContext): Promise<Check[]> {
  const { findings, accountProven } = await durably(context, "preflight", (scope) => look(context, scope));
  const failed = findings.filter((finding) => finding.failure !== null && !isBearable(context, finding));
  const first = failed.toSorted((a, b) => gravity(a.failure) - gravity(b.failure))[0]?.failure;
  if (first !== undefined && first !== null) {
    const detail = failed.map(sentenceOf).join("; ");
    const failure: Failure = { ...first, detail };
    throw new RunEnded(failure, endOf(first.kind, first.notBeforeMs ?? null));
  }
  const full = findings.find(({ failure }) => failure?.kind === "storage_full");
  context.lacksRoom = full?.failure ? { ...full.failure, detail: sentenceOf(full) } : null;
  if (!accountProven) await proveAccount(context);
  return findings.map(({ check }) => check);
}

/** A full store halts what needs room. Proofs look all the same, cleanup makes some, and vectors are deleted. */
function isBearable({ run }: RunContext, { failure }: Finding): boolean {
  return failure?.kind === "storage_full" && run.rebuild === null && !asksVendor(run.sync);
}

/** What is wrong, as both sides of the check; what a person configured is said in a sentence of its own. */
function sentenceOf({ check, failure }: Finding): string {
  const isOwn = failure?.kind === "embeddings_refused" || check.name === CONFIGURATION;
  return isOwn ? `${check.actual}` : `${check.name}: ${check.actual}, expected ${check.expected}`;
}

/** Name of the check of the configuration file. */
const CONFIGURATION = "configuration";

const GRAVITY: readonly FailureKind[] = ["storage_full", "defect", "denied", "quota"];

function gravity(failure: Failure | null): number {
  const place = failure === null ? -1 : GRAVITY.indexOf(failure.kind);
  return place === -1 ? GRAVITY.length : place;
}

function endOf(kind: FailureKind, notBeforeMs: number | null): RunEnded["next"] {
  if (kind === "denied") return { do: "park", untilMs: null, alert: true };
  if (kind === "quota" || kind === "not_yet") return { do: "park", untilMs: notBeforeMs, alert: false };
  return { do: "halt", alert: true, exhausted: false };
}

/** Network failures are thrown, so that the step is retried; what a retry cannot cure is returned. */
async function look(
  context: RunContext,
  scope: StepScope,
): Promise<{ findings: Finding[]; accountProven: boolean }> {
  const [accountProven, ...findings] = await scope.timed("preflight", () => {
    const key = ownKey(context);
    return Promise.all([
      isAccountProven(key),
      configuration(context),
      credentials(context, key),
      database(context),
      storage(context),
      index(context),
      network(context),
    ]);
  });
  const passing = findings.flat().find(({ failure }) => failure !== null && isPassing(failure.kind));
  const lasting = findings.flat().some(({ failure }) => failure !== null && !isPassing(failure.kind));
  if (passing?.failure && !lasting) fail(passing.failure);
  return { findings: findings.flat(), accountProven };
}

/** The vendor that a sync asks, and how it proves whose its key is. */
type Vendor = {
  readonly title: string;
  readonly party: "fireflies" | "notion";
  /** Where the key is set. */
  readonly variable: string;
  readonly workspace: string;
  /** Null while no key is configured. */
  readonly access: {
    readonly keyName: string;
    account(timeoutMs: number): Promise<Account>;
  } | null;
};

/** Null for a sync that asks nobody; a rebuild asks no vendor for anything. */
function vendorOf({ run, ports }: RunContext): Vendor | null {
  if (run.rebuild !== null || !asksVendor(run.sync)) return null;
  if (run.sync === "fireflies")
    return {
      title: "Fireflies",
      party: "fireflies",
      variable: "FIREFLIES_API_KEY",
      workspace: "another Fireflies workspace",
      access: ports.source,
    };
  return {
    title: "Notion",
    party: "notion",
    variable: "NOTION_TOKEN",
    workspace: "another Notion workspace",
    access: ports.notion === null ? null : notionAccess(ports.notion.tables),
  };
}

function notionAccess(tables: NotionTables): NonNullable<Vendor["access"]> {
  return {
    keyName: tables.keyName,
    account: async (timeoutMs) => {
      const { value, quota } = await tables.me(timeoutMs);
      return { accountId: value.workspaceId, meetings: null, quota };
    },
  };
}

/** What the ledger says of the vendor's key; null for a sync that needs none, and without a key. */
async function ownKey(context: RunContext): Promise<VendorKey | null> {
  const access = vendorOf(context)?.access ?? null;
  return access === null ? null : context.ports.runs.vendorKey(access.keyName);
}

/** What the configuration file says can be followed. Nobody is asked for anything while it cannot. */
async function configuration({ ports }: RunContext): Promise<Finding[]> {
  const { configProblem } = ports;
  const expected = "a file that can be read";
  return configProblem === null
    ? [good(CONFIGURATION, expected, expected)]
    : [bad({ name: CONFIGURATION, expected, actual: configProblem }, "denied", "engine")];
}

/** Whether the key was proven by an earlier run and belongs to this workspace: then no call is needed. */
async function isAccountProven(ownKey: Promise<VendorKey | null>): Promise<boolean> {
  const key = await ownKey;
  if (key === null) return true;
  return !key.denied && key.accountHash !== null && key.accountHash === key.workspaceAccountHash;
}

function isPassing(kind: FailureKind): boolean {
  return kind === "unreachable" || kind === "timed_out" || kind === "rate_limited" || kind === "locked";
}

/** The key is there, and the vendor has not refused it. That it works is proven by the first call that is needed anyway. */
async function credentials(context: RunContext, ownKey: Promise<VendorKey | null>): Promise<Finding[]> {
  const vendor = vendorOf(context);
  if (vendor === null) return [];
  const { title, party, variable } = vendor;
  const name = "credentials";
  const expected = `a ${title} key that is accepted`;
  const key = await ownKey;
  if (key === null)
    return [bad({ name, expected, actual: `no key: set ${variable} in .env` }, "denied", party)];
  const refused = key.denied && context.run.trigger !== "manual";
  if (refused)
    return [bad({ name, expected, actual: `the key was refused: set another ${variable}` }, "denied", party)];
  return [good(name, expected, key.accountHash === null ? "a new key" : "proven before")];
}

async function database(context: RunContext): Promise<Finding[]> {
  const { runs, schemaVersion } = context.ports;
  return guarded("database", schemaVersion, async () => {
    const health = await runs.health();
    const schema = { name: "database", expected: schemaVersion, actual: health.migration ?? "no migrations" };
    const capBytes = D1_DATABASE_BYTES_MAX * D1_USED_SHARE_MAX;
    const room = {
      name: "database room",
      expected: `below ${capBytes} bytes`,
      actual: `${health.sizeBytes} bytes`,
    };
    return [
      health.migration === schemaVersion
        ? good(schema.name, schema.expected, schema.actual)
        : bad(schema, "defect", "d1"),
      health.sizeBytes < capBytes
        ? good(room.name, room.expected, room.actual)
        : bad(room, "storage_full", "d1"),
      latency("database latency", health.latencyMs),
    ];
  });
}

async function storage(context: RunContext): Promise<Finding[]> {
  const { raw, freeBytes } = context.ports;
  return guarded("storage", "reachable, with room", async () => {
    const [latencyMs, free] = await Promise.all([raw.latencyMs(), freeBytes()]);
    const expected = `at least ${STORAGE_FREE_BYTES_MIN} bytes free`;
    const actual = free === null ? "no disk of ours" : `${free} bytes free`;
    const enough = free === null || free >= STORAGE_FREE_BYTES_MIN;
    const room = enough
      ? good("storage", expected, actual)
      : bad({ name: "storage", expected, actual }, "storage_full", "r2");
    return [room, latency("storage latency", latencyMs)];
  });
}

/** The index holds what it was locked to, and that is what is configured. */
async function index(context: RunContext): Promise<Finding[]> {
  if (context.run.sync !== "vectors") return [];
  const { embedder, index, registry, wanted, world } = context.ports;
  const name = "vector index";
  const expected = `${embedder.model}, ${embedder.dimensions} dimensions`;
  return guarded(name, expected, async () => {
    const refusal = await refusalOf(context);
    if (refusal !== null) return [refused({ name, expected }, refusal)];
    const window = modelWindow(wanted?.embedder ?? embedder);
    if (window.failure !== null) return [window];
    const [locked, store] = await Promise.all([
      registry.lock(lockOf(context), world.nowMs()),
      index.describe(),
    ]);
    const actual = `${locked.model}, ${store.dimensions} dimensions`;
    if (actual !== expected) return [bad({ name, expected, actual }, "defect", "vectorize"), window];
    return [roomIn(name, expected, store.vectorCount), window];
  });
}

function roomIn(name: string, expected: string, vectorCount: number): Finding {
  const actual = `${vectorCount} vectors`;
  return vectorCount >= VECTORS_PER_INDEX_MAX
    ? bad({ name, expected, actual }, "storage_full", "vectorize")
    : good(name, expected, expected);
}

function lockOf({ ports }: RunContext): IndexLock {
  const { model, dimensions, pooling, address } = ports.embedder;
  return { binding: ports.indexName, model, dimensions, pooling, address };
}

/** Why vectors may not be made as things are configured; null if they may. Once a rebuild was asked for, the live model goes on. */
async function refusalOf({ ports }: RunContext): Promise<string | null> {
  const { wanted, embedder, rebuilds } = ports;
  if (wanted === null) return null;
  if (wanted.problem !== null) return wanted.problem;
  const open = await rebuilds.open();
  if (open?.what === "vectors") return null;
  return otherModel(embedder.model, wanted.embedder.model);
}

/** The window of a model, in its own tokens; a chunk is counted in others, so nothing is promised where it is not known. */
function modelWindow({ model, tokensMax }: Embedder): Finding {
  const name = "model window";
  const expected = `${CHUNK_SIZES.tokensMax} tokens`;
  if (tokensMax === null)
    return good(name, expected, `unknown for ${model}: state it with EMBEDDINGS_TOKENS_MAX`);
  if (tokensMax >= CHUNK_SIZES.tokensMax) return good(name, expected, `${tokensMax} tokens`);
  return refused({ name, expected }, `${model} takes ${tokensMax} tokens and a chunk has up to ${expected}`);
}

async function network(context: RunContext): Promise<Finding[]> {
  const { source } = context.ports;
  // Notion has nothing to ask without spending a call: its first one proves the way.
  if (vendorOf(context)?.party !== "fireflies" || source === null) return [];
  return guarded("network", "Fireflies answers", async () => {
    const roundTripMs = await source.latencyMs(CALL_TIMEOUTS_MS[0]);
    return [latency("network latency", roundTripMs)];
  });
}

/** A new key, or one that was refused, is proven by one call; whose it is must not change under a data directory. */
async function proveAccount(context: RunContext): Promise<void> {
  const vendor = vendorOf(context);
  if (vendor === null || vendor.access === null) return;
  const { access, party } = vendor;
  const { runs } = context.ports;
  await durably(context, "account", async (scope) => {
    const key = await runs.vendorKey(access.keyName);
    const isKnown = !key.denied && key.accountHash !== null;
    const account = isKnown ? key.accountHash : await askAccount(context, scope, vendor, access);
    // Read again: the account may just have become the owner.
    const owner = (await runs.vendorKey(access.keyName)).workspaceAccountHash;
    if (owner !== null && owner !== account) {
      const detail = `this data directory belongs to ${vendor.workspace}; use another --data-dir for this key`;
      fail({ kind: "denied", party, detail });
    }
    return "proven";
  });
}

async function askAccount(
  context: RunContext,
  scope: StepScope,
  { party }: Vendor,
  { keyName, account }: NonNullable<Vendor["access"]>,
): Promise<string> {
  const reply = await throttled<Account>(context, scope, {
    keyName,
    party,
    operation: "account",
    use: "fresh",
    accountOf: (proven) => proven,
    send: ({ timeoutMs }) => account(timeoutMs),
  });
  return sha256Hex(reply.accountId);
}

async function guarded(name: string, expected: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work();
  } catch (error) {
    const failure = failureOf(error);
    return [{ check: { name, ok: false, expected, actual: failure.detail }, failure }];
  }
}

function latency(name: string, ms: number): Finding {
  const slow = ms > LATENCY_SLOW_MS;
  return {
    check: { name, ok: !slow, expected: `at most ${LATENCY_SLOW_MS} ms`, actual: `${Math.round(ms)} ms` },
    failure: null,
  };
}

function good(name: string, expected: string, actual: string): Finding {
  return { check: { name, ok: true, expected, actual }, failure: null };
}

/** Refused for a person to decide; the sentence says what. */
function refused(check: { name: string; expected: string }, sentence: string): Finding {
  return {
    check: { ...check, ok: false, actual: sentence },
    failure: { kind: "embeddings_refused", party: "engine", detail: sentence },
  };
}

function bad(
  check: { name: string; expected: string; actual: string },
  kind: FailureKind,
  party: Party,
): Finding {
  return { check: { ...check, ok: false }, failure: { kind, party, detail: check.actual } };
}
