import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { aListedMeeting, aWorkspace, runSync, type Workspace } from "../../test/in-process/workspace.ts";
import { FailureError } from "../core/errors.ts";
import { parseSearchRequest } from "../core/search/request.ts";
import { MARK } from "../core/search/snippet.ts";
import { search, type SearchHit, type SearchReply } from "./search.ts";

type Said = { speaker_name: string; text: string; start_time: number; end_time: number };

/** Talk of many sentences, with some at given places. */
function talk(seed: string, sentences: number, at: Record<number, [string, string]>): Said[] {
  return Array.from({ length: sentences }, (_, n) => {
    const [speaker, text] = at[n] ?? [
      n % 9 < 5 ? "Maya Lindqvist" : "Owen Tremblay",
      `In ${seed} we look at item ${n} of the long list, and nobody has anything to add to it today.`,
    ];
    return { speaker_name: speaker, text, start_time: n * 10, end_time: n * 10 + 9 };
  });
}

const MEETINGS = [
  aListedMeeting("harbour", {
    dateString: "2026-05-06T10:00:00.000Z",
    title: "Harbour Street budget",
    transcript_url: "https://app.fireflies.ai/view/harbour?lang=en",
    participants: ["maya@alder.example"],
    sentences: talk("harbour", 130, {
      60: ["Noor Haddad", "The dewatering pumps ran all weekend near the quay."],
      61: ["Owen Tremblay", "Then the owner should pay for the discharge."],
    }),
  }),
  aListedMeeting("bayview", {
    dateString: "2026-05-20T10:00:00.000Z",
    title: "Bayview permits",
    transcript_url: "javascript:alert(1)",
    participants: ["noor@alder.example"],
    sentences: talk("bayview", 40, { 5: ["Émile Roy", "The façade needs a permit before the crane comes."] }),
  }),
  aListedMeeting("naughty", {
    dateString: "2026-05-25T10:00:00.000Z",
    title: "<img src=x onerror=alert(1)>",
    sentences: talk("naughty", 20, { 3: ["Ann", "\u0002quoted\u0003 marks and “mortar” <b>bold</b>."] }),
  }),
];

describe("search", () => {
  let space: Workspace;
  beforeAll(async () => {
    space = await aWorkspace();
    space.source.meetings = MEETINGS;
    expect((await runSync(space, "fireflies")).result?.counts).toMatchObject({ created: 3 });
    expect((await runSync(space, "vectors")).result?.counts).toMatchObject({ created: 3 });
  });

  async function ask(given: Record<string, string>, ports = space.ports): Promise<SearchReply> {
    const request = await parseSearchRequest(new Map(Object.entries(given)));
    if ("error" in request) throw new Error(request.error);
    return search(ports, request);
  }
  const textOf = (hit: SearchHit | undefined): string => hit?.snippet.map(({ text }) => text).join("") ?? "";
  const meetingsOf = (reply: SearchReply): string[] => reply.items.map(({ meeting }) => meeting.id);

  it("finds the passage, who said it and when, with a link to that second", async () => {
    const { items, notes } = await ask({ q: "who should pay for dewatering?" });
    expect(notes).toEqual([]);
    expect(items[0]).toMatchObject({
      meeting: { id: "harbour", title: "Harbour Street budget", dateTime: "2026-05-06T10:00:00.000Z" },
      speaker: "Noor Haddad",
      startSeconds: 600,
      link: "https://app.fireflies.ai/view/harbour?lang=en&t=600",
      foundBy: ["text", "vectors"],
      before: null,
      after: null,
    });
    expect(items[0]?.endSeconds).toBeGreaterThan(610);
    expect(items[0]?.snippet.filter(({ isMatch }) => isMatch).map(({ text }) => text)).toEqual([
      "dewatering",
      "pay",
    ]);
  });

  it("finds other forms of a word, and letters without their accents", async () => {
    expect(meetingsOf(await ask({ q: "pump" }))[0]).toBe("harbour");
    expect(meetingsOf(await ask({ q: "facades" }))[0]).toBe("bayview");
  });

  it("takes the neighbours of what matched for candidates, for talk goes on", async () => {
    const { chunks } = await space.ports.search.byWords('"dewatering"', {
      model: space.ports.embedder.model,
      filter: { from: null, to: null, participant: null, speaker: null, meeting: null },
    });
    const matched = chunks.filter(({ score }) => score > 0);
    expect(matched.map(({ documentId }) => documentId)).toEqual(matched.map(() => "harbour"));
    const places = chunks.map(({ position }) => position).toSorted((a, b) => a - b);
    const first = Math.min(...matched.map(({ position }) => position));
    const last = Math.max(...matched.map(({ position }) => position));
    expect(places).toEqual(Array.from({ length: last - first + 3 }, (_, n) => first - 1 + n));
  });

  it("merges neighbouring chunks of one meeting, and gives what was said before and after on request", async () => {
    const { items } = await ask({ q: "harbour item list", limit: "50", meeting: "harbour" });
    const chunks = await space.ports.proofs.chunks(["harbour"]);
    expect(chunks.items.length).toBeGreaterThan(3);
    expect(items.length).toBeLessThan(chunks.items.length);
    const middle = (await ask({ q: "dewatering", context: "1" })).items[0];
    expect(middle?.before).toContain("we look at item");
    expect(middle?.after).toContain("we look at item");
  });

  it.each([
    [{ from: "2026-05-20" }, ["bayview", "naughty"]],
    [{ to: "2026-05-06" }, ["harbour"]],
    [{ from: "2026-05-07", to: "2026-05-20" }, ["bayview"]],
    [{ meeting: "bayview" }, ["bayview"]],
    [{ meeting: "none" }, []],
    [{ participant: "noor@alder.example" }, ["bayview"]],
    [{ participant: "Noor" }, ["bayview", "harbour"]],
    [{ speaker: "noor haddad" }, ["harbour"]],
    [{ speaker: "owen" }, ["bayview", "harbour", "naughty"]],
    [{ speaker: "wen" }, []],
    [{ speaker: "%" }, []],
    [{ speaker: "'; drop table chunks; --" }, []],
  ])("narrows by %o, words and vectors alike", async (filter, expected) => {
    const { items } = await ask({ q: "the long list permit dewatering quoted", limit: "50", ...filter });
    expect([...new Set(items.map(({ meeting }) => meeting.id))].toSorted()).toEqual(expected);
  });

  it("pages by cursor: every passage once, in one order", async () => {
    const all = await ask({ q: "item list crane", limit: "50" });
    expect(all.cursor).toBe(null);
    const paged: string[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < 100; pages += 1) {
      const page: SearchReply = await ask({
        q: "item list crane",
        limit: "1",
        ...(cursor === null ? {} : { cursor }),
      });
      paged.push(...page.items.map(({ chunk }) => chunk));
      cursor = page.cursor;
      if (cursor === null) break;
    }
    expect(paged).toEqual(all.items.map(({ chunk }) => chunk));
    expect(paged.length).toBeGreaterThan(2);
  });

  it("shows only what is live in the ledger: nothing of a meeting that was deleted, nothing given up", async () => {
    await space.d1.prepare("update meetings set deleted_ms = 1 where id = 'bayview'").run();
    expect(meetingsOf(await ask({ q: "facade permit crane", limit: "50" }))).not.toContain("bayview");
    await space.d1.prepare("update meetings set deleted_ms = null where id = 'bayview'").run();
    await space.d1.prepare("update chunks set state = 'dead' where document_id = 'bayview'").run();
    expect(meetingsOf(await ask({ q: "facade permit crane", limit: "50" }))).not.toContain("bayview");
    await space.d1.prepare("update chunks set state = 'live' where document_id = 'bayview'").run();
    expect(meetingsOf(await ask({ q: "facade permit crane" }))[0]).toBe("bayview");
  });

  it("links nowhere but to the web, and shows markup and marks as text", async () => {
    const [bayview] = (await ask({ q: "facade" })).items;
    expect(bayview?.link).toBe(null);
    const [naughty] = (await ask({ q: "quoted", meeting: "naughty" })).items;
    expect(textOf(naughty)).toContain("<b>bold</b>");
    for (const mark of [MARK.open, MARK.close]) expect(textOf(naughty)).not.toContain(mark);
  });

  it("searches words alone where the embedder or the index is down, and says so", async () => {
    const down = async (): Promise<never> => {
      throw new FailureError({ kind: "unreachable", party: "workers-ai", detail: "down" });
    };
    const embedder = { ...space.ports.embedder, embedQuery: down };
    const reply = await ask({ q: "dewatering" }, { ...space.ports, embedder });
    expect(reply.items[0]).toMatchObject({ meeting: { id: "harbour" }, foundBy: ["text"] });
    expect(reply.notes).toEqual(["found by words alone: workers-ai did not answer (unreachable)"]);
  });

  it("follows a title that changes, and a sentence that is corrected", async () => {
    const renamed = MEETINGS.map((item) =>
      item.id === "bayview"
        ? aListedMeeting("bayview", {
            ...(JSON.parse(item.revision) as object),
            title: "Zeppelin hangar",
            sentences: talk("bayview", 40, { 5: ["Émile Roy", "The zeppelin needs a mooring mast."] }),
          })
        : item,
    );
    const other = await aWorkspace();
    other.source.meetings = MEETINGS;
    await runSync(other, "fireflies");
    await runSync(other, "vectors");
    other.source.meetings = renamed;
    await runSync(other, "fireflies");
    await runSync(other, "vectors");
    const { items } = await ask({ q: "zeppelin mooring" }, other.ports);
    expect(items[0]).toMatchObject({
      meeting: { id: "bayview", title: "Zeppelin hangar" },
      startSeconds: 50,
    });
    expect((await ask({ q: "facade" }, other.ports)).items.flatMap(({ foundBy }) => foundBy)).not.toContain(
      "text",
    );
    const integrity = ["chunks_fts", "meetings_fts"].map((table) =>
      other.d1.prepare(`insert into ${table} (${table}, rank) values ('integrity-check', 1)`).run(),
    );
    await expect(Promise.all(integrity)).resolves.toHaveLength(2);
  });

  const data = process.env["MEETINGS_DATA"];
  test("no troublesome string breaks it", async () => {
    const strings =
      data === undefined
        ? ["'", '"', "NEAR(a b)", "a AND", "*", "{x}: y", "שלום עולם", "\u202e", "${x}", "%", "../..", "\\"]
        : (
            JSON.parse(readFileSync(join(data, "naughty/strings.json"), "utf8")) as { strings: string[] }[]
          ).flatMap((category) => category.strings);
    if (data === undefined)
      console.log("SKIPPED: the known list of troublesome strings (MEETINGS_DATA is not set)");
    for (const text of strings) {
      for (const given of [{ q: text }, { q: "list", speaker: text, participant: text, meeting: text }]) {
        const request = await parseSearchRequest(new Map(Object.entries(given)));
        if ("error" in request) expect(request.error).toMatch(/^q (is empty|has \d+ characters)/);
        else
          expect(Array.isArray((await search(space.ports, { ...request, context: true })).items)).toBe(true);
      }
    }
  });
});
