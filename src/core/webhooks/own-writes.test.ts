import { describe, expect, it } from "vitest";
import { NOTION_LANDING_MS, WEBHOOK_SLACK_MS } from "../policy.ts";
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

  it("takes a change for ours from a little before a push was sent until a little after it landed", () => {
    const push = aPush();
    const at = (eventMs: number) => echoOf(anEvent({ eventMs }), [push], AT_MS);
    const [first, last] = [push.sentMs - WEBHOOK_SLACK_MS, Number(push.settledMs) + WEBHOOK_SLACK_MS];
    expect([first - 1, first, last, last + 1].map(at)).toEqual(["look", "echo", "echo", "look"]);
  });

  it("takes every change of a page that it has just made for ours, whatever else was written", () => {
    const made = aPush({ kind: "create", properties: [] });
    expect(echoOf(anEvent({ properties: ["other"] }), [made], AT_MS)).toBe("echo");
    expect(echoOf(anEvent({ properties: ["other"] }), [aPush(), made], AT_MS)).toBe("echo");
  });

  it("waits where one push has landed and another that explains the rest is under way", () => {
    const landed = aPush({ properties: ["fee"] });
    const open = aPush({ id: "push-2", outcome: null, settledMs: null, properties: ["a|b"] });
    const event = anEvent({ properties: ["fee", "a|b"] });
    expect(echoOf(event, [landed, open], event.receivedMs)).toBe("wait");
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

  it("reaches from a little before the reading to the very moment of landing", () => {
    const push = aPush();
    const at = (eventMs: number) => suspectedOf(anEvent({ eventMs }), [push]).length;
    const [first, last] = [push.readMs - WEBHOOK_SLACK_MS, Number(push.settledMs)];
    expect([first - 1, first, last, last + 1].map(at)).toEqual([0, 1, 1, 0]);
    const open = aPush({ outcome: null, settledMs: null });
    const landsMs = open.sentMs + NOTION_LANDING_MS;
    const openAt = (eventMs: number) => suspectedOf(anEvent({ eventMs }), [open]).length;
    expect([landsMs, landsMs + 1].map(openAt)).toEqual([1, 0]);
  });

  it.each([
    ["other properties", anEvent({ properties: ["other"] }), aPush()],
    ["the time after it has landed", anEvent({ eventMs: AT_MS + 2 * SECOND_MS }), aPush()],
    ["a push that Notion refused", anEvent(), aPush({ outcome: "refused" })],
    ["an event of another kind", anEvent({ kind: "page.moved" }), aPush()],
    ["an event that says no time", anEvent({ eventMs: null }), aPush()],
    ["the making of a page", anEvent(), aPush({ kind: "create" })],
    ["the time long before it was read", anEvent({ eventMs: AT_MS - 600 * SECOND_MS }), aPush()],
  ])("leaves out %s", (_, event, push) => {
    expect(suspectedOf(event, [push])).toEqual([]);
  });
});
