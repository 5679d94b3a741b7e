import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { FailureError } from "../../src/core/errors.ts";
import { d1Reading, diskReading, rawReading, vectorsReading } from "../../src/core/headroom.ts";
import { dayIn, daysOf, parseWeek } from "../../src/core/report-week.ts";
import type { Queries, Week } from "../../src/core/report-figures.ts";
import { startRun } from "../../src/engine/tick.ts";
import type { Ports } from "../../src/ports/ports.ts";
import {
  readRunReport,
  readWeekReport,
  type FullRunReport,
  type WeekReport,
} from "../../src/queries/report.ts";
import { runLines } from "../../src/surfaces/cli/lines.ts";
import { pageOf } from "../../src/surfaces/cli/report-page.ts";
import type { Api } from "../../src/surfaces/http/api-environment.ts";
import { reportRoutes } from "../../src/surfaces/http/report-routes.ts";
import type { ReportDocument, Table } from "../../src/surfaces/report/document.ts";
import { markdownOf } from "../../src/surfaces/report/markdown.ts";
import { runDocument } from "../../src/surfaces/report/run-document.ts";
import { weekDocument } from "../../src/surfaces/report/week-document.ts";
import { fightContent } from "../fight/content.ts";
import { cleanUp } from "./cleanup.ts";
import { aFirefliesWorkspace, aSourceMeeting } from "./fireflies-workspace.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";
import { verified } from "./proof.ts";
import { aWorkspace, runSync, type Workspace } from "./workspace.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A source whose next calls of a kind fail so, and then succeed. */
function failing(ports: Ports, kinds: ("rate_limited" | "unreachable")[]): Ports {
  const { source } = ports;
  if (source === null) throw new Error("no source");
  return {
    ...ports,
    source: {
      ...source,
      listMeetings: async (asked) => {
        const kind = kinds.shift();
        const named = kind === "rate_limited" ? { notBeforeMs: ports.world.nowMs() + MINUTE_MS } : {};
        if (kind !== undefined)
          throw new FailureError({ kind, party: "fireflies", detail: "HTTP 4xx or 5xx", ...named });
        return source.listMeetings(asked);
      },
    },
  };
}

/** Some days of an estate in which things were kept aside, failed, were tried again, parked and were proved. */
async function anEventfulWeek() {
  const space = await aFirefliesWorkspace([
    aSourceMeeting("m1", 30),
    aSourceMeeting("m2", 50, { title: "" }),
    aSourceMeeting("m3", 70),
  ]);
  const runs = [await space.sync(), await space.vectors()];
  await verified(space);
  for (const [n, kinds] of (["rate_limited", "unreachable", null, "unreachable"] as const).entries()) {
    space.world.advance(26 * HOUR_MS);
    space.fireflies.control({
      op: "arrive",
      hoursAgo: 1,
      meeting: { id: `late-${n}`, duration: 30 },
    } as never);
    const ports =
      kinds === null
        ? space.ports
        : failing(
            space.ports,
            Array.from({ length: 2 }, () => kinds),
          );
    runs.push(await space.sync(ports), await space.vectors());
  }
  // One that used up its retries, and the run that went on after it.
  space.world.advance(HOUR_MS);
  runs.push(
    await space.sync(
      failing(
        space.ports,
        Array.from({ length: 9 }, () => "unreachable" as const),
      ),
    ),
  );
  space.world.advance(HOUR_MS);
  runs.push(await space.sync());
  return { space, runs };
}

async function weekOf(space: Workspace, sync?: string): Promise<WeekReport> {
  const asked = parseWeek({ sync }, space.world.nowMs());
  if ("error" in asked) throw new Error(asked.error);
  return readWeekReport(space.ports, asked.week, false);
}

async function reportOf(space: Workspace, runId: string): Promise<FullRunReport> {
  const report = await readRunReport(space.ports, runId);
  if (report === null) throw new Error("the run is gone");
  return report;
}

/** Each query asked by itself of the database, as a person would. */
async function askedAlone({ d1 }: Workspace, queries: Queries<object>): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (const [name, sql] of Object.entries(queries) as [string, string][])
    answers[name] = (await d1.prepare(sql).all()).results;
  return answers;
}

/** Every table of a document, those of charts included. */
function tablesOf({ sections }: ReportDocument): Table[] {
  return sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) =>
      block.kind === "table" ? [block.table] : block.kind === "chart" ? [block.chart.table] : [],
    ),
  );
}

describe("the reports of an eventful week", async () => {
  const { space, runs } = await anEventfulWeek();
  const states = runs.map(({ state }) => state);

  it("are of a week in which there was something to tell", () => {
    expect(states).toContain("failed");
    expect(states).toContain("succeeded");
  });

  it("every figure of a run is what the query named beside it yields by itself", async () => {
    for (const { id } of runs) {
      const { figures, queries, ...report } = await reportOf(space, id);
      expect(await askedAlone(space, queries)).toEqual(figures);
      // What the ledger froze at the end says the same.
      const counted = Object.fromEntries(figures.run_items.map(({ verdict, items }) => [verdict, items]));
      expect(report.run.result?.counts).toMatchObject(counted);
      expect(figures.run_calls.reduce((sum, { calls }) => sum + calls, 0)).toBe(report.run.result?.apiCalls);
      expect(figures.run_waits.reduce((sum, { retries }) => sum + retries, 0)).toBe(
        report.run.result?.retries,
      );
    }
  });

  it.each([undefined, "fireflies", "vectors", "projects"])(
    "every figure of a week is what the query named beside it yields by itself (sync: %s)",
    async (sync) => {
      const { figures, queries, week } = await weekOf(space, sync);
      expect(await askedAlone(space, queries)).toEqual(figures);
      // They say what is asked, and nothing of what is not.
      expect(Object.values(queries).join("\n")).not.toMatch(/null is null|coalesce\(null|\?\d/);
      const days = daysOf(week);
      expect(days).toHaveLength(7);
      const named = [...figures.week_days, ...figures.week_items, ...figures.week_errors_by_day];
      expect(days).toEqual(expect.arrayContaining(named.map(({ day }) => day)));
      for (const { day } of figures.week_days)
        expect(
          (await space.rows<{ ms: number }>("select ended_ms as ms from runs where ended_ms is not null"))
            .map(({ ms }) => dayIn(week, ms))
            .includes(day),
        ).toBe(true);
      const ended = figures.week_runs.reduce((sum, row) => sum + row.runs, 0);
      expect(figures.week_days.reduce((sum, row) => sum + row.runs, 0)).toBe(ended);
    },
  );

  it("print, in the tables that name a query, no figure that its answer does not hold", async () => {
    const week = await weekOf(space);
    const documents = [
      { document: weekDocument(week), answers: await askedAlone(space, week.queries) },
      ...(await Promise.all(
        runs.map(async ({ id }) => {
          const report = await reportOf(space, id);
          return { document: runDocument(report), answers: await askedAlone(space, report.queries) };
        }),
      )),
    ];
    let looked = 0;
    for (const { document, answers } of documents)
      for (const { query, columns, rows } of tablesOf(document)) {
        if (
          query === null ||
          !["calls", "waits", "alerts", "week_runs", "counts"].some((name) => query.endsWith(name))
        )
          continue;
        const answer = answers[query] as readonly Record<string, unknown>[];
        expect(rows).toHaveLength(answer.length);
        for (const [place, row] of rows.entries()) {
          const held = new Set(
            Object.values(answer[place] ?? {}).map((value) => Number(value).toLocaleString("en-GB")),
          );
          const whole = row.filter((cell, n) => columns[n]?.isNumber === true && /^[\d,]+$/.test(cell));
          expect([...held], `${query} ${row.join(" ")}`).toEqual(expect.arrayContaining(whole));
          looked += whole.length;
        }
      }
    expect(looked).toBeGreaterThan(20);
  });

  it("link each error with what came of it", async () => {
    const { errors } = await weekOf(space);
    const hows = new Set(errors.map(({ resolution }) => resolution.how));
    expect([...hows].toSorted()).toEqual(["later_run", "next_attempt", "tried_again"]);
    for (const { id, resolution, step } of errors.filter(
      ({ resolution: { how } }) => how === "next_attempt",
    )) {
      const [next] = await space.rows<{ outcome: string; step: string }>(
        `select outcome, step from attempts where id = '${resolution.id}' and id > '${id}'`,
      );
      expect(next).toEqual({ outcome: "ok", step });
    }
    const later = errors.find(({ resolution: { how } }) => how === "later_run");
    expect((await space.ports.runs.run(later?.resolution.id ?? ""))?.state).toBe("succeeded");
  });

  it("keep waiting apart from working", async () => {
    const waited = runs.find(({ result, state }) => (result?.retries ?? 0) > 0 && state === "succeeded");
    const { figures, recommendations } = await reportOf(space, waited?.id ?? "");
    const [time] = figures.run_time;
    // Two tries of a rate limit that named no time: a minute each, and nothing but the clock of the waits moved.
    expect(time?.waitedMs).toBe(figures.run_waits.reduce((sum, row) => sum + row.waitedMs, 0));
    expect(time?.elapsedMs).toBe(time?.waitedMs);
    expect(recommendations.map(({ rule }) => rule)).toContain("waits_for_one");
    expect(recommendations[0]?.text).toMatch(/^100 % of the run waited for Fireflies/);
  });

  it("measure the success metrics, and the age of data", async () => {
    const { metrics, figures } = await weekOf(space);
    const failed = states.filter((state) => state === "failed").length;
    expect(figures.metric_completion[0]).toMatchObject({ failed });
    expect(metrics.map(({ isMet }) => isMet)).toEqual([false, true, true, true]);
    // Each came an hour after it took place, and was half an hour long; the waits of its run are on top.
    expect(figures.week_data_age_all[0]?.meetings).toBe(4);
    expect(figures.week_data_age_all[0]?.p50Ms).toBeGreaterThanOrEqual(HOUR_MS / 2);
    expect(figures.week_data_age.reduce((sum, { meetings }) => sum + meetings, 0)).toBe(4);
  });

  it("hold no title, no address and nothing that was said", async () => {
    const printed = [
      JSON.stringify(await weekOf(space)),
      ...(await Promise.all(runs.map(async ({ id }) => JSON.stringify(await reportOf(space, id))))),
    ].join("\n");
    const meetings = await space.rows<{ title: string; organizer_email: string }>(
      "select title, organizer_email from meetings",
    );
    const words = [
      ...meetings.flatMap(({ title, organizer_email: address }) => [title, address]),
      "the crane",
    ];
    expect(words.filter((word) => word !== null && word !== "" && printed.includes(word))).toEqual([]);
  });
});

describe("the report of a week", () => {
  const aStore = async () => {
    const space = await aWorkspace();
    // Four days of an hour in the afternoon; the raw store once.
    for (const [n, bytes] of [3_000_000, 4_000_000, 2_500_000, 2_000_000].entries()) {
      const readings = [d1Reading(bytes), vectorsReading(10 * n), diskReading(5_000_000_000 - n)];
      await space.ports.storage.keep(
        n === 1 ? [...readings, rawReading(9_000_000)] : readings,
        space.world.nowMs(),
      );
      space.world.advance(24 * HOUR_MS);
    }
    return space;
  };

  it("tells the course of each store: first, last, and every day", async () => {
    const space = await aStore();
    const report = await weekOf(space);
    expect(await askedAlone(space, report.queries)).toEqual(report.figures);
    const section = weekDocument(report).sections.find(({ title }) => title === "Storage over these days");
    const blocks = section?.blocks ?? [];
    const [sizes, vectors] = blocks.flatMap((block) => (block.kind === "chart" ? [block.chart] : []));
    expect(sizes).toMatchObject({ name: "storage", unit: "MB", form: "lines" });
    expect(sizes?.summary).toBe(
      "First and last: database 3.0 MB, then 2.0 MB; raw store 9.0 MB, then 9.0 MB.",
    );
    expect(sizes?.categories).toHaveLength(7);
    expect(sizes?.series).toEqual([
      { name: "database", values: [null, null, 3, 4, 2.5, 2, null] },
      { name: "raw store", values: [null, null, null, 9, null, null, null] },
    ]);
    expect(vectors?.series).toEqual([{ name: "vectors", values: [null, null, 0, 10, 20, 30, null] }]);
    const [table] = blocks.flatMap((block) => (block.kind === "table" ? [block.table] : []));
    expect(table?.query).toBe("week_storage");
    expect(table?.rows.map(([store, first, , last, , change]) => [store, first, last, change])).toEqual([
      ["database", "3.0 MB", "2.0 MB", "−1.0 MB"],
      ["raw store", "9.0 MB", "9.0 MB", "0 B"],
      ["vectors", "0", "30", "+30"],
      ["disk, left", "4.9 GB", "4.9 GB", "−3 B"],
    ]);
    expect(pageOf(weekDocument(report), report.madeMs)).toContain("How much is stored");
  });

  it("is of seven times 24 hours, and says when a day of it ends", async () => {
    const space = await aStore();
    const now = markdownOf(weekDocument(await weekOf(space)));
    expect(now).toContain(
      "2026-05-29T12:00:00Z to 2026-06-05T12:00:00Z, seven days of 24 hours, each named by the date on which it ends, at 12:00 UTC; 0 runs ended.",
    );
    const asked = parseWeek({ until: "2026-06-04" }, space.world.nowMs());
    if ("error" in asked) throw new Error(asked.error);
    const until = markdownOf(weekDocument(await readWeekReport(space.ports, asked.week, false)));
    expect(until).toContain("2026-05-29T00:00:00Z to 2026-06-05T00:00:00Z, seven days of 24 hours; 0 runs");
  });

  it("tells of values of pages that were put aside, as of meetings, and of no sync that takes nothing on", async () => {
    const space = await aNotionWorkspace();
    await space.sync("clients");
    await runSync(space, "verify");
    const [aside] = await space.rows<{ n: number }>("select count(*) as n from quarantined_fields");
    expect(aside?.n).toBeGreaterThan(0);
    const ofAll = await weekOf(space);
    expect(ofAll.figures.week_quarantine).toMatchObject([{ opened: 0, cured: 0, kept: aside?.n }]);
    expect((await weekOf(space, "clients")).figures.week_quarantine).toEqual(ofAll.figures.week_quarantine);
    expect((await weekOf(space, "fireflies")).figures.week_quarantine).toEqual([]);
    const items = tablesOf(weekDocument(ofAll)).filter(({ query }) => query === "week_items");
    expect(items.at(-1)?.rows.map(([sync]) => sync)).toEqual(["clients"]);
    expect(ofAll.figures.week_counts.map(({ sync }) => sync)).toEqual(["clients"]);
  });

  it("of a proof says that it counted nothing, rather than a row of dashes", async () => {
    const space = await aWorkspace();
    const run = await runSync(space, "verify");
    const told = markdownOf(runDocument(await reportOf(space, run.id)));
    expect(told).toContain("Nothing was counted on either side.");
    expect(runLines(run)).not.toContain("seen");
    expect(runLines(await runSync(space, "fireflies"))).toContain("0 seen");
  });
});

it("a week, and a run, tell the newest counts although runs since then only read what was edited", async () => {
  const content = () => fightContent(Date.UTC(2026, 5, 1, 11), 1);
  const space = await aNotionWorkspace({ content, requestsPerMinute: null });
  const listing = await space.sync("projects");
  space.world.advance(HOUR_MS);
  const edits = await space.sync("projects");
  const { sourceCount, destinationCount } = listing;
  expect([sourceCount === null, edits.sourceCount]).toEqual([false, null]);
  const [row] = (await weekOf(space, "projects")).figures.week_counts;
  expect(row).toMatchObject({
    sourceBefore: null,
    sourceAfter: sourceCount,
    destinationAfter: destinationCount,
  });
  space.world.advance(HOUR_MS);
  const { figures } = await reportOf(space, (await space.sync("projects")).id);
  expect(figures.run_counts[0]).toMatchObject({
    sourceBefore: sourceCount,
    sourceAfter: null,
    destinationBefore: destinationCount,
  });
});

describe("the report of a run", () => {
  it("that was lost before its first batch says so, and what is known", async () => {
    const space = await aWorkspace();
    const { run } = await startRun(space.ports, space.engine, {
      sync: "fireflies",
      trigger: "manual",
      priority: "normal",
    });
    const at = { startedMs: space.world.nowMs(), realNowMs: space.world.realNowMs(), termMs: 1_000 };
    await space.ports.runs.acquireLease(run, at);
    space.world.advance(HOUR_MS);
    const lost = { id: space.world.newId(), kind: "run_lost", subject: "fireflies", detail: "" } as const;
    await space.ports.runs.closeLost(run.id, lost, space.world.nowMs());
    const text = markdownOf(runDocument(await reportOf(space, run.id)));
    expect(text).toContain("# fireflies: failed");
    expect(text).toContain("**lost: the step engine no longer knows this run**");
    expect(text).toContain("It ended without a result");
    expect(text).toContain("No item has a verdict.");
    expect(text).toContain(
      "No step failed; the run ended with: lost: the step engine no longer knows this run",
    );
    expect(text.split("## Queries")[0]).not.toMatch(/NaN|undefined|null/);
  });

  it("has stages that come to what its operations come to, the call that asks whose key it is among them", async () => {
    const space = await aFirefliesWorkspace([aSourceMeeting("m1", 1)]);
    const { id } = await space.sync();
    const { figures, stages } = await reportOf(space, id);
    const timesOf = (rows: readonly { readonly times: number }[]): number =>
      rows.reduce((sum, { times }) => sum + times, 0);
    expect(figures.run_operations.map(({ operation }) => operation)).toContain("account");
    expect(timesOf(stages)).toBe(timesOf(figures.run_operations));
  });

  it("of a cleanup that failed says when it is tried again, until another one has run", async () => {
    const space = await aWorkspace();
    const { cleanup } = space.ports;
    const broken = {
      ...space.ports,
      cleanup: { ...cleanup, tallies: () => Promise.reject(new TypeError()) },
    };
    const { id, state } = await runSync(space, "cleanup", broken);
    const told = async () => markdownOf(runDocument(await reportOf(space, id)));
    expect(state).toBe("failed");
    expect(await told()).toContain("Because it failed, it is tried again at 2026-06-02T12:00:00Z.");
    await runSync(space, "cleanup");
    expect(await told()).not.toContain("tried again at");
  });

  it("that waits for its lane, or goes on, is of what is known so far", async () => {
    const space = await aWorkspace();
    const { run } = await startRun(space.ports, space.engine, {
      sync: "fireflies",
      trigger: "manual",
      priority: "normal",
    });
    expect(markdownOf(runDocument(await reportOf(space, run.id)))).toContain(
      "not started yet, waits for its lane.",
    );
    const at = { startedMs: space.world.nowMs(), realNowMs: space.world.realNowMs(), termMs: 1_000 };
    await space.ports.runs.acquireLease(run, at);
    space.world.advance(90_000);
    const report = await reportOf(space, run.id);
    expect(report.figures.run_time[0]).toMatchObject({ elapsedMs: 90_000, tookMs: null });
    expect(markdownOf(runDocument(report))).toContain("under way for 1 min 30 s");
    expect(report.recommendations).toEqual([]);
  });

  it("that paused for the index, and parked, tells both apart from its work", async () => {
    const space = await aFirefliesWorkspace([aSourceMeeting("m1", 3)]);
    await space.sync();
    // Twice it shows nothing of what it took: pauses of one and two seconds.
    let looks = 0;
    const { index } = space.ports;
    const late = {
      ...index,
      getByIds: async (ids: readonly string[]) => ((looks += 1) > 2 ? index.getByIds(ids) : []),
    };
    const { id } = await runSync(space, "vectors", { ...space.ports, index: late });
    const { figures, stages } = await reportOf(space, id);
    const waited = stages.find(({ stage }) => stage === "wait");
    expect(waited).toEqual({ stage: "wait", times: 2, ms: 3_000 });
    expect(figures.run_time[0]).toMatchObject({ waitedMs: 3_000, elapsedMs: 3_000, parkedMs: null });
    await space.d1
      .prepare("update runs set state = 'parked', not_before_ms = ended_ms + 7000 where id = ?1")
      .bind(id)
      .run();
    expect((await reportOf(space, id)).figures.run_time[0]?.parkedMs).toBe(7_000);
  });
});

describe("the doors of reports", () => {
  async function theRoutes() {
    const space = await aWorkspace();
    const app = new Hono<Api>();
    app.use("*", async (c, next) => {
      c.set("ports", space.ports);
      await next();
    });
    app.route("/api", reportRoutes());
    return {
      space,
      get: (path: string) => app.request(path, {}, {} as never),
    };
  }

  it("name the command that lists runs where there is no such run", async () => {
    const { get } = await theRoutes();
    const answer = await get("/api/runs/none/report");
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: "there is no run none; npm run -s syncctl -- runs names the latest" },
    ]);
  });

  it("refuse a day or a sync that does not exist with one sentence", async () => {
    const { get } = await theRoutes();
    for (const path of ["/api/report/week?until=x", "/api/report/week?sync=x"]) {
      const answer = await get(path);
      expect(answer.status).toBe(400);
      expect(Object.keys((await answer.json()) as object)).toEqual(["error"]);
    }
  });

  it("say of an empty database that nothing is measured, and advise nothing", async () => {
    const { get } = await theRoutes();
    const report = (await (await get("/api/report/week")).json()) as WeekReport;
    expect(report.metrics.map(({ isMet, value }) => [isMet, value])).toEqual(
      Array.from({ length: 4 }, () => [null, null]),
    );
    expect(report.recommendations).toEqual([]);
    const text = markdownOf(weekDocument(report));
    expect(text).toContain("0 runs ended");
    expect(text).toContain("None: no figure is beyond the threshold of a rule.");
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    expect(pageOf(weekDocument(report), report.madeMs)).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("a ledger of thousands of runs and a hundred thousand attempts", async () => {
  const space = await aWorkspace();
  const nowMs = space.world.nowMs();
  const RUNS = 3_000;
  const PER_RUN = 34;
  // A quarter of them in the week that is asked for.
  await space.d1
    .prepare(
      `with recursive n(i) as (select 0 union all select i + 1 from n where i < ${RUNS - 1})
       insert into runs (id, sync, trigger, state, ceiling_ms, queued_ms, started_ms, ended_ms, duration_ms, result)
       select printf('R%06d', i), iif(i % 3, 'fireflies', 'projects'), 'schedule', iif(i % 50, 'succeeded', 'failed'), 0,
         at, at, at + 60000, 60000, json_object('counts', json_object('created', i % 2), 'operations', json_object('list', json_object('times', 1, 'ms', 9)))
       from (select i, ${nowMs} - 28 * 86400000 + i * (28 * 86400000 / ${RUNS}) as at from n)`,
    )
    .run();
  await space.d1
    .prepare(
      `with recursive n(i) as (select 0 union all select i + 1 from n where i < ${PER_RUN - 1})
       insert into attempts (id, run_id, step, party, operation, is_call, at_ms, duration_ms, outcome, detail, next, next_ms, decided_ms)
       select runs.id || '-' || i, runs.id, 'page:' || i, 'fireflies', 'list', 1, started_ms + i, 5, iif(i % 17, 'ok', 'timed_out'),
         null, iif(i % 17, null, 'wait'), iif(i % 17, null, started_ms + i + 5000), iif(i % 17, null, started_ms + i) from runs, n`,
    )
    .run();
  const week: Week = { fromMs: nowMs - 7 * 86_400_000, toMs: nowMs + 1, sync: null };

  it("is read by indexes alone: no query goes through a table that grows with time", async () => {
    const grows =
      /SCAN (?:runs|attempts|a|r|b|n|former|alerts|sightings|s|chunks|meetings|m|findings|proofs|pushes|quarantine|run_items|webhook_inbox)\b/;
    for (const sync of [null, "fireflies"]) {
      const { queries } = await space.ports.reports.week({ ...week, sync });
      const ofRun = await space.ports.reports.run("R002999", nowMs);
      for (const [name, sql] of Object.entries({ ...queries, ...ofRun.queries })) {
        const plan = (await space.d1.prepare(`explain query plan ${sql}`).all<{ detail: string }>()).results;
        const scans = plan.map(({ detail }) => detail).filter((detail) => grows.test(detail));
        expect(
          scans.filter((detail) => !isBounded(name, detail)),
          name,
        ).toEqual([]);
      }
    }
  });

  /** What looks like a scan and is none: of a subquery of that name, or of an index that holds only what stands now. */
  function isBounded(name: string, detail: string): boolean {
    if (name === "week_counts") return detail === "SCAN s";
    return name.includes("quarantine") && detail.includes("USING INDEX");
  }

  it("yields a report whose size has a bound", async () => {
    const report = await readWeekReport(space.ports, week, false);
    expect(report.figures.week_calls.reduce((sum, { calls }) => sum + calls, 0)).toBeGreaterThan(20_000);
    expect(report.errors).toHaveLength(50);
    expect(JSON.stringify(report).length).toBeLessThan(100_000);
    expect(pageOf(weekDocument(report), report.madeMs).length).toBeLessThan(250_000);
  });
});

describe("what comes from data", () => {
  it("can neither run nor end a line, wherever it stands", async () => {
    const space = await aWorkspace();
    const { run } = await startRun(space.ports, space.engine, {
      sync: "fireflies",
      trigger: "manual",
      priority: "normal",
    });
    const evil = `<script>alert(1)</script>"'&|\u001b[2J\u202e\n# heading`;
    await space.d1
      .prepare("insert into run_items (run_id, item_id, verdict, reason) values (?1, ?2, 'quarantined', ?2)")
      .bind(run.id, evil)
      .run();
    await space.d1
      .prepare(
        "insert into attempts (id, run_id, step, party, operation, is_call, at_ms, outcome, detail) values ('a', ?1, ?2, ?2, ?2, 1, 0, 'unreachable', ?2)",
      )
      .bind(run.id, evil)
      .run();
    await space.d1
      .prepare(
        "insert into quarantine (kind, source_id, problems, first_ms, last_ms, run_id) values ('meeting', ?1, ?2, 0, 0, ?3)",
      )
      .bind(evil, JSON.stringify([{ field: evil, problem: evil }]), run.id)
      .run();
    const report = await reportOf(space, run.id);
    const document = runDocument(report);
    const page = pageOf(document, report.madeMs);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;");
    expect(page).not.toMatch(/<script|\p{Bidi_Control}/u);
    expect(page.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(page).not.toMatch(/(?:src|href)="(?!#)/);
    const text = markdownOf(document);
    expect(text).not.toMatch(/^# heading|[^\\]<script|\p{Bidi_Control}/mu);
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });
});

it("a week whose logs cleanup has deleted is not measured, and says so, rather than met", async () => {
  const { space } = await anEventfulWeek();
  const until = new Date(space.world.nowMs()).toISOString().slice(0, 10);
  const then = await weekOf(space);
  expect(then.metrics.map(({ isMet }) => isMet)).toContain(false);
  expect(then.isCut).toBe(false);
  space.world.advance(45 * 24 * HOUR_MS);
  await cleanUp(space);
  const asked = parseWeek({ until }, space.world.nowMs());
  if ("error" in asked) throw new Error(asked.error);
  const later = await readWeekReport(space.ports, asked.week, false);
  expect(later.metrics.map(({ isMet, value }) => [isMet, value])).toEqual(
    later.metrics.map(() => [null, null]),
  );
  expect(later.isCut).toBe(true);
  const told = markdownOf(weekDocument(later));
  expect(told).toContain("**Logs older than 30 days are deleted");
  // What was counted before they went is what the week itself had said.
  const failed = then.figures.week_runs.find(({ sync }) => sync === "fireflies")?.failed;
  expect(failed).toBeGreaterThan(0);
  expect(later.figures.kept_figures).toContainEqual({
    sync: "fireflies",
    figure: "runs",
    name: "failed",
    value: failed,
  });
  expect(told).toMatch(new RegExp(`\\| fireflies \\| runs +\\| failed +\\| +${failed} \\|`));
});

it("a complete proof that could not list the source is no evidence that nothing was lost", async () => {
  const space = await aFirefliesWorkspace([aSourceMeeting("m1", 30)]);
  await space.sync();
  await space.vectors();
  space.world.advance(9 * 24 * HOUR_MS);
  const blind = failing(
    space.ports,
    Array.from({ length: 50 }, () => "unreachable" as const),
  );
  const { report } = await verified(space, { ports: blind });
  expect(report.proof?.endedMs).not.toBeNull();
  expect(report.proof?.state.notes.join()).toContain("could not be listed now");
  const lossOf = async () => (await weekOf(space)).metrics.find(({ name }) => name === "Data loss events");
  expect(await lossOf()).toMatchObject({ isMet: null, value: null });
  await verified(space);
  expect(await lossOf()).toMatchObject({ isMet: true, value: 0 });
});
