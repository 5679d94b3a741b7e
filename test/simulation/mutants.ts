import { FailureError } from "../../src/core/errors.ts";
import { createRandom } from "../../emulators/world/random.ts";
import { someSentences } from "./meetings.ts";
import { NO_MUTANT, type Mutant } from "./mutant.ts";
import { HOUR_MS, type Scenario, type WorldEvent } from "./scenario.ts";
import type { Ports } from "./life-ports.ts";

const MINUTE_MS = 60_000;

type Source = NonNullable<Ports["source"]>;

/** Bugs planted on purpose: if a law did not bite, one of these would live. */
export const MUTANTS: readonly Mutant[] = [
  {
    ...NO_MUTANT,
    name: "no fence check",
    sql: (sql) => sql.replace("(select token = ?2 from leases where lane = ?1)", "(select ?2 is not null)"),
  },
  {
    ...NO_MUTANT,
    name: "insert instead of upsert",
    sql: (sql) =>
      /^\s*insert into meetings/.test(sql)
        ? sql.replace(/on conflict \(id\) do update set[\s\S]*$/, "")
        : sql,
  },
  {
    ...NO_MUTANT,
    name: "ignores Retry-After",
    ports: (ports) => ({ ...ports, source: ports.source && hasty(ports.source) }),
  },
  {
    ...NO_MUTANT,
    name: "reuses the id of a deleted vector",
    sql: (sql) => (/^\s*insert into chunks/.test(sql) ? revivingChunks(sql) : sql),
    ports: (ports) => ({
      ...ports,
      records: forgettingDead(ports.records),
      proofs: mendingNothing(ports.proofs),
    }),
    scenario: backAndForth,
  },
  {
    ...NO_MUTANT,
    name: "skips the read-back of revisions",
    ports: (ports) => ({ ...ports, raw: rememberingText(ports.raw) }),
  },
  {
    ...NO_MUTANT,
    name: "takes accepted vectors for visible ones",
    ports: (ports) => ({ ...ports, index: believing(ports.index) }),
  },
  {
    ...NO_MUTANT,
    name: "takes every meeting that a page does not show for deleted",
    sql: (sql) =>
      sql
        .replace("date_string >= ?5 and date_string < ?6 and", "?5 is not null and ?6 is not null and")
        .replace("excluded.first_ms - absences.first_ms >= ?8", "?8 is not null"),
    ports: (ports) => ({
      ...ports,
      source: ports.source && blind(ports.source),
      deletions: heedless(ports.deletions),
    }),
  },
];

/** The named mutant. @throws Error if there is none */
export function mutantNamed(name: string): Mutant {
  const found = MUTANTS.find((mutant) => mutant.name === name);
  if (found === undefined)
    throw new Error(
      `there is no mutant "${name}"; there are ${MUTANTS.map((mutant) => mutant.name).join(", ")}`,
    );
  return found;
}

function hasty(source: Source): Source {
  const unnamed = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      const { notBeforeMs: _, ...failure } = error.failure;
      throw new FailureError(failure.kind === "quota" ? { ...failure, kind: "rate_limited" } : failure);
    }
  };
  return {
    ...source,
    account: (...given) => unnamed(source.account(...given)),
    listMeetings: (...given) => unnamed(source.listMeetings(...given)),
  };
}

/** Whatever is asked for by itself beside another meeting is not found. */
function blind(source: Source): Source {
  return {
    ...source,
    lookFor: async (request) => ({
      ...(await source.lookFor(request)),
      isLiveShown: true,
      shown: [],
      notFound: request.ids,
    }),
  };
}

/** Many at once are no reason to wait for a person. */
function heedless(deletions: Ports["deletions"]): Ports["deletions"] {
  return {
    ...deletions,
    candidates: async (asked) => {
      const { items, missing, cursor } = await deletions.candidates(asked);
      const free = items.map((item) => ({ ...item, groups: [] }));
      return { items: free, missing: { ...missing, open: 0, verdicts: 0 }, cursor };
    },
  };
}

/** Every meeting says something else for a while, and the process dies as it deletes what it no longer says. */
function backAndForth(scenario: Scenario): Scenario {
  const random = createRandom(scenario.seed, "back and forth");
  const events = scenario.meetings.flatMap(({ id, sentences }): WorldEvent[] => {
    const atMs = scenario.startMs + random.int(10, 90) * MINUTE_MS;
    const says = (text: typeof sentences, at: number): WorldEvent => ({
      atMs: at,
      do: "source",
      id,
      op: { op: "edit", id, set: { sentences: text ?? [] } },
    });
    return [says(someSentences(random), atMs), says(sentences, atMs + random.int(60, 100) * MINUTE_MS)];
  });
  const death = { calls: 2_000, at: { place: "before vectorize.deleteByIds", times: 1 } };
  return {
    ...scenario,
    calmMs: Math.max(scenario.calmMs, scenario.startMs + 5 * HOUR_MS),
    events: events.toSorted((a, b) => a.atMs - b.atMs),
    pageEvents: [],
    deaths: [death, death, death],
  };
}

/** A dead row comes to life again under its old id. */
function revivingChunks(sql: string): string {
  return sql.replace(
    /where chunks\.state in \('planned', 'sent', 'live'\)[\s\S]*$/,
    `, dead_ms = null, rechecks = 0,
      state = case when chunks.state in ('dead', 'gone') then 'planned' else chunks.state end`,
  );
}

/** The daily proof finds and mends what is lost before anybody looks: without its help the loss has to show. */
function mendingNothing(proofs: Ports["proofs"]): Ports["proofs"] {
  return { ...proofs, toMend: () => Promise.resolve({ items: [], cursor: null }) };
}

function forgettingDead(records: Ports["records"]): Ports["records"] {
  return {
    ...records,
    chunksOf: async (ids, model) => {
      const known = await records.chunksOf(ids, model);
      return new Map(
        [...known].map(([id, rows]) => [
          id,
          rows.filter(({ state }) => state !== "dead" && state !== "gone"),
        ]),
      );
    },
  };
}

function rememberingText(raw: Ports["raw"]): Ports["raw"] {
  const kept = new Map<string, string>();
  return {
    ...raw,
    putText: (key, text) => {
      kept.set(key, text);
      return raw.putText(key, text);
    },
    getText: async (key) => kept.get(key) ?? raw.getText(key),
  };
}

type Index = Ports["index"];

function believing(index: Index): Index {
  const accepted = new Map<string, Parameters<Index["upsert"]>[0][number]>();
  return {
    ...index,
    upsert: async (vectors) => {
      await index.upsert(vectors);
      for (const vector of vectors) accepted.set(vector.id, vector);
    },
    deleteByIds: async (ids) => {
      await index.deleteByIds(ids);
      for (const id of ids) accepted.delete(id);
    },
    getByIds: async (ids) =>
      [...new Set(ids)].flatMap((id) => {
        const vector = accepted.get(id);
        return vector === undefined ? [] : [{ ...vector, values: Array.from(vector.values) }];
      }),
  };
}
