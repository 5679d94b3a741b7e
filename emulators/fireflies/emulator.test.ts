import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseFaults } from "../faults/plan.ts";
import { decodeClock, worldNowMs } from "../world/clock.ts";
import { type Answer, aWorkspace, EPOCH_MS, meetingsIn } from "./a-workspace.ts";
import { benchMeetings } from "./bench-meetings.ts";
import { createFirefliesEmulator, type FirefliesOptions } from "./emulator.ts";
import type { SourceMeeting } from "./source-meeting.ts";

const LIST =
  "query List($limit: Int, $skip: Int) { transcripts(limit: $limit, skip: $skip) { id title date dateString } }";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function aMeeting(id: string, given: Partial<SourceMeeting> = {}): SourceMeeting {
  return { id, title: `Meeting ${id}`, date_ms: EPOCH_MS - HOUR_MS, ...given };
}

describe("transport and keys", () => {
  it("refuses anything but a POST of JSON before it looks at the key", async () => {
    const { emulator } = await aWorkspace();
    for (const init of [
      { method: "GET" },
      { method: "POST", body: "query={user{email}}", headers: { "content-type": "text/plain" } },
    ]) {
      const response = await emulator.fetch(new Request("http://fireflies.test/graphql", init));
      expect(response.status).toBe(400);
      expect(await response.text()).toContain("CSRF");
    }
  });

  it("answers auth_failed to a missing, wrong, removed or rotated key", async () => {
    const { ask, emulator } = await aWorkspace();
    expect((await ask("{ user { email } }", {}, { authorization: "Bearer wrong" })).errors[0]).toMatchObject({
      code: "auth_failed",
      friendly: true,
      extensions: { code: "auth_failed", status: 401 },
    });
    expect((await ask("{ user { email } }", {}, { authorization: "" })).status).toBe(401);
    emulator.control({ op: "rotate-key", key: "fresh" });
    expect((await ask("{ user { email } }")).status).toBe(401);
    expect((await ask("{ user { email } }", {}, { authorization: "Bearer fresh" })).status).toBe(200);
    emulator.control({ op: "remove-key" });
    expect((await ask("{ user { email } }", {}, { authorization: "Bearer fresh" })).status).toBe(401);
  });

  it("sends its clock on every response and answers HEAD without counting a call", async () => {
    const { emulator } = await aWorkspace({ speed: 60 });
    const response = await emulator.fetch(new Request("http://fireflies.test/", { method: "HEAD" }));
    expect(response.status).toBe(200);
    expect(decodeClock(response.headers.get("x-world-clock"))).toEqual(emulator.clock());
    expect(emulator.log()).toEqual([]);
    const world = await emulator.fetch(new Request("http://fireflies.test/__world"));
    expect(await world.json()).toMatchObject({
      clock: emulator.clock(),
      account_id: emulator.accountId,
      kind: "fireflies-emulator",
    });
  });
});

describe("validation", () => {
  it("answers 400 without data to what the schema does not allow", async () => {
    const { ask } = await aWorkspace();
    const invalid = [
      "{ transcripts { nothing } }",
      "{ transcripts(sort: 1) { id } }",
      "query($d: String) { transcripts(fromDate: $d) { id } }",
      "query($p: [String]) { transcripts(participants: $p) { id } }",
      "{ transcripts { id ",
    ];
    for (const query of invalid) {
      const answer = await ask(query);
      expect(answer.status).toBe(400);
      expect(answer.data).toBeUndefined();
    }
    const badDate = await ask("query($d: DateTime) { transcripts(fromDate: $d) { id } }", { d: "yesterday" });
    expect(badDate.status).toBe(400);
    expect(badDate.data).toBeUndefined();
  });

  it("names every broken rule of the arguments", async () => {
    const { ask } = await aWorkspace();
    const answer = await ask(
      '{ transcripts(limit: 51, title: "a", keyword: "b", mine: true, user_id: "x") { id } }',
    );
    const metadata = answer.errors[0]!.extensions["metadata"] as { fields: { name: string }[] };
    expect(answer.errors[0]!.code).toBe("invalid_arguments");
    expect(metadata.fields.map(({ name }) => name)).toEqual(["limit", "title", "keyword", "user_id", "mine"]);
    expect((await ask('{ transcripts(user_id: "nobody") { id } }')).errors[0]).toMatchObject({
      code: "object_not_found",
      extensions: { metadata: { objectType: "User" } },
    });
  });

  it("answers errors as HTTP 200 when told to", async () => {
    const { ask, emulator } = await aWorkspace();
    expect((await ask('{ transcript(id: "gone") { id } }')).status).toBe(404);
    emulator.control({ op: "behave", errorStatus: "always200" });
    const answer = await ask('{ transcript(id: "gone") { id } }');
    expect(answer).toMatchObject({ status: 200, data: { transcript: null } });
    expect(answer.errors[0]).toMatchObject({
      code: "object_not_found",
      path: ["transcript"],
      extensions: { status: 404 },
    });
  });
});

describe("listing", () => {
  it("lists newest first by exact creation, ties by id, fifty at most", async () => {
    const at = EPOCH_MS - HOUR_MS;
    const meetings = [
      aMeeting("b", { date_ms: at }),
      aMeeting("a", { date_ms: at }),
      aMeeting("c", { date_ms: at + 1 }),
      aMeeting("undated", { date_ms: null }),
    ];
    const { ask } = await aWorkspace({ meetings });
    expect(meetingsIn(await ask(LIST)).map(({ id }) => id)).toEqual(["c", "a", "b", "undated"]);
    const sample = await aWorkspace();
    expect(meetingsIn(await sample.ask(LIST))).toHaveLength(50);
    expect(meetingsIn(await sample.ask(LIST, { skip: 50 }))).toHaveLength(10);
  });

  it("floors date to five minutes and dateString to the second, and gives duration the noise of a float", async () => {
    const meetings = [
      aMeeting("x", { date_ms: Date.UTC(2026, 4, 6, 1, 52, 12, 789), duration: 46.38 }),
      aMeeting("old", { date_ms: null, date: "0000-01-01T00:00:00Z" }),
    ];
    const { ask } = await aWorkspace({ meetings });
    const [x, old] = meetingsIn(await ask("{ transcripts { date dateString duration } }"));
    expect(x).toEqual({
      date: Date.UTC(2026, 4, 6, 1, 50),
      dateString: "2026-05-06T01:52:12.000Z",
      duration: Math.fround(46.38),
    });
    expect(old).toMatchObject({ dateString: "0000-01-01T00:00:00.000Z" });
  });

  it("filters by date in every mode", async () => {
    const mark = Date.UTC(2026, 4, 6, 1, 52, 12);
    const meetings = [aMeeting("on", { date_ms: mark }), aMeeting("before", { date_ms: mark - HOUR_MS })];
    const { ask, emulator } = await aWorkspace({ meetings });
    const query = "query($f: DateTime, $t: DateTime) { transcripts(fromDate: $f, toDate: $t) { id } }";
    const ids = async (f?: number, t?: number) => {
      const iso = (ms?: number) => (ms === undefined ? null : new Date(ms).toISOString());
      return meetingsIn(await ask(query, { f: iso(f), t: iso(t) })).map(({ id }) => id);
    };
    emulator.control({ op: "behave", dateFilter: { bounds: "inclusive", compares: "dateString" } });
    expect(await ids(mark, mark)).toEqual(["on"]);
    emulator.control({ op: "behave", dateFilter: { bounds: "exclusive", compares: "dateString" } });
    expect(await ids(mark)).toEqual([]);
    expect(await ids(mark - 1_000, mark + 1_000)).toEqual(["on"]);
    emulator.control({ op: "behave", dateFilter: { bounds: "inclusive", compares: "date" } });
    expect(await ids(mark)).toEqual([]);
    expect(await ids(Date.UTC(2026, 4, 6, 1, 50))).toEqual(["on"]);
    emulator.control({ op: "behave", dateFilter: { bounds: "exclusive", compares: "date" } });
    expect(await ids(Date.UTC(2026, 4, 6, 1, 50))).toEqual([]);
  });

  it("filters by people, title and words", async () => {
    const meetings = [
      aMeeting("a", {
        organizer_email: "ann@x.test",
        participants: ["ann@x.test", "bob@x.test"],
        sentences: [{ text: "The pump is late." }],
      }),
      aMeeting("b", { organizer_email: "bob@x.test", participants: ["bob@x.test"], title: "Pumps" }),
      aMeeting("c", { organizer_email: "ann@x.test", participants: [] }),
    ];
    const { ask } = await aWorkspace({ meetings });
    const ids = async (filter: string) =>
      meetingsIn(await ask(`{ transcripts(${filter}) { id } }`)).map(({ id }) => id);
    expect(await ids("mine: true")).toEqual(["a", "c"]);
    expect(await ids('participants: ["bob@x.test"]')).toEqual(["a", "b"]);
    expect(await ids('organizers: ["bob@x.test"]')).toEqual(["b"]);
    expect(await ids('keyword: "pump"')).toEqual(["b"]);
    expect(await ids('keyword: "pump", scope: "sentences"')).toEqual(["a"]);
    expect(await ids('keyword: "pump", scope: "all"')).toEqual(["a", "b"]);
  });

  it("shows duplicates and gaps when rows come and go between pages", async () => {
    const { ask, emulator } = await aWorkspace();
    const before = meetingsIn(await ask(LIST, { limit: 20 })).map(({ id }) => id as string);
    emulator.control({ op: "later", afterLists: 1, do: [{ op: "arrive", meeting: { title: "New" } }] });
    expect(meetingsIn(await ask(LIST, { limit: 10 })).map(({ id }) => id)).toEqual(before.slice(0, 10));
    expect(meetingsIn(await ask(LIST, { limit: 10, skip: 10 }))[0]!["id"]).toBe(before[9]);
    emulator.control({ op: "delete", id: before[0]! });
    emulator.control({ op: "delete", id: before[1]! });
    expect(meetingsIn(await ask(LIST, { limit: 10, skip: 10 }))[0]!["id"]).toBe(before[11]);
  });
});

describe("the life of a meeting", () => {
  const READ =
    "query($id: String!) { transcript(id: $id) { is_live sentences { text } summary { gist } audio_url meeting_info { silent_meeting summary_status } } }";

  it("goes from live to transcribed to summarised with world time", async () => {
    const { ask, emulator, wait } = await aWorkspace({ speed: 60 });
    const arrived = emulator.control({
      op: "arrive",
      ripens: { liveMinutes: 30, transcribedAfterMinutes: 35, summarizedAfterMinutes: 40 },
    });
    const id = arrived.ok ? arrived.id : "";
    const read = async () =>
      (await ask(READ, { id })).data!["transcript"] as Record<string, Record<string, unknown>>;
    expect(await read()).toMatchObject({ is_live: true, sentences: null, summary: null, audio_url: null });
    wait(32_000);
    expect(await read()).toMatchObject({
      is_live: false,
      sentences: null,
      meeting_info: { summary_status: "processing" },
    });
    wait(4_000);
    expect(await read()).toMatchObject({
      sentences: expect.arrayContaining([]),
      summary: null,
      meeting_info: { summary_status: "processing" },
    });
    wait(5_000);
    expect(await read()).toMatchObject({
      summary: { gist: expect.any(String) },
      meeting_info: { summary_status: "processed", silent_meeting: false },
    });
  });

  it("may end skipped or failed", async () => {
    const { ask, emulator, wait } = await aWorkspace();
    for (const outcome of ["skipped", "failed"] as const) {
      const arrived = emulator.control({
        op: "arrive",
        ripens: { transcribedAfterMinutes: 0, summarizedAfterMinutes: 1, outcome },
      });
      wait(2 * MINUTE_MS);
      const answer = await ask(READ, { id: arrived.ok ? arrived.id : "" });
      expect(answer.data!["transcript"]).toMatchObject({
        summary: null,
        meeting_info: { summary_status: outcome },
      });
    }
  });

  it("lets an old-dated meeting appear late", async () => {
    const { ask, emulator, wait } = await aWorkspace();
    const arrived = emulator.control({ op: "arrive", hoursAgo: 72, inMinutes: 10 });
    const id = arrived.ok ? arrived.id : "";
    expect((await ask(READ, { id })).status).toBe(404);
    wait(10 * MINUTE_MS);
    const ids = meetingsIn(await ask(LIST)).map((meeting) => meeting["id"]);
    expect(ids).toContain(id);
    expect(ids.indexOf(id!)).toBeGreaterThan(2);
  });

  it("renames, hides and deletes without a trace but the change itself", async () => {
    const { ask, emulator } = await aWorkspace();
    const ids = meetingsIn(await ask(LIST)).map((meeting) => meeting["id"] as string);
    emulator.control({ op: "rename", id: ids[10]!, title: "Another name" });
    emulator.control({ op: "hide", id: ids[11]! });
    emulator.control({ op: "delete", id: ids[12]! });
    const after = meetingsIn(await ask(LIST, { limit: 20 }));
    expect(after.find(({ id }) => id === ids[10])).toMatchObject({ title: "Another name" });
    const gone = await Promise.all(
      [ids[11], ids[12], "never"].map(async (id) => (await ask(READ, { id })).errors[0]!.code),
    );
    expect(gone).toEqual(["object_not_found", "object_not_found", "object_not_found"]);
    emulator.control({ op: "show", id: ids[11]! });
    expect((await ask(READ, { id: ids[11] })).status).toBe(200);
    expect(emulator.control({ op: "show", id: ids[12]! })).toMatchObject({ ok: false });
  });

  it("serves an edited sentence and whole new fields, and refuses an impossible edit as a whole", async () => {
    const meetings = [
      aMeeting("m", {
        sentences: [
          { index: 0, text: "Helo" },
          { index: 1, text: "World" },
        ],
      }),
    ];
    const { ask, emulator } = await aWorkspace({ meetings });
    expect(
      emulator.control({ op: "edit", id: "m", set: { title: "T" }, sentence: { at: 7, text: "x" } }),
    ).toMatchObject({ ok: false, problem: expect.stringContaining("no sentence 7") });
    emulator.control({
      op: "edit",
      id: "m",
      sentence: { at: 0, text: "Hello", raw_text: "helo" },
      set: { summary: { gist: "Greeting" } },
    });
    const answer = await ask(
      '{ transcript(id: "m") { title sentences { index text raw_text } summary { gist } meeting_info { summary_status } } }',
    );
    expect(answer.data!["transcript"]).toEqual({
      title: "Meeting m",
      sentences: [
        { index: 0, text: "Hello", raw_text: "helo" },
        { index: 1, text: "World", raw_text: null },
      ],
      summary: { gist: "Greeting" },
      meeting_info: { summary_status: "processed" },
    });
  });

  it("renews signed media links, which are stable within a day", async () => {
    const { ask, wait } = await aWorkspace({ meetings: [aMeeting("m")] });
    const link = async () =>
      ((await ask('{ transcript(id: "m") { audio_url } }')).data!["transcript"] as { audio_url: string })
        .audio_url;
    const first = await link();
    wait(1_000);
    expect(await link()).toBe(first);
    wait(25 * HOUR_MS);
    expect(await link()).not.toBe(first);
    expect(Number(/Expires=(\d+)/.exec(first)![1]) * 1_000).toBeGreaterThan(EPOCH_MS);
  });

  it("obeys mutations that a sync may use and forbids the others", async () => {
    const { ask } = await aWorkspace({ meetings: [aMeeting("m"), aMeeting("n")] });
    await ask('mutation { updateMeetingTitle(input: { id: "m", title: "Typed" }) { title } }');
    await ask('mutation { updateMeetingPrivacy(input: { id: "m", privacy: owner }) { id } }');
    expect((await ask('mutation { deleteTranscript(id: "n") { id title } }')).data).toEqual({
      deleteTranscript: { id: "n", title: "Meeting n" },
    });
    expect(meetingsIn(await ask("{ transcripts { id title privacy } }"))).toEqual([
      { id: "m", title: "Typed", privacy: "owner" },
    ]);
    expect(
      (await ask('mutation { updateMeetingChannel(input: { transcript_ids: [], channel_id: "c" }) { id } }'))
        .errors[0]!.code,
    ).toBe("forbidden");
  });
});

describe("plans and quota", () => {
  it("refuses plan-gated fields as a whole or field by field", async () => {
    const { ask, emulator } = await aWorkspace({ plan: "free", quotaPerDay: 1_000 });
    const answer = await ask("{ transcripts(limit: 1) { id audio_url } }");
    expect(answer).toMatchObject({ status: 403, data: { transcripts: null } });
    expect(answer.errors[0]).toMatchObject({
      code: "paid_required",
      extensions: { metadata: { tier: "pro_or_higher" } },
    });
    emulator.control({ op: "behave", gatedFields: "field" });
    expect(await ask("{ transcripts(limit: 1) { id audio_url } }")).toMatchObject({
      status: 200,
      errors: [{ path: ["transcripts", 0, "audio_url"] }],
    });
    emulator.control({ op: "plan", plan: "business" });
    expect((await ask("{ transcripts(limit: 1) { id audio_url video_url } }")).errors).toEqual([]);
  });

  it("gives a free account fifty calls a day, until midnight UTC", async () => {
    const { ask, wait, emulator } = await aWorkspace({ plan: "free" });
    for (let call = 1; call <= 50; call += 1) {
      const { headers } = await ask("{ user { user_id } }");
      expect(headers.get("x-ratelimit-remaining-api")).toBe(String(50 - call));
    }
    const spent = await ask("{ user { user_id } }");
    expect(spent.status).toBe(429);
    expect(spent.headers.get("retry-after")).toBe(String(9 * 3_600));
    expect(spent.errors[0]).toMatchObject({
      code: "too_many_requests",
      extensions: { status: 429, metadata: { retryAfter: EPOCH_MS + 9 * HOUR_MS } },
    });
    wait(9 * HOUR_MS);
    expect((await ask("{ user { user_id } }")).status).toBe(200);
    expect(emulator.log().filter(({ early }) => early)).toEqual([]);
  });

  it("lengthens the block for a call that comes early, and logs it as early", async () => {
    const { ask, wait, emulator } = await aWorkspace();
    emulator.control({ op: "fault", next: [{ kind: "rate_limited", retryAfterSeconds: 60 }] });
    expect((await ask("{ user { user_id } }")).headers.get("retry-after")).toBe("60");
    wait(59_000);
    expect((await ask("{ user { user_id } }")).headers.get("retry-after")).toBe("31");
    wait(31_000);
    expect((await ask("{ user { user_id } }")).status).toBe(200);
    expect(emulator.log().map(({ early, status }) => [early, status])).toEqual([
      [false, 429],
      [true, 429],
      [false, 200],
    ]);
  });

  it("counts minutes in world time on a fast clock", async () => {
    const { ask, wait } = await aWorkspace({ speed: 60 });
    for (let call = 0; call < 60; call += 1) await ask("{ user { user_id } }");
    expect((await ask("{ user { user_id } }")).headers.get("retry-after")).toBe("60");
    wait(1_000);
    expect((await ask("{ user { user_id } }")).status).toBe(200);
  });

  it("leaves out rate limit headers when told to, and for the fields recorded without them", async () => {
    const { ask, emulator } = await aWorkspace();
    expect((await ask("{ channels { id } }")).headers.has("x-ratelimit-limit-api")).toBe(false);
    expect((await ask("{ user { email } }")).headers.has("x-ratelimit-limit-api")).toBe(true);
    emulator.control({ op: "behave", rateHeaders: false });
    expect((await ask("{ user { email } }")).headers.has("x-ratelimit-limit-api")).toBe(false);
  });
});

describe("faults", () => {
  it("strike in the order they were queued, before or after counting", async () => {
    const { ask, emulator, slept } = await aWorkspace();
    emulator.control({
      op: "fault",
      next: [
        { kind: "server_error" },
        { kind: "gateway_timeout", counted: true },
        { kind: "html" },
        { kind: "errors_in_200" },
        { kind: "cut_json" },
        { kind: "slow", slowMs: 700 },
        { kind: "partial", roll: 0.5 },
        { kind: "api_error", code: "account_cancelled" },
      ],
    });
    const query = "{ transcripts(limit: 4, skip: 4) { id sentences { text } } }";
    const answers: Answer[] = [];
    for (let i = 0; i < 9; i += 1) answers.push(await ask(query));
    expect(answers.map(({ status }) => status)).toEqual([500, 504, 200, 200, 200, 200, 200, 403, 200]);
    expect(answers[0]!.text).toContain("<html>");
    expect(answers[2]!.headers.get("content-type")).toContain("text/html");
    expect(answers[3]).toMatchObject({ data: null, errors: [{ code: "invariant_violation" }] });
    expect(() => JSON.parse(answers[4]!.text)).toThrow();
    expect(slept).toEqual([700]);
    expect(answers[6]!.errors[0]).toMatchObject({ path: ["transcripts", 2, "sentences"] });
    expect(meetingsIn(answers[6]!)[2]!["sentences"]).toBeNull();
    expect(emulator.log().map(({ fault, counted }) => `${fault}${counted ? " counted" : ""}`)).toEqual([
      "server_error",
      "gateway_timeout counted",
      "html",
      "errors_in_200",
      "cut_json",
      "slow",
      "partial",
      "api_error",
      "null counted",
    ]);
  });

  it("cut and reset look like fetch without a socket", async () => {
    const { ask, emulator } = await aWorkspace();
    emulator.control({ op: "fault", next: [{ kind: "cut" }, { kind: "reset" }] });
    await expect(ask(LIST)).rejects.toThrow("terminated");
    await expect(ask(LIST)).rejects.toThrow("fetch failed");
    expect(emulator.log().map(({ status }) => status)).toEqual([200, 0]);
  });

  it("wait for a request of their field", async () => {
    const { ask, emulator } = await aWorkspace();
    emulator.control({ op: "fault", next: [{ kind: "server_error", field: "transcript" }] });
    expect((await ask(LIST)).status).toBe(200);
    expect((await ask('{ transcript(id: "x") { id } }')).status).toBe(500);
  });

  it("follow a plan that replays exactly", async () => {
    const run = async () => {
      const { ask, emulator, wait } = await aWorkspace();
      emulator.control({ op: "fault", plan: "seed=5,rate=0.6,kinds=500+504+html+errors200+partial+429" });
      for (let i = 0; i < 40; i += 1) {
        await ask(LIST);
        wait(10_000);
      }
      return emulator.log();
    };
    const first = await run();
    expect(first.filter(({ fault }) => fault).length).toBeGreaterThan(10);
    expect(await run()).toEqual(first);
  });
});

describe("the log", () => {
  it("keeps what was asked without secrets", async () => {
    const { ask, emulator } = await aWorkspace();
    await ask(LIST, { limit: 2, note: undefined, skip: 1 });
    expect(emulator.log()).toMatchObject([
      {
        seq: 1,
        at: new Date(EPOCH_MS).toISOString(),
        atMs: EPOCH_MS,
        operation: "List",
        fields: ["transcripts"],
        variables: { limit: 2, skip: 1 },
        status: 200,
        counted: true,
        openConnections: 1,
        items: 2,
        gzipped: false,
        early: false,
      },
    ]);
    expect(JSON.stringify(emulator.log())).not.toContain("demo-fireflies-key");
    emulator.control({ op: "reset-log" });
    expect(emulator.log()).toEqual([]);
  });
});

describe("a world on disk", () => {
  it("knows given meetings again, from a generator too, and refuses others", async () => {
    const stateDir = mkdtempSync(join(tmpdir(), "fireflies-"));
    try {
      const open = (seed: number) =>
        createFirefliesEmulator({
          stateDir,
          realNowMs: () => EPOCH_MS,
          meetings: benchMeetings({ count: 3, bytesEach: 4_000, seed }),
        });
      await (await open(1)).close();
      await (await open(1)).close();
      await expect(open(2)).rejects.toThrow(/filled from other meetings/);
    } finally {
      rmSync(stateDir, { recursive: true });
    }
  });

  it("goes on where it was, in its own time", async () => {
    const stateDir = mkdtempSync(join(tmpdir(), "fireflies-"));
    try {
      let realMs = EPOCH_MS;
      const open = (given: { speed?: number; seed?: number; meetingsCount?: number } = {}) =>
        createFirefliesEmulator({ stateDir, realNowMs: () => realMs, ...given });
      const first = await open({ speed: 60 });
      const arrived = first.control({ op: "arrive", meeting: { id: "late", title: "Late" } });
      expect(arrived).toMatchObject({ ok: true, id: "late" });
      first.control({ op: "advance", by: "7d" });
      await expect(open()).rejects.toThrow(/Another emulator is running/);
      const { accountId } = first;
      await first.close();
      realMs += 1_000;
      const second = await open({ speed: 1 });
      expect(second.accountId).toBe(accountId);
      expect(worldNowMs(second.clock(), realMs)).toBe(EPOCH_MS + 7 * 24 * HOUR_MS + MINUTE_MS);
      expect(second.control({ op: "rename", id: "late", title: "Found" })).toMatchObject({ ok: true });
      await second.close();
      await expect(open({ seed: 9 })).rejects.toThrow(/made with seed 1/);
      await expect(open({ meetingsCount: 7 })).rejects.toThrow(/filled from other meetings/);
    } finally {
      rmSync(stateDir, { recursive: true });
    }
  });

  it("can be read by its owner alone, whoever may enter the folder, and a former one is closed", async () => {
    const stateDir = join(mkdtempSync(join(tmpdir(), "fireflies-")), "deep", "world");
    const umask = process.umask(0);
    try {
      const open = () => createFirefliesEmulator({ stateDir, realNowMs: () => EPOCH_MS, meetingsCount: 2 });
      const modes = () =>
        [".", ...readdirSync(stateDir)].map((name) => statSync(join(stateDir, name)).mode & 0o077);
      const first = await open();
      expect(modes().length).toBeGreaterThan(1);
      expect(new Set(modes())).toEqual(new Set([0]));
      await first.close();
      chmodSync(join(stateDir, "fireflies.sqlite"), 0o644);
      const second = await open();
      expect(new Set(modes())).toEqual(new Set([0]));
      await second.close();
    } finally {
      process.umask(umask);
      rmSync(join(stateDir, "../.."), { recursive: true });
    }
  });

  it("keeps a budget and faults until they are lifted", async () => {
    const stateDir = mkdtempSync(join(tmpdir(), "fireflies-"));
    try {
      const budget = async (given: Partial<FirefliesOptions> = {}) => {
        const { emulator, ask } = await aWorkspace({ stateDir, ...given });
        const replies = [await ask("{ user { email } }"), await ask("{ user { email } }")];
        await emulator.close();
        return replies.map(({ status }) => status);
      };
      expect(await budget({ quotaPerDay: 1 })).toEqual([200, 429]);
      expect(await budget()).toEqual([429, 429]);
      const lifted = await aWorkspace({ stateDir, quotaPerDay: null });
      lifted.emulator.control({ op: "quota", unblock: true });
      await lifted.emulator.close();
      expect(await budget()).toEqual([200, 200]);
      expect(await budget({ faults: parseFaults("rate=0.75,kinds=500") })).toContain(500);
      expect(await budget({ faults: parseFaults("none") })).toEqual([200, 200]);
      expect(await budget()).toEqual([200, 200]);
    } finally {
      rmSync(stateDir, { recursive: true });
    }
  });
});

describe("the account", () => {
  it("follows from the seed and the meetings served, and from nothing else", async () => {
    const accountOf = async (given: Partial<FirefliesOptions>) =>
      (await aWorkspace(given)).emulator.accountId;
    const sample = await accountOf({ meetingsCount: 3 });
    expect(await accountOf({ meetingsCount: 3, speed: 60, quotaPerDay: 9 })).toBe(sample);
    const others = [
      await accountOf({ meetingsCount: 4 }),
      await accountOf({ meetingsCount: 3, seed: 2 }),
      await accountOf({ meetings: [aMeeting("a")] }),
      await accountOf({ meetings: [aMeeting("b")] }),
      await accountOf({ meetings: [aMeeting("a")], meetingsHash: "of a file" }),
    ];
    expect(new Set([sample, ...others]).size).toBe(6);
    expect(await accountOf({ meetings: [aMeeting("a")] })).toBe(others[2]);
  });
});
