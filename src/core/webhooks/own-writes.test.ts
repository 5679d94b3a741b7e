import { describe, expect, it } from "vitest";
import { echoOf, suspectedOf, type NearbyPush } from "./own-writes.ts";

const AT_MS = Date.UTC(2026, 5, 1, 12);
const SECOND_MS = 1_000;

const aPush = (change: Partial<NearbyPush> = {}): NearbyPush => ({
  id: "push-1",
  kind: "update",
  outcome: "landed",
  readMs: AT_MS - 2 * SECOND_MS,
  sentMs: AT_MS - SECOND_MS,
  settledMs: AT_MS + SECOND_MS,
  properties: ["a%7Cb", "fee"],
  ...change,
});

const anEvent = (change: Partial<Parameters<typeof echoOf>[0]> = {}) => ({
  kind: "page.properties_updated",
  eventMs: AT_MS,
  receivedMs: AT_MS + 10 * SECOND_MS,
  properties: ["a|b"],
  ...change,
});

describe("echoOf", () => {
  it("knows what a push of ours has changed, whichever way the ids of its properties are written", () => {
    expect(echoOf(anEvent(), [aPush()], AT_MS)).toBe("echo");
    expect(echoOf(anEvent({ properties: ["fee", "a%7Cb"] }), [aPush()], AT_MS)).toBe("echo");
  });

  it("takes an id that is no encoding as it stands", () => {
    const odd = aPush({ properties: ["%E0%A4%A"] });
    expect(echoOf(anEvent({ properties: ["%E0%A4%A"] }), [odd], AT_MS)).toBe("echo");
    expect(echoOf(anEvent({ properties: ["%E0"] }), [odd], AT_MS)).toBe("look");
  });

  it("takes a change that names no property for that of a push of ours nearby", () => {
    expect(echoOf(anEvent({ properties: null }), [aPush()], AT_MS)).toBe("echo");
    expect(echoOf(anEvent({ properties: null }), [], AT_MS)).toBe("look");
  });

  it("adds up what several pushes have changed, for an event collects for a while", () => {
    const pushes = [aPush({ properties: ["fee"] }), aPush({ id: "push-2", properties: ["a|b"] })];
    expect(echoOf(anEvent({ properties: ["fee", "a|b"] }), pushes, AT_MS)).toBe("echo");
  });

  it("knows the making of a page and its way into the trash", () => {
    const made = aPush({ kind: "create", properties: [] });
    expect(echoOf(anEvent({ kind: "page.created", properties: null }), [made], AT_MS)).toBe("echo");
    const trashed = aPush({ kind: "trash", properties: [] });
    expect(echoOf(anEvent({ kind: "page.deleted", properties: null }), [trashed], AT_MS)).toBe("echo");
    expect(echoOf(anEvent({ kind: "page.undeleted", properties: null }), [trashed], AT_MS)).toBe("look");
  });

  it.each([
    ["a property that no push wrote changed", anEvent({ properties: ["fee", "other"] }), aPush()],
    ["no push was near", anEvent({ eventMs: AT_MS + 600 * SECOND_MS }), aPush()],
    ["the push did not land", anEvent(), aPush({ outcome: "not_landed" })],
    ["the event says no time", anEvent({ eventMs: null }), aPush()],
  ])("has the page looked at if %s", (_, event, push) => {
    expect(echoOf(event, [push], AT_MS)).toBe("look");
  });

  it("waits for a push that is under way, and not for ever", () => {
    const open = aPush({ outcome: null, settledMs: null });
    const event = anEvent();
    expect(echoOf(event, [open], event.receivedMs)).toBe("wait");
    expect(echoOf(event, [open], event.receivedMs + 300 * SECOND_MS)).toBe("look");
  });
});

describe("suspectedOf", () => {
  it("names a push between whose reading and landing a person typed into what it wrote", () => {
    expect(suspectedOf(anEvent(), [aPush()])).toEqual(["push-1"]);
    expect(suspectedOf(anEvent({ properties: null }), [aPush()])).toEqual(["push-1"]);
  });

  it("counts as the window of a push whose reply was lost all the time in which it may land", () => {
    const open = aPush({ outcome: null, settledMs: null });
    expect(suspectedOf(anEvent({ eventMs: AT_MS + 58 * SECOND_MS }), [open])).toEqual(["push-1"]);
    expect(suspectedOf(anEvent({ eventMs: AT_MS + 60 * SECOND_MS }), [open])).toEqual([]);
  });

  it.each([
    ["other properties", anEvent({ properties: ["other"] }), aPush()],
    ["the time after it has landed", anEvent({ eventMs: AT_MS + 2 * SECOND_MS }), aPush()],
    ["a push that Notion refused", anEvent(), aPush({ outcome: "refused" })],
    ["an event of another kind", anEvent({ kind: "page.moved" }), aPush()],
  ])("leaves out %s", (_, event, push) => {
    expect(suspectedOf(event, [push])).toEqual([]);
  });
});
