import { describe, expect, it } from "vitest";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { createFirefliesSource } from "./source.ts";

const ASK = {
  skip: 0,
  rows: 50,
  timeoutMs: 1_000,
  withoutFields: [],
  light: false,
  acceptUnreadable: false,
  untilMs: null,
};
const ONE = { id: "a", timeoutMs: 1_000, withoutFields: [], acceptUnreadable: false };
const ROW = {
  id: "a",
  dateString: "2026-05-06T10:02:41.000Z",
  audio_url: "https://cdn.test/a?Expires=1778277761",
  title: "t",
};
const WIRE_ROW = JSON.stringify({ audio_url: null, id: "a" });
const HALF_ROW = WIRE_ROW.slice(0, -4);
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
    const [item] = reply.items.map((row) => row.read());
    expect(item).toMatchObject({
      id: "a",
      dateString: ROW.dateString,
      audioUrl: ROW.audio_url,
      unreadable: [],
    });
    expect(item?.revision).not.toContain("cdn.test");
  });

  it("tells by its bytes whether a row is what it was, and reads the same of it however its fields are ordered", async () => {
    const { audio_url: audioUrl, ...rest } = ROW;
    const rowOf = async (row: object) => {
      const { source } = await answering({ body: { data: { transcripts: [row] } } });
      const [only] = (await source.listMeetings(ASK)).items;
      return { wireHash: only?.wireHash, ...only?.read() };
    };
    const first = await rowOf({ audio_url: audioUrl, ...rest });
    expect(first.wireHash).toMatch(/^[0-9a-f]{64}$/);
    const signedAnew = await rowOf({ audio_url: `${audioUrl}&Signature=new`, ...rest });
    expect(signedAnew).toMatchObject({ wireHash: first.wireHash, revision: first.revision });
    const changed = await rowOf({ audio_url: audioUrl, ...rest, title: "u" });
    expect(changed.wireHash).not.toBe(first.wireHash);
    const otherOrder = await rowOf({ ...rest, audio_url: audioUrl });
    expect(otherOrder).toMatchObject({ wireHash: null, revision: first.revision, audioUrl });
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
    const { items } = await source.listMeetings({ ...ASK, acceptUnreadable: true, untilMs: null });
    expect(items.map((row) => row.read().unreadable)).toEqual([[], ["sentences"]]);
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
    ["a row that is no JSON", { text: `{"data":{"transcripts":[${HALF_ROW},${WIRE_ROW}]}}` }, "unreachable"],
    ["a last row that is no JSON", { text: `{"data":{"transcripts":[${HALF_ROW}]}}` }, "unreachable"],
  ])("classifies %s", async (_name, reply, kind) => {
    const { source } = await answering(reply);
    const reading = source.listMeetings(ASK).then(({ items }) => items.map((row) => row.read()));
    await expect(reading).rejects.toMatchObject({ failure: { kind, party: "fireflies" } });
  });
});
