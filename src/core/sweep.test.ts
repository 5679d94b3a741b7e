import { describe, expect, it } from "vitest";
import { begun, NOTHING_LISTED, type Standing } from "./plan.ts";
import { SWEEP_PERIOD_MS } from "./policy.ts";
import { nextSweep, windowOf } from "./sweep.ts";

const DONE = { backfilledMs: 0, toMs: 500, looks: 0, nowMs: SWEEP_PERIOD_MS };
const NOW = { id: "new", ceilingMs: 1, startedMs: 2 };
const open = begun(NOTHING_LISTED, { ...NOW, kind: "sweep", floorMs: 1 }, null);
const swept = (toMs: number | null, startedMs = 0): Standing => ({
  ...NOTHING_LISTED,
  cycle: { startedMs, toMs },
});

describe("nextSweep", () => {
  it("sweeps nothing before the whole history was listed once, nor before a period has gone by since", () => {
    expect(nextSweep(NOTHING_LISTED, { ...DONE, backfilledMs: null })).toBe(null);
    expect(nextSweep(NOTHING_LISTED, { ...DONE, nowMs: SWEEP_PERIOD_MS - 1 })).toBe(null);
    expect(nextSweep(NOTHING_LISTED, DONE)).toMatchObject({ do: "window", toMs: 500 });
  });

  it("goes on with an open window, then looks for what is missing, then sweeps the next window", () => {
    const all = { ...swept(300), listings: { sweep: open } };
    expect(nextSweep(all, { ...DONE, looks: 1 })).toMatchObject({ do: "go_on" });
    expect(nextSweep(swept(300), { ...DONE, looks: 1 })).toEqual({ do: "look" });
    expect(nextSweep(swept(300), DONE)).toMatchObject({ do: "window", toMs: 300 });
  });

  it("leaves a window that came to its end, and sweeps nothing while the newest days were never listed", () => {
    const ended = { ...swept(300), listings: { sweep: { ...open, cursor: null } } };
    expect(nextSweep(ended, DONE)).toMatchObject({ do: "window", toMs: 300 });
    expect(nextSweep(NOTHING_LISTED, { ...DONE, toMs: null })).toBe(null);
  });

  it("begins again a period after it last began, once it has come to the first meeting", () => {
    expect(nextSweep(swept(null, 1), DONE)).toBe(null);
    expect(nextSweep(swept(null, 0), DONE)).toEqual({
      do: "window",
      toMs: 500,
      cycle: { startedMs: SWEEP_PERIOD_MS, toMs: 500 },
    });
  });
});

describe("windowOf", () => {
  it("is a listing of its own between two moments", () => {
    const window = windowOf(NOTHING_LISTED, { fromMs: null, toMs: 300, above: 7 }, 5, NOW);
    expect(window).toMatchObject({
      discovery: { kind: "sweep", floorMs: null, ceilingMs: 300, completedMs: null },
      above: 7,
      cycleMs: 5,
    });
  });
});
