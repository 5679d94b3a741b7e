import { describe, expect, it } from "vitest";
import { firefliesEvent } from "./fireflies-event.ts";
import { fingerprintOf, handshakeToken, notionEvent } from "./notion-event.ts";

const HASH = "0f".repeat(32);

describe("firefliesEvent", () => {
  it("reads both forms, and the old one's name as the new one's", () => {
    expect(firefliesEvent({ event: "meeting.summarized", timestamp: 5, meeting_id: "01KQX" }, HASH)).toEqual({
      vendor: "fireflies",
      id: `fireflies:${HASH}`,
      kind: "meeting.summarized",
      subject: "01KQX",
      eventMs: 5,
      isReadable: true,
    });
    const old = { meetingId: "01KQX", eventType: "Transcription completed", clientReferenceId: "batch-7" };
    expect(firefliesEvent(old, HASH)).toMatchObject({ kind: "meeting.transcribed", eventMs: null });
  });

  it.each(["meeting.bot_joined", "test", "meeting.something_new", "constructor", "__proto__"])(
    "has nothing to read after %s",
    (event) => {
      const body = { event, timestamp: 5, meeting_id: "test_00000000" };
      expect(firefliesEvent(body, HASH)).toMatchObject({ kind: event, isReadable: false });
    },
  );

  it.each([
    [null],
    ["text"],
    [{}],
    [{ event: "meeting.transcribed", meeting_id: "m1" }],
    [{ event: "meeting.transcribed", timestamp: 5, meeting_id: "../secrets" }],
    [{ event: "meeting.transcribed", timestamp: "5", meeting_id: "m1" }],
    [{ meetingId: "", eventType: "Transcription completed" }],
  ])("says in a sentence what is wrong with %j", (body) => {
    expect(firefliesEvent(body, HASH)).toEqual({ error: expect.stringMatching(/^the event of Fireflies: /) });
  });
});

describe("what is wrong with an event", () => {
  it("names the place in it, or the whole", () => {
    const event = { event: "meeting.transcribed", timestamp: 5, meeting_id: "../secrets" };
    expect(firefliesEvent(event, HASH)).toEqual({
      error: expect.stringMatching(/^the event of Fireflies: meeting_id: \w/),
    });
    expect(firefliesEvent(null, HASH)).toEqual({
      error: expect.stringMatching(/^the event of Fireflies: the body: \w/),
    });
    const odd = { ...PAGE_EVENT, entity: { ...PAGE_EVENT.entity, id: 7 } };
    expect(notionEvent(odd)).toEqual({
      error: expect.stringMatching(/^the event of Notion: entity\.id: \w/),
    });
    expect(notionEvent(null)).toEqual({ error: expect.stringMatching(/^the event of Notion: the body: \w/) });
  });
});

const PAGE_EVENT = {
  id: "e7e70000-0000-4000-8000-00000000e001",
  timestamp: "2026-05-04T16:41:07.331Z",
  type: "page.properties_updated",
  authors: [{ id: "u1", type: "person" }],
  entity: { id: "9a9e0000-0000-4000-8000-0000000000f1", type: "page" },
  data: {
    parent: { id: "D1B00000-0000-4000-8000-000000000001", type: "database", data_source_id: "d5-1" },
    updated_properties: ["%3BaQ%7D"],
  },
};

describe("notionEvent", () => {
  it("reads whose page changed, who changed it, and which properties", () => {
    expect(notionEvent(PAGE_EVENT)).toEqual({
      vendor: "notion",
      id: `notion:${PAGE_EVENT.id}`,
      kind: "page.properties_updated",
      subject: PAGE_EVENT.entity.id,
      eventMs: Date.parse(PAGE_EVENT.timestamp),
      isReadable: true,
      entity: "page",
      parents: ["d51", "d1b00000000040008000000000000001"],
      authors: [{ id: "u1", type: "person" }],
      properties: ["%3BaQ%7D"],
    });
  });

  it("reads an event that says no more than what it is about", () => {
    const { data: _, authors: __, ...bare } = PAGE_EVENT;
    const aboutElse = { ...bare, entity: { id: "c1", type: "comment" } };
    expect(notionEvent(aboutElse)).toMatchObject({
      entity: "other",
      parents: [],
      authors: [],
      properties: null,
    });
    const source = {
      ...bare,
      type: "data_source.deleted",
      entity: { id: "d1", type: "data_source" },
      data: {},
    };
    expect(notionEvent(source)).toMatchObject({ entity: "data_source", parents: [], isReadable: true });
    const parent = { data_source_id: "d5-1" };
    expect(notionEvent({ ...bare, data: { parent } })).toMatchObject({ parents: ["d51"] });
  });

  it("takes a changed schema for an event without properties of a page", () => {
    const updated_properties = [{ id: "x", name: "Price", action: "updated" }];
    const schema = { ...PAGE_EVENT, type: "data_source.schema_updated", data: { updated_properties } };
    expect(notionEvent(schema)).toMatchObject({ properties: null, isReadable: true });
  });

  it.each(["comment.created", "page.content_updated", "page.locked", "view.updated"])(
    "has nothing to read after %s",
    (type) => {
      expect(notionEvent({ ...PAGE_EVENT, type })).toMatchObject({ isReadable: false });
    },
  );

  it.each([[null], [{}], [{ ...PAGE_EVENT, timestamp: "yesterday" }], [{ ...PAGE_EVENT, entity: "page" }]])(
    "says in a sentence what is wrong with %j",
    (body) => {
      expect(notionEvent(body)).toEqual({ error: expect.stringMatching(/^the event of Notion: /) });
    },
  );
});

describe("handshakeToken", () => {
  it("finds the token of a handshake, and none in anything else", () => {
    const token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    expect(handshakeToken({ verification_token: token })).toBe(token);
    expect(handshakeToken({ verification_token: token, id: "more" })).toBeNull();
    expect(handshakeToken({ verification_token: "short" })).toBeNull();
    expect(handshakeToken({ verification_token: "secret with spaces in it" })).toBeNull();
    expect(handshakeToken(PAGE_EVENT)).toBeNull();
  });

  it("is called by a fingerprint that says nothing about it", async () => {
    expect(await fingerprintOf("secret_of_sixteen_and_more")).toMatch(/^[0-9a-f]{12}$/);
  });
});
