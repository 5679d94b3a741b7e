import { describe, expect, it } from "vitest";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { createFirefliesSource } from "./source.ts";

const ASK = { skip: 0, rows: 50, timeoutMs: 1_000, withoutFields: [], light: false, acceptUnreadable: false };
const ONE = { id: "a", timeoutMs: 1_000, withoutFields: [], acceptUnreadable: false };
const ROW = {
  id: "a",
  dateString: "2026-05-06T10:02:41.000Z",
  audio_url: "https://cdn.test/a?Expires=1778277761",
  title: "t",
};
const inside = (path: (string | number)[]) => [{ message: "m", code: "invariant_violation", path }];

/** A source whose service answers what it is told, and the requests it got. */
async function answering(reply: {
  status?: number;
  body?: unknown;
  text?: string;
  headers?: Record<string, string>;
}) {
  const { world } = await aWorkspace();
  const requests: { query: string; variables: unknown; headers: Headers }[] = [];
  const source = await createFirefliesSource({
    url: "http://fireflies.test",
    key: "secret-key",
    world,
    fetch: async (request) => {
      requests.push({
        ...((await request.json()) as { query: string; variables: unknown }),
        headers: request.headers,
      });
      return new Response(reply.text ?? JSON.stringify(reply.body), {
        status: reply.status ?? 200,
        headers: reply.headers ?? {},
      });
    },
  });
  return { source, requests };
}

describe("the Fireflies source", () => {
  it("asks with the key as bearer, for compressed JSON, and does not show the key in its own name", async () => {
    const { source, requests } = await answering({ body: { data: { transcripts: [ROW] } } });
    const reply = await source.listMeetings(ASK);
    expect(requests[0]?.headers.get("authorization")).toBe("Bearer secret-key");
    expect(requests[0]?.headers.get("accept-encoding")).toBe("gzip");
    expect(source.keyName).not.toContain("secret");
    expect(reply.items).toMatchObject([
      { id: "a", dateString: ROW.dateString, audioUrl: ROW.audio_url, unreadable: [] },
    ]);
    expect(reply.items[0]?.revision).not.toContain("cdn.test");
  });

  it("asks only for ids and moments in a light page, and leaves out fields that the plan does not include", async () => {
    const { source, requests } = await answering({ body: { data: { transcripts: [] } } });
    await source.listMeetings({ ...ASK, light: true });
    await source.listMeetings({ ...ASK, withoutFields: ["audio_url"] });
    expect(requests[0]?.query).not.toContain("sentences");
    expect(requests[1]?.query).not.toContain("audio_url");
    expect(requests[1]?.query).toContain("sentences");
  });

  it("takes errors inside data for partial, and at the last try for unreadable fields of one meeting", async () => {
    const body = {
      data: { transcripts: [ROW, { ...ROW, id: "b" }] },
      errors: inside(["transcripts", 1, "sentences"]),
    };
    const { source } = await answering({ body });
    await expect(source.listMeetings(ASK)).rejects.toMatchObject({ failure: { kind: "partial" } });
    const { items } = await source.listMeetings({ ...ASK, acceptUnreadable: true });
    expect(items.map((item) => item.unreadable)).toEqual([[], ["sentences"]]);
  });

  it.each([
    ["transcript null without an error", { data: { transcript: null } }],
    [
      "object_not_found",
      { data: { transcript: null }, errors: [{ code: "object_not_found", path: ["transcript"] }] },
    ],
    ["forbidden", { data: { transcript: null }, errors: [{ code: "forbidden", path: ["transcript"] }] }],
  ])("does not see one meeting: %s", async (_name, body) => {
    const { source } = await answering({ body });
    expect((await source.getMeeting(ONE)).item).toBe(null);
  });

  it.each([
    ["HTML at 504", { status: 504, text: "<html>" }, "unreachable"],
    ["HTML at 200", { text: "<html>" }, "unreachable"],
    ["half a body", { text: '{"data":{"transcripts":[' }, "unreachable"],
    ["no data", { body: {} }, "unreachable"],
    ["a wrong argument", { status: 400, body: { errors: [{ code: "invalid_arguments" }] } }, "defect"],
    ["a refused key", { body: { errors: [{ code: "auth_failed" }] } }, "denied"],
    ["a row without an id", { body: { data: { transcripts: [{}] } } }, "defect"],
  ])("classifies %s", async (_name, reply, kind) => {
    const { source } = await answering(reply);
    await expect(source.listMeetings(ASK)).rejects.toMatchObject({ failure: { kind, party: "fireflies" } });
  });
});
