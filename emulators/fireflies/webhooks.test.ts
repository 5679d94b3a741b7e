import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../world/deliver.ts";
import { aWorkspace, EPOCH_MS } from "./a-workspace.ts";
import type { ControlInput } from "./control-ops.ts";

const SECRET = "sixteen-characters-or-more";

async function listening(settings: Record<string, unknown> = {}) {
  const heard: Delivery[] = [];
  let status = 200;
  const space = await aWorkspace({
    deliver: async (delivery) => {
      heard.push(delivery);
      return status;
    },
  });
  const { emulator } = space;
  const url = "https://product.example/webhooks/fireflies";
  const op = { op: "webhook", url, secret: SECRET, ...settings } as ControlInput;
  expect(emulator.control(op)).toMatchObject({ ok: true });
  const pass = async (ms: number): Promise<number> => {
    space.wait(ms);
    return emulator.deliverDue();
  };
  const bodies = () => heard.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  return { ...space, heard, bodies, pass, answerWith: (next: number) => void (status = next) };
}

const sign = (body: string): string => createHmac("sha256", SECRET).update(body).digest("hex");
const RIPENS = { liveMinutes: 30, transcribedAfterMinutes: 35, summarizedAfterMinutes: 40 };

describe("webhooks of Fireflies", () => {
  it("tell of a meeting when its bot joins, when it is transcribed and when it is summarised, signed", async () => {
    const { emulator, heard, bodies, pass } = await listening();
    emulator.control({ op: "arrive", meeting: { id: "m1" }, ripens: RIPENS });
    expect(await pass(0)).toBe(1);
    expect(await pass(35 * 60_000 - 1)).toBe(0);
    expect(await pass(1)).toBe(1);
    expect(await pass(5 * 60_000)).toBe(1);
    expect(bodies()).toEqual([
      { event: "meeting.bot_joined", timestamp: EPOCH_MS, meeting_id: "m1" },
      { event: "meeting.transcribed", timestamp: EPOCH_MS + 35 * 60_000, meeting_id: "m1" },
      { event: "meeting.summarized", timestamp: EPOCH_MS + 40 * 60_000, meeting_id: "m1" },
    ]);
    for (const { body, headers } of heard) expect(headers["x-hub-signature"]).toBe(`sha256=${sign(body)}`);
  });

  it("come in the old form with either spelling of its signature, and in both forms when told", async () => {
    const old = await listening({ form: "v1", spelling: "bare" });
    old.emulator.control({ op: "arrive", meeting: { id: "m1" } });
    await old.pass(60_000);
    expect(old.bodies()).toEqual([{ meetingId: "m1", eventType: "Transcription completed" }]);
    expect(old.heard[0]?.headers["x-hub-signature"]).toBe(sign(old.heard[0]?.body ?? ""));
    const both = await listening({ form: "both" });
    both.emulator.control({ op: "arrive", meeting: { id: "m1" } });
    await both.pass(0);
    expect(both.bodies()).toHaveLength(2);
  });

  it("say nothing of edits, deletions, and meetings that are gone by then, and no summary where there is none", async () => {
    const { emulator, bodies, pass } = await listening();
    const skipped = { ...RIPENS, liveMinutes: 0, outcome: "skipped" } as const;
    emulator.control({ op: "arrive", meeting: { id: "m1" }, ripens: skipped });
    emulator.control({ op: "arrive", meeting: { id: "m2" }, inMinutes: 10 });
    emulator.control({ op: "rename", id: "m1", title: "Another" });
    emulator.control({ op: "delete", id: "m2" });
    await pass(24 * 3_600_000);
    expect(bodies().map(({ event, meeting_id: id }) => [event, id])).toEqual([["meeting.transcribed", "m1"]]);
  });

  it("go unsigned without a secret, and as a test", async () => {
    const { emulator, heard, pass } = await listening({ secret: null });
    emulator.control({ op: "arrive", meeting: { id: "m1" } });
    emulator.control({ op: "webhook", test: true, secret: SECRET });
    emulator.control({ op: "webhook", secret: null });
    await pass(0);
    expect(heard.map(({ headers }) => headers["x-hub-signature"])).toEqual([undefined, undefined]);
    expect(heard.map(({ body }) => body).join()).toContain("test_00000000");
  });

  it("come twice, late, forged, or never when told, and are repeated only when told", async () => {
    const twice = await listening({ duplicates: 1, forged: 1, form: "v1" });
    twice.emulator.control({ op: "arrive", meeting: { id: "m1" } });
    await twice.pass(60_000);
    const good = twice.heard.filter(
      ({ body, headers }) => headers["x-hub-signature"] === `sha256=${sign(body)}`,
    );
    expect([twice.heard.length, good.length]).toEqual([3, 2]);

    const lost = await listening({ loss: 1 });
    lost.emulator.control({ op: "arrive", meeting: { id: "m1" } });
    expect(await lost.pass(3_600_000)).toBe(0);

    const failing = await listening({ form: "v1" });
    failing.answerWith(500);
    failing.emulator.control({ op: "arrive", meeting: { id: "m1" } });
    for (let minute = 0; minute < 30; minute += 1) await failing.pass(60_000);
    expect(failing.heard).toHaveLength(1);
    failing.emulator.control({ op: "webhook", isRepeated: true });
    failing.emulator.control({ op: "arrive", meeting: { id: "m2" } });
    for (let minute = 0; minute < 30; minute += 1) await failing.pass(60_000);
    expect(failing.heard).toHaveLength(5);
  });
});
