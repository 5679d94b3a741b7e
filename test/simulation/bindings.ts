import type {
  D1Database,
  D1PreparedStatement,
  D1Result,
  R2Bucket,
  Vectorize,
  Workflow,
} from "@cloudflare/workers-types";
import { d1Fault, type D1Fault } from "../../emulators/d1/d1-errors.ts";
import { r2Error } from "../../emulators/r2/r2-errors.ts";
import { vectorizeError, type Operation } from "../../emulators/vectorize/errors.ts";
import { AI_DESCRIPTIONS, aiError } from "../../emulators/workers-ai/ai-errors.ts";
import type { Random } from "../../emulators/world/random.ts";
import type { Committed } from "./fence-watch.ts";
import type { Life, Trouble } from "./life.ts";
import type { VectorWatch } from "./vector-watch.ts";
import type { Mutant } from "./mutant.ts";
import type { TroubleRates } from "./scenario.ts";

/** Told of every statement list that D1 carried out for a life. */
export type D1Watcher = (life: Life, statements: readonly Committed[]) => void;

type Watched = { readonly life: Life; readonly rates: TroubleRates };

const D1_BEFORE: readonly D1Fault[] = ["connection_lost", "overloaded", "locked", "too_many_queued", "reset"];
const D1_AFTER: readonly D1Fault[] = ["connection_lost", "timeout", "reset"];

function d1Trouble(rates: TroubleRates) {
  return (random: Random): Trouble | null => {
    if (!random.chance(rates.d1)) return null;
    return random.chance(0.5)
      ? { when: "before", error: d1Fault(random.pick(D1_BEFORE)) }
      : { when: "after", error: d1Fault(random.pick(D1_AFTER)) };
  };
}

/**
 * D1 as one life sees it.
 *
 * @param mutant what becomes of each SQL text, and which statements are committed too early: none but with a planted bug
 */
export function bindD1(
  { life, rates }: Watched,
  d1: D1Database,
  { sql: rewrite, isEarly }: Pick<Mutant, "sql" | "isEarly">,
  watch: D1Watcher,
): D1Database {
  const trouble = d1Trouble(rates);
  const inner = new WeakMap<object, Prepared>();
  const wrap = (prepared: Prepared): D1PreparedStatement => {
    const { statement, sql } = prepared;
    const one = (call: () => Promise<D1Result>): Promise<D1Result> =>
      life.pass(
        "d1.query",
        async () => {
          const result = await call();
          watch(life, [committed(prepared, result)]);
          return result;
        },
        trouble,
      );
    const wrapped = {
      bind: (...values: unknown[]) => wrap({ statement: statement.bind(...values), sql, values }),
      all: () => one(() => statement.all()),
      run: () => one(() => statement.run()),
    } as unknown as D1PreparedStatement;
    inner.set(wrapped, prepared);
    return wrapped;
  };
  const batch = async (prepared: readonly Prepared[]): Promise<D1Result[]> => {
    const results = await d1.batch(prepared.map(({ statement }) => statement));
    watch(
      life,
      prepared.map((one, place) => committed(one, results[place] as D1Result)),
    );
    return results;
  };
  return {
    prepare: (sql: string) => wrap({ statement: d1.prepare(rewrite(sql)), sql: rewrite(sql), values: [] }),
    batch: async (statements: D1PreparedStatement[]) => {
      const prepared = statements.map((statement) => inner.get(statement)).filter((one) => one !== undefined);
      const early = prepared.filter(({ sql }) => isEarly(sql));
      if (early.length > 0) await life.pass("d1.early", () => batch(early), trouble);
      return life.pass("d1.batch", () => batch(prepared), trouble);
    },
  } as unknown as D1Database;
}

type Prepared = {
  readonly statement: D1PreparedStatement;
  readonly sql: string;
  readonly values: readonly unknown[];
};

function committed({ sql, values }: Prepared, result: D1Result): Committed {
  return { sql, values, changes: result.meta.changes };
}

type R2Call = "head" | "get" | "put" | "list" | "delete";

/** R2 as one life sees it. */
export function bindR2({ life, rates }: Watched, bucket: R2Bucket): R2Bucket {
  const troubleOf =
    (action: R2Call) =>
    (random: Random): Trouble | null => {
      if (!random.chance(rates.r2)) return null;
      const after = random.chance(0.4);
      const code = after ? random.pick([10001, 10054] as const) : random.pick([10001, 10043, 10058] as const);
      return { when: after ? "after" : "before", error: r2Error(action, code) };
    };
  const call = <T>(action: R2Call, work: () => Promise<T>, key = ""): Promise<T> =>
    life.pass(`r2.${action}`, work, troubleOf(action), () => key);
  return {
    head: (key: string) => call("head", () => bucket.head(key), key),
    get: (key: string) => call("get", () => bucket.get(key), key),
    put: (key: string, value: ArrayBufferView, options: object) =>
      call("put", () => bucket.put(key, value, options), key),
    list: (options: object) => call("list", () => bucket.list(options)),
    delete: (keys: string[]) => call("delete", () => bucket.delete(keys), keys.join(" ")),
  } as unknown as R2Bucket;
}

/** The methods of the vector index that the product uses. */
export type VectorBinding = {
  upsert(vectors: never[]): Promise<unknown>;
  getByIds(ids: string[]): Promise<unknown>;
  deleteByIds(ids: string[]): Promise<unknown>;
  query(vector: never, options: never): Promise<unknown>;
  describe(): Promise<unknown>;
};

/** The vector index as one life sees it. @param ids watches which ids are sent and given up */
export function bindVectorize({ life, rates }: Watched, index: VectorBinding, ids: VectorWatch): Vectorize {
  const troubleOf =
    (operation: Operation) =>
    (random: Random): Trouble | null => {
      if (!random.chance(rates.vectorize)) return null;
      if (random.chance(0.4)) return { when: "after", error: new Error("Network connection lost.") };
      return { when: "before", error: vectorizeError(operation, 40041, "Too many requests") };
    };
  const call = <T>(
    method: string,
    operation: Operation,
    work: () => Promise<T>,
    some?: string[],
  ): Promise<T> => life.pass(`vectorize.${method}`, work, troubleOf(operation), () => some?.join(" ") ?? "");
  return {
    upsert: (vectors: { id: string }[]) => {
      const sent = vectors.map(({ id }) => id);
      ids.sent(life, sent);
      return call("upsert", "VECTOR_UPSERT", () => index.upsert(vectors as never[]), sent);
    },
    getByIds: (asked: string[]) => call("getByIds", "VECTOR_GET", () => index.getByIds(asked), asked),
    deleteByIds: (given: string[]) => {
      ids.givenUp(given);
      return call("deleteByIds", "VECTOR_DELETE", () => index.deleteByIds(given), given);
    },
    query: (vector: never, options: never) =>
      call("query", "VECTOR_QUERY", () => index.query(vector, options)),
    describe: () => call("describe", "INDEX_GET", () => index.describe()),
  } as unknown as Vectorize;
}

/** The AI binding, as far as the product uses it. */
export type AiRun = { run(model: string, inputs: Record<string, unknown>): Promise<unknown> };

/** The AI binding as one life sees it. */
export function bindAi({ life, rates }: Watched, ai: AiRun): AiRun {
  return {
    run: (model, inputs) =>
      life.pass(
        "ai.run",
        () => ai.run(model, inputs),
        (random) => {
          if (!random.chance(rates.ai * 3)) return null;
          const { code, description } = random.pick([
            AI_DESCRIPTIONS.outOfCapacity,
            AI_DESCRIPTIONS.timeout,
            ...(random.chance(0.2) ? [AI_DESCRIPTIONS.dailyAllocation] : []),
          ]);
          return { when: random.chance(0.3) ? "after" : "before", error: aiError(code, description) };
        },
      ),
  };
}

type Handle = {
  status(): Promise<unknown>;
  sendEvent(event: never): Promise<unknown>;
  delete(): Promise<unknown>;
};

/** The Workflow binding as one life sees it: the emulator's methods under the names that the runtime gives them. */
export function bindWorkflow(life: Life, workflow: Workflow): Workflow {
  const emulated = workflow as unknown as {
    createBatch(batch: { instances: { id: string; params: unknown }[] }): Promise<unknown>;
    get(id: string): Promise<Handle>;
  };
  const remove = async (id: string): Promise<void> => {
    try {
      await (await emulated.get(id)).delete();
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("not_found"))) throw error;
    }
  };
  return {
    createBatch: (instances: { id: string; params: unknown }[]) =>
      life.pass("workflow.createBatch", () => emulated.createBatch({ instances })),
    deleteBatch: (ids: string[]) =>
      life.pass("workflow.deleteBatch", async () => {
        for (const id of ids) await remove(id);
      }),
    get: (id: string) =>
      life.pass("workflow.get", async () => {
        const handle = await emulated.get(id);
        return {
          id,
          status: () => life.pass("workflow.status", () => handle.status()),
          sendEvent: (event: never) => life.pass("workflow.sendEvent", () => handle.sendEvent(event)),
        };
      }),
  } as unknown as Workflow;
}
