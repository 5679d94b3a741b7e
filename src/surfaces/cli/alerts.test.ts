import { expect, it } from "vitest";
import type { ApiClient } from "../client.ts";
import { alerts } from "./alerts.ts";

const STANDS = {
  id: "01A",
  kind: "access_lost",
  subject: "fireflies",
  detail: "the key was refused",
  openedMs: 0,
  closedMs: null,
  acknowledged: { atMs: 60_000, by: "Maya", note: "new key ordered" },
};

/** What is said of a word about an alert that stands so. */
async function saidOf(alert: object): Promise<readonly string[]> {
  const client = { acknowledgeAlert: async () => alert } as unknown as ApiClient;
  return (await alerts(client, ["ack", "01A"], { by: "Ben", note: "I look" })).lines;
}

it("says who has an alert in hand and with which note, so that a second word is not taken for the one that stands", async () => {
  expect(await saidOf(STANDS)).toEqual([
    "access_lost (fireflies) is acknowledged by Maya at 1970-01-01T00:01:00.000Z: new key ordered. It is not told again, stays open and closes by itself.",
  ]);
});

it("says of an alert that has closed since that it has, not that it stays open", async () => {
  expect(await saidOf({ ...STANDS, closedMs: 120_000 })).toEqual([
    "access_lost (fireflies) closed by itself at 1970-01-01T00:02:00.000Z: nothing more is told of it.",
  ]);
});

it("prints what came of a test as the API does, and ends as it went", async () => {
  const tested = async (items: readonly object[]) =>
    alerts({ testAlerts: async () => ({ items }) } as unknown as ApiClient, ["test", undefined], {});
  const taken = { kind: "webhook", problem: null };
  expect(await tested([taken])).toEqual({
    code: 0,
    value: { items: [taken] },
    lines: ["webhook: the test was taken"],
  });
  expect(await tested([taken, { kind: "email", problem: "refused" }])).toMatchObject({ code: 1 });
  expect(await tested([])).toMatchObject({ code: 1, value: { items: [] } });
});
