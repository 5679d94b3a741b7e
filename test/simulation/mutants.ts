import { createRandom } from "../../emulators/world/random.ts";
import { FailureError } from "../../src/core/errors.ts";
import { LIST_PAGE_ROWS_MAX } from "../../src/core/policy.ts";
import { aMeeting } from "./meetings.ts";
import { NO_MUTANT, type Mutant } from "./mutant.ts";
import { HOUR_MS, type Scenario, type WorldEvent } from "./scenario.ts";
import type { Ports } from "./life-ports.ts";

type Source = NonNullable<Ports["source"]>;

/** Bugs planted on purpose: if a law did not bite, one of these would live. */
export const MUTANTS: readonly Mutant[] = [
  {
    ...NO_MUTANT,
    name: "watermark on meeting date",
    seed: 2,
    law: /law 2/,
    ports: (ports) => ({ ...ports, source: ports.source && fromTheNewestOn(ports.source) }),
  },
  {
    ...NO_MUTANT,
    name: "cursor before data",
    seed: 2,
    law: /law [12]|ends|rest/,
    isEarly: (sql) => /^\s*insert into checkpoints/.test(sql),
    scenario: (scenario) => ({ ...ofTwoPages(scenario), deaths: [BETWEEN_THEM, ...scenario.deaths] }),
  },
  {
    ...NO_MUTANT,
    name: "no fence",
    seed: 18,
    law: /law 5/,
    sql: (sql) => sql.replace("(select token = ?2 from leases where lane = ?1)", "(select ?2 is not null)"),
  },
  {
    ...NO_MUTANT,
    name: "revived run keeps its token",
    seed: 12,
    law: /law 5/,
    sql: (sql) =>
      sql.replace(
        "set token = leases.token + 1",
        "set token = leases.token + (leases.run_id is not excluded.run_id)",
      ),
    // Many a write has to be on its way when its process dies.
    scenario: (scenario) => dying(scenario, "before d1.batch"),
  },
  {
    ...NO_MUTANT,
    name: "insert instead of upsert",
    seed: 1,
    law: /law 2|ends/,
    sql: (sql) =>
      /^\s*insert into meetings/.test(sql)
        ? sql.replace(/on conflict \(id\) do update set[\s\S]*$/, "")
        : sql,
  },
  {
    ...NO_MUTANT,
    name: "delete on 404",
    seed: 2,
    law: /law 7/,
    sql: absentOnce,
  },
  {
    ...NO_MUTANT,
    name: "deletion cap per run",
    seed: 10,
    law: /law 7/,
    sql: (sql) =>
      sql
        .replace(
          "(select count(*) from absences where approved_ms is null) as open",
          "(select count(*) from absences where approved_ms is null and second_ms is not null) as open",
        )
        .replace("where deleted_ms > ?1 and decided_by = 'evidence'", "where deleted_ms > ?1 and false"),
    scenario: fewAtATime,
  },
  {
    ...NO_MUTANT,
    name: "content id reused after delete",
    seed: 51,
    law: /law 4: vector/,
    sql: (sql) => (/^\s*insert into chunks/.test(sql) ? revivingChunks(sql) : sql),
    ports: (ports) => ({ ...ports, records: forgettingDead(ports.records) }),
  },
  {
    ...NO_MUTANT,
    name: "ignore Retry-After",
    seed: 4,
    law: /law 8/,
    ports: (ports) => ({ ...ports, source: ports.source && hasty(ports.source) }),
  },
  {
    ...NO_MUTANT,
    name: "skip read-back",
    seed: 17,
    law: /law 2/,
    ports: (ports) => ({ ...ports, raw: rememberingText(ports.raw) }),
  },
  {
    ...NO_MUTANT,
    name: "skip read-back of vectors",
    seed: 4,
    law: /law 2/,
    ports: (ports) => ({ ...ports, index: believing(ports.index) }),
  },
  {
    ...NO_MUTANT,
    name: "counters incremented instead of counted",
    seed: 6,
    law: /law 1/,
    sql: (sql) =>
      /^\s*insert into run_items/.test(sql)
        ? sql.replace(
            /on conflict \(run_id, item_id\) do update[\s\S]*$/,
            "on conflict (run_id, item_id) do update set items = run_items.items + excluded.items",
          )
        : sql,
    // Where hardly a reply is lost hardly a page is written twice.
    scenario: (scenario) => dying(scenario, "after d1.batch"),
  },
  {
    ...NO_MUTANT,
    name: "takes every meeting that a page does not show for deleted",
    seed: 2,
    law: /law 7/,
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

/** One process after another dies at a write, each at another one. */
function dying(scenario: Scenario, place: string): Scenario {
  const deaths = Array.from({ length: DEATHS }, (_, n) => ({
    calls: 2_000,
    at: { place, times: 3 + ((scenario.seed + n * 5) % 17) },
  }));
  return { ...scenario, deaths };
}
const DEATHS = 10;

/** Of some thousand calls one lies between cursor and data; and on a second page, for a first one is asked for anew. */
const BETWEEN_THEM = { calls: 2_000, at: { place: "after d1.early", times: 2 }, losesRun: true } as const;

/** As many more as make the listing go on over a second page. */
function ofTwoPages(scenario: Scenario): Scenario {
  const random = createRandom(scenario.seed, "second page");
  const more = Array.from({ length: LIST_PAGE_ROWS_MAX }, (_, n) =>
    aMeeting(random, `second${n}`, scenario.startMs - random.int(1, 40 * 24) * HOUR_MS),
  );
  return { ...scenario, meetings: [...scenario.meetings, ...more] };
}

/** Meetings older than the newest that an earlier listing showed are taken for known. */
function fromTheNewestOn(source: Source): Source {
  let newest = "";
  let watermark = "";
  return {
    ...source,
    listMeetings: async (request) => {
      if (request.skip === 0) watermark = newest;
      const reply = await source.listMeetings(request);
      const dated = reply.items.map((row) => ({ row, place: row.read().dateString }));
      for (const { place } of dated) if (place > newest) newest = place;
      return { ...reply, items: dated.filter(({ place }) => place >= watermark).map(({ row }) => row) };
    },
  };
}

/** What is absent once and unknown to the source is gone. */
function absentOnce(sql: string): string {
  return sql
    .replace("second_ms as secondMs", "coalesce(second_ms, first_ms) as secondMs")
    .replace("where second_ms is not null and account_id = ?1", "where account_id = ?1")
    .replace(
      "select source_id, first_ms, second_ms, ?2",
      "select source_id, first_ms, coalesce(second_ms, first_ms), ?2",
    )
    .replace(
      "and second_ms is not null and account_id = ?4 and second_ms <= ?2",
      "and account_id = ?4 and coalesce(second_ms, first_ms) <= ?2",
    );
}

/** Some go, hours later some more, each time few enough for a cap that looks at one run alone. */
function fewAtATime(scenario: Scenario): Scenario {
  const touched = new Set([
    ...scenario.events.flatMap((event) => ("id" in event ? [event.id] : [])),
    ...scenario.pageEvents.map(({ id }) => id),
  ]);
  const free = scenario.meetings
    .filter(({ id }) => !touched.has(id))
    .slice(0, Math.min(DELETED_MAX, scenario.meetings.length / 2));
  const deletions = free.map(({ id }, place): WorldEvent => ({
    atMs: scenario.startMs + HOUR_MS + Math.floor(place / DELETED_AT_A_TIME) * APART_MS,
    do: "source",
    id,
    op: { op: "delete", id },
  }));
  return {
    ...scenario,
    calmMs: Math.max(scenario.calmMs, scenario.startMs + 34 * HOUR_MS),
    events: [...scenario.events, ...deletions].toSorted((a, b) => a.atMs - b.atMs),
  };
}
const DELETED_MAX = 12;
const DELETED_AT_A_TIME = 3;
const APART_MS = 2 * HOUR_MS;

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

/** A dead row comes to life again under its old id. */
function revivingChunks(sql: string): string {
  return sql.replace(
    /where chunks\.state in \('planned', 'sent', 'live'\)[\s\S]*$/,
    `, dead_ms = null, rechecks = 0,
      state = case when chunks.state in ('dead', 'gone') then 'planned' else chunks.state end`,
  );
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
