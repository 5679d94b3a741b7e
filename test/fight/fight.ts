import { createRandom } from "../../emulators/world/random.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { NO_TROUBLE, openEstate, type FightEstate, type Trouble } from "./estate.ts";
import {
  equalityBreaches,
  heldValues,
  lostValues,
  trashedAgain,
  unrecorded,
  unrecordedPushes,
} from "./laws.ts";
import { peopleOf } from "./people.ts";
import { noTypedValues } from "./typed.ts";

export type FightVerdict = {
  readonly seed: number;
  readonly breaches: readonly string[];
  /** Values typed into a window between a reading and the landing of a write, which Notion leaves open. */
  readonly suspected: number;
  readonly typed: number;
};

export type FightOptions = {
  /** People type while a run goes on as well, into the windows that Notion leaves open. Default: every other seed. */
  readonly isCrowded?: boolean;
  /** A bug to plant between the program and its ports. */
  readonly plant?: (ports: Ports) => Ports;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Runs until everything is settled: pushes put off, makings in doubt, deletions over the cap. */
const QUIET_RUNS_MAX = 14;

/**
 * A fight over one workspace: each round people on both sides make moves, faults strike, the process is killed or
 * overtaken; then all is quiet, and both sides must be equal. In the end every value that anyone typed must be somewhere.
 */
export async function fight(
  seed: number,
  rounds: number,
  { isCrowded = seed % 2 === 1, plant = (ports) => ports }: FightOptions = {},
): Promise<FightVerdict> {
  const random = createRandom(seed, "fight");
  const estate = await openEstate(random, plant);
  const typed = noTypedValues();
  const people = peopleOf(estate, random, typed);
  const story: string[] = [];
  const breaches: string[] = [];
  for (let round = 1; round <= rounds && breaches.length === 0; round += 1) {
    story.length = 0;
    const moves = random.int(1, 4);
    for (let n = 0; n < moves; n += 1) {
      story.push(await people.move());
      if (random.chance(0.3)) estate.world.advance(random.int(1, 90) * 1_000);
    }
    if (random.chance(0.5)) story.push(fault(estate, random));
    if (random.chance(0.7)) estate.world.advance(random.int(1, 20) * MINUTE_MS);
    const trouble = troubleOf(random, isCrowded ? people.type : null);
    story.push(
      `${trouble.killAtCall === null ? "" : `killed at ${trouble.killAtCall}`} ${trouble.takeoverAtCall === null ? "" : `overtaken at ${trouble.takeoverAtCall}`}`,
    );
    const before = await heldValues(estate);
    await estate.sync(trouble);
    if (!isCrowded) breaches.push(...(await unrecorded(estate, before)));
    const unequal = [...(await quiesce(estate)), ...trashedAgain(estate, people.restored)];
    breaches.push(...unequal.map((breach) => `round ${round} (${story.join(", ")}): ${breach}`));
  }
  const { lost, suspected } = await lostValues(estate, typed);
  breaches.push(...(await unrecordedPushes(estate, typed)));
  breaches.push(...lost.map((value) => `lost: ${value}`));
  if (!isCrowded) breaches.push(...suspected.map((value) => `lost in a window nobody typed into: ${value}`));
  return { seed, breaches, suspected: suspected.length, typed: typed.all().length };
}

function troubleOf(random: ReturnType<typeof createRandom>, type: (() => Promise<void>) | null): Trouble {
  const roll = random.next();
  return {
    killAtCall: roll < 0.4 ? random.int(1, 80) : null,
    takeoverAtCall: roll >= 0.4 && roll < 0.55 ? random.int(1, 40) : null,
    meanwhile: async () => {
      if (type !== null && random.chance(0.08)) await type();
    },
  };
}

/** Trouble that Notion makes for the one who writes to it. */
export const NOTION_FAULTS = [
  { kind: "commit_then_503", method: "PATCH" },
  { kind: "commit_then_lost", method: "PATCH" },
  { kind: "lost_before", method: "PATCH" },
  { kind: "late", method: "PATCH", lateMs: 45_000 },
  { kind: "conflict", method: "PATCH" },
  { kind: "commit_then_503", method: "POST", endpoint: "create_page" },
  { kind: "commit_then_lost", method: "POST", endpoint: "create_page" },
  { kind: "late", method: "POST", endpoint: "create_page", lateMs: 45_000 },
  { kind: "rate_limited", retryAfterSeconds: 20 },
] as const;

function fault({ notion }: FightEstate, random: ReturnType<typeof createRandom>): string {
  const next = random.pick(NOTION_FAULTS);
  const reply = notion.control({ op: "fault", clear: true, next: [next] });
  if (!reply.ok) throw new Error(`the emulator refuses a fault: ${reply.problem}`);
  return `${next.kind} of ${"method" in next ? next.method : "anything"}`;
}

/** Everything is listed once, and what waits for the week's deletions gets its week. */
function pauseBefore(runs: number): number {
  if (runs === 1) return 25 * HOUR_MS;
  return runs < 6 ? 35 * MINUTE_MS : 72 * HOUR_MS;
}

/** Nobody edits, nothing fails: runs until both sides are equal, over more than a day, so that everything is listed. */
async function quiesce(estate: FightEstate): Promise<string[]> {
  const cleared = estate.notion.control({ op: "fault", clear: true });
  if (!cleared.ok) throw new Error(cleared.problem);
  let breaches: string[] = [];
  for (let runs = 0; runs < QUIET_RUNS_MAX; runs += 1) {
    estate.world.advance(pauseBefore(runs));
    await estate.sync(NO_TROUBLE);
    breaches = await equalityBreaches(estate);
    if (runs >= 2 && breaches.length === 0) return [];
  }
  return breaches;
}
