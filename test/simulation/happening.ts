import { D1_LIMITS } from "../../emulators/d1/d1-limits.ts";
import type { VendorName } from "./scenario-parts.ts";
import type { WorldEvent } from "./scenario.ts";
import type { Simulation } from "./simulation.ts";

/** Vendors tell of what happened a little later. */
const TOLD_AFTER_MS = 45_000;

type Happening<Name extends WorldEvent["do"]> = Extract<WorldEvent, { do: Name }>;

/** Make an event happen to the world, whatever the program does meanwhile. */
export async function happen(sim: Simulation, event: WorldEvent): Promise<void> {
  if (isHarm(event)) {
    if (!sim.isCalm) await doHarm(sim, event);
    return;
  }
  sim.count(`event: ${event.do === "source" ? event.op.op : event.do}`);
  if (event.do === "source") {
    sim.estate.fireflies.control(event.op);
    await sim.source.change(event.id, event.op);
  } else if (event.do === "ripen") await sim.source.look(event.id);
  else if (event.do === "start by hand")
    await sim.ask({ sync: event.sync, priority: "urgent", preview: null });
  else if (event.do === "ask") {
    const preview = event.isDry ? ({ mode: "dry_run", planHash: null } as const) : null;
    await sim.ask({ sync: event.sync, priority: event.priority, preview });
  } else if (event.do === "forge") await sim.webhooks?.forge(event.vendor, event.way);
  if (sim.webhooks !== null) sim.clock.at(sim.clock.nowMs() + TOLD_AFTER_MS, () => void sim.carryWebhooks());
}

const PEACEFUL = ["source", "ripen", "start by hand", "ask", "forge"] as const;
type Peaceful = Happening<(typeof PEACEFUL)[number]>;

function isHarm(event: WorldEvent): event is Exclude<WorldEvent, Peaceful> {
  return !PEACEFUL.some((name) => name === event.do);
}

async function doHarm(sim: Simulation, event: Exclude<WorldEvent, Peaceful>): Promise<void> {
  const { estate, notion, clock } = sim;
  switch (event.do) {
    case "person":
      if (notion !== null) sim.count(`event: people ${await notion.people.move()}`);
      clock.at(clock.nowMs() + TOLD_AFTER_MS, () => void sim.carryWebhooks());
      return;
    case "notion faults":
      notion?.emulator.control(event.op);
      return;
    case "revoke key":
      sim.count(`event: key of ${event.vendor} revoked`);
      if (event.vendor === "notion") notion?.revoke();
      else estate.fireflies.control({ op: "remove-key" });
      return;
    case "give key":
      await giveKey(sim, event);
      return;
    case "second process":
      sim.count("event: second process started");
      await sim.startSecond(event);
      return;
    case "database full":
      if (event.isFull) sim.count("fault: database full");
      estate.d1.setSizeMax(event.isFull ? estate.d1.sizeBytes : D1_LIMITS.databaseBytesMax);
      return;
    case "suspend":
      sim.count("event: machine suspended");
      clock.skip(event.forMs);
      return;
    case "set clock":
      sim.count(`event: clock set ${event.aheadMs < sim.aheadMs() ? "back" : "forward"}`);
      sim.clockSets.push({ atMs: clock.nowMs(), aheadMs: event.aheadMs });
      return;
    default:
      sim.count(`fault: ${event.do}`);
      trouble(sim, event);
  }
}

async function giveKey(sim: Simulation, { vendor, isNew }: Happening<"give key">): Promise<void> {
  sim.count(`event: ${isNew ? "new key" : "same key again"} of ${vendor}`);
  if (vendor === "notion") sim.notion?.give(isNew ? "ntn_another" : sim.notion.token);
  else {
    if (isNew) sim.firefliesKey = "another-fireflies-key";
    sim.estate.fireflies.control({ op: "rotate-key", key: sim.firefliesKey });
  }
  if (isNew) sim.replaceProcess("for a new key");
  for (const sync of syncsOf(vendor)) await sim.ask({ sync, priority: "urgent", preview: null }, true);
}

function syncsOf(vendor: VendorName): ("fireflies" | "clients" | "projects")[] {
  return vendor === "fireflies" ? ["fireflies"] : ["clients", "projects"];
}

type Trouble = Happening<"faults" | "drop vectors" | "hold vectors" | "rot object">;

function trouble(sim: Simulation, event: Trouble): void {
  const { estate } = sim;
  if (event.do === "faults") estate.fireflies.control(event.op);
  else if (event.do === "drop vectors") estate.index.controls.dropNext(event.count);
  else if (event.do === "rot object") rotNext(sim);
  else if (event.hold) estate.index.controls.pause();
  else estate.index.controls.resume();
}

/** The next new revision rots as it is written: nothing but the read-back can notice. Later rot is the proof's business. */
function rotNext({ estate: { r2 }, rotten }: Simulation): void {
  const counts = r2.writeCounts();
  r2.setHooks({
    afterCall: (action, [key = ""]) => {
      if (
        action !== "put" ||
        !key.startsWith("fireflies-transcripts/") ||
        counts.has(key) ||
        r2.peek(key) === null
      )
        return;
      r2.setHooks({});
      r2.corrupt(key);
      rotten.push(key);
    },
  });
}
