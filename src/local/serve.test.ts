import { expect, it } from "vitest";
import { beatOf, pageLine } from "./serve.ts";

const product = { url: "http://127.0.0.1:8787", token: "0123abc", dataDir: "/data" };

it("signs a person at a terminal in, and puts no token into what may be kept", () => {
  expect(pageLine(product, true)).toBe("\nPage: http://127.0.0.1:8787/#token=0123abc");
  expect(pageLine(product, false)).toBe(
    "\nPage: http://127.0.0.1:8787/ (sign in with the token in /data/token)",
  );
});

/** A clock whose disk is as it is said to be, and what came of its beats. */
function aClock() {
  const did: string[] = [];
  const state = { lack: null as string | null, fails: null as string | null };
  const call = (name: string) => async () => {
    did.push(name);
    if (state.fails === name) throw new Error("the request failed");
    return {};
  };
  const client = { tick: call("tick"), resume: call("resume") };
  const beat = beatOf(
    client,
    async () => state.lack,
    (line) => did.push(line),
  );
  return {
    did,
    beat: async (lack: string | null, fails: string | null = null) => {
      Object.assign(state, { lack, fails });
      await beat();
      return did.splice(0);
    },
  };
}

it("says once that there is no room, and takes up what was lost meanwhile once there is some that lasts", async () => {
  const { beat } = aClock();
  expect(await beat(null)).toEqual(["tick"]);
  const full = "The disk is full.";
  const said = `${full} What needs room waits, and goes on by itself then.`;
  expect(await beat(full, "tick")).toEqual([said, "tick"]);
  expect(await beat("It is fuller still.")).toEqual(["tick"]);
  expect(await beat(full, "tick")).toEqual(["tick"]);
  // At its bound a disk has room and none by turns.
  for (let n = 0; n < 10; n += 1) {
    expect(await beat(null)).toEqual(["tick"]);
    expect(await beat(full)).toEqual(["tick"]);
  }
  expect(await beat(null)).toEqual(["tick"]);
  expect(await beat(null)).toEqual(["tick"]);
  // Nobody answers yet: it is tried again, and the clock goes on.
  expect(await beat(null, "resume")).toEqual([
    "resume",
    "a look at the disk failed: the request failed",
    "tick",
  ]);
  expect(await beat(null)).toEqual(["resume", "tick"]);
  expect(await beat(null)).toEqual(["tick"]);
  expect(await beat(full)).toEqual([said, "tick"]);
});

it("says why a beat failed, the same reason once, and goes on", async () => {
  const { beat } = aClock();
  const said = "tick failed: the request failed";
  expect(await beat(null, "tick")).toEqual(["tick", said]);
  expect(await beat(null, "tick")).toEqual(["tick"]);
  expect(await beat(null)).toEqual(["tick"]);
  expect(await beat(null, "tick")).toEqual(["tick", said]);
  // Why it failed on a full disk is known; that it fails with room is said, though for the same reason.
  expect(await beat("The disk is full.", "tick")).toHaveLength(2);
  expect(await beat(null)).toEqual(["tick"]);
  expect(await beat("The disk is full.", "tick")).toEqual(["tick"]);
  expect(await beat(null, "tick")).toEqual(["tick", said]);
});
