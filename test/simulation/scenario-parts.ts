import type { ControlInput } from "../../emulators/fireflies/control-ops.ts";
import type { NotionControlInput } from "../../emulators/notion/control-ops.ts";
import { createRandom, type Random } from "../../emulators/world/random.ts";
import type { Priority, SyncName } from "../../src/ports/run-store.ts";
import type { SourceMeeting } from "../../emulators/fireflies/source-meeting.ts";
import { NOTION_FAULTS } from "../fight/fight.ts";
import type { Death, Scenario, WorldEvent } from "./scenario.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Whose key is meant. */
export type VendorName = "fireflies" | "notion";

/** What happens beside meetings and stores: people, persons who ask, keys, clocks, strangers, another process. */
export type PartEvent =
  /** A person on either side of Notion makes a move. */
  | { readonly atMs: number; readonly do: "person" }
  | { readonly atMs: number; readonly do: "notion faults"; readonly op: NotionControlInput }
  | {
      readonly atMs: number;
      readonly do: "ask";
      readonly sync: SyncName;
      readonly priority: Priority;
      /** A dry run: only what would be done is written down. */
      readonly isDry: boolean;
    }
  | { readonly atMs: number; readonly do: "revoke key"; readonly vendor: VendorName }
  /** The same key works again, and a person asks for a run; or a new one comes, which needs a new process. */
  | { readonly atMs: number; readonly do: "give key"; readonly vendor: VendorName; readonly isNew: boolean }
  | { readonly atMs: number; readonly do: "forge"; readonly vendor: VendorName; readonly way: ForgeryWay }
  /** A second process over the same stores goes on beside the first for a while. */
  | {
      readonly atMs: number;
      readonly do: "second process";
      readonly lastsMs: number;
      readonly tickEveryMs: number;
    }
  /** The database takes nothing more for a while. */
  | { readonly atMs: number; readonly do: "database full"; readonly isFull: boolean }
  /** The machine is put to sleep: when it wakes up, everything that was due meanwhile happens at once. */
  | { readonly atMs: number; readonly do: "suspend"; readonly forMs: number }
  /** From now on the machine's clock shows so much more than the vendors'. */
  | { readonly atMs: number; readonly do: "set clock"; readonly aheadMs: number };

/** How a webhook is forged. */
export type ForgeryWay = "unsigned" | "signed by another" | "altered after signing" | "handshake";
const FORGERY_WAYS: readonly ForgeryWay[] = [
  "unsigned",
  "signed by another",
  "altered after signing",
  "handshake",
];

/** Notion both ways. */
export type NotionScenario = {
  readonly projects: number;
  /** Share of requests that fail by plan. */
  readonly faultRate: number;
  readonly requestsPerMinute: number | null;
  /** Share of calls to Notion after which a person types. */
  readonly typing: number;
};

/** What becomes of the vendors' announcements on their way. */
type WebhookScenario = {
  readonly form: "v1" | "v2" | "both";
  readonly spelling: "prefixed" | "bare";
  readonly isRepeated: boolean;
  readonly duplicates: number;
  readonly loss: number;
  readonly disorder: number;
  readonly forged: number;
};

/** Shares of wake-ups that never arrive, and that arrive twice. */
type WakeScenario = { readonly lost: number; readonly twice: number };

/** The parts of the world that only some seeds have; each is drawn from chance of its own, so that no other moves. */
export type ScenarioParts = {
  readonly notion: NotionScenario | null;
  readonly webhooks: WebhookScenario | null;
  readonly wakes: WakeScenario;
  /** When everything comes to rest and is judged in the middle; then trouble begins anew. Null: only at the end. */
  readonly pause: {
    readonly troubleMs: number;
    /** From here on nothing goes wrong again. */
    readonly calmMs: number;
    /** How each life from there on ends, as in `deaths`. */
    readonly deaths: readonly Death[];
  } | null;
};

/** A world without any of them. */
export const NO_PARTS: ScenarioParts = {
  notion: null,
  webhooks: null,
  wakes: { lost: 1, twice: 0 },
  pause: null,
};

/** From when on, and for how long, something may happen. */
export type Span = { readonly startMs: number; readonly stormMs: number };

/**
 * Add to a scenario whatever parts its seed has. Pure.
 *
 * @param free meetings that nothing happens to yet
 */
export function withParts(scenario: Scenario, span: Span, free: readonly SourceMeeting[]): Scenario {
  const { seed } = scenario;
  const notion = notionOf(createRandom(seed, "notion"));
  const webhooks = webhooksOf(createRandom(seed, "webhooks"));
  const given = { notion, webhooks, ...span };
  const events: WorldEvent[] = [
    ...scenario.events,
    ...(notion === null ? [] : peopleAndFaults(createRandom(seed, "people"), span)),
    ...questions(createRandom(seed, "questions"), given),
    ...keyEvents(createRandom(seed, "keys"), given),
    ...lostGroup(createRandom(seed, "group"), free, span),
    ...forgeries(createRandom(seed, "forgeries"), given),
    ...secondProcess(createRandom(seed, "second process"), span),
    ...clockEvents(createRandom(seed, "clock"), given),
    ...fullDatabase(createRandom(seed, "full"), span),
  ];
  const sorted = events.toSorted((a, b) => a.atMs - b.atMs);
  return {
    ...scenario,
    notion,
    webhooks,
    wakes: wakesOf(createRandom(seed, "wakes")),
    events: sorted,
    calmMs: Math.max(scenario.calmMs, (sorted.at(-1)?.atMs ?? 0) + MINUTE_MS),
  };
}

function notionOf(random: Random): NotionScenario | null {
  if (!random.chance(0.15)) return null;
  return {
    projects: random.int(1, 3),
    faultRate: random.pick([0, 0, 0.1, 0.25]),
    requestsPerMinute: random.pick([null, 180, 180, 60]),
    typing: random.pick([0, 0, 0.05]),
  };
}

function webhooksOf(random: Random): WebhookScenario | null {
  if (!random.chance(1 / 3)) return null;
  const share = (): number => random.pick([0, 0.1, 0.4]);
  return {
    form: random.pick(["v1", "v2", "v2", "both"]),
    spelling: random.pick(["prefixed", "bare"]),
    isRepeated: random.chance(0.5),
    duplicates: share(),
    loss: share(),
    disorder: share(),
    forged: share(),
  };
}

function wakesOf(random: Random): WakeScenario {
  return random.chance(0.4) ? NO_PARTS.wakes : { lost: random.pick([0, 0.3]), twice: random.pick([0, 0.3]) };
}

function peopleAndFaults(random: Random, { startMs, stormMs }: Span): PartEvent[] {
  const at = (): number => startMs + random.int(0, stormMs);
  const moves = Array.from({ length: random.int(2, 20) }, (): PartEvent => ({ atMs: at(), do: "person" }));
  const faults = Array.from({ length: random.int(0, 5) }, (): PartEvent => ({
    atMs: at(),
    do: "notion faults",
    op: { op: "fault", clear: true, next: [random.pick(FAULTS)] },
  }));
  return [...moves, ...faults];
}

/** As in a fight, and waits that are longer. */
const FAULTS = [
  ...NOTION_FAULTS,
  { kind: "rate_limited", retryAfterSeconds: 900 },
  { kind: "overload", retryAfterSeconds: 60 },
] as const;

type Given = Span & Pick<ScenarioParts, "notion" | "webhooks">;

function questions(random: Random, { startMs, stormMs, notion }: Given): PartEvent[] {
  if (!random.chance(0.4)) return [];
  const tables: SyncName[] = notion === null ? [] : ["projects", "clients"];
  return Array.from({ length: random.int(1, 4) }, (): PartEvent => {
    const sync = random.pick<SyncName>(["fireflies", "vectors", "verify", ...tables]);
    return {
      atMs: startMs + random.int(0, stormMs),
      do: "ask",
      sync,
      priority: random.pick(["urgent", "high", "normal", "low"]),
      isDry: tables.includes(sync) && random.chance(0.3),
    };
  });
}

function keyEvents(random: Random, { startMs, stormMs, notion }: Given): PartEvent[] {
  if (!random.chance(0.12)) return [];
  const vendor = notion !== null && random.chance(0.5) ? "notion" : "fireflies";
  const atMs = startMs + random.int(0, stormMs / 2);
  const backMs = atMs + random.int(MINUTE_MS, stormMs / 2);
  return [
    { atMs, do: "revoke key", vendor },
    { atMs: backMs, do: "give key", vendor, isNew: random.chance(0.5) },
  ];
}

/** The key loses sight of some meetings at once, of several organizers or of one, and mostly sees them again. */
function lostGroup(random: Random, free: readonly SourceMeeting[], span: Span): WorldEvent[] {
  if (!random.chance(0.12)) return [];
  const organizer = free.length === 0 ? null : random.pick(free).organizer_email;
  const group = random.chance(0.5)
    ? free.filter((one) => one.organizer_email === organizer)
    : random.shuffle(free).slice(0, random.int(2, 12));
  const atMs = span.startMs + random.int(0, span.stormMs);
  const backMs = random.chance(0.7) ? atMs + random.int(MINUTE_MS, 6 * HOUR_MS) : null;
  const all = (op: "hide" | "show", at: number): WorldEvent[] =>
    group.map(({ id }) => ({ atMs: at, do: "source", id, op: { op, id } satisfies ControlInput }));
  return [...all("hide", atMs), ...(backMs === null ? [] : all("show", backMs))];
}

function forgeries(random: Random, { startMs, stormMs, notion, webhooks }: Given): PartEvent[] {
  if (webhooks === null) return [];
  return Array.from({ length: random.int(0, 4) }, (): PartEvent => ({
    atMs: startMs + random.int(0, stormMs),
    do: "forge",
    vendor: notion !== null && random.chance(0.5) ? "notion" : "fireflies",
    way: random.pick(FORGERY_WAYS),
  }));
}

function secondProcess(random: Random, { startMs, stormMs }: Span): PartEvent[] {
  if (!random.chance(0.12)) return [];
  return [
    {
      atMs: startMs + random.int(0, stormMs / 2),
      do: "second process",
      lastsMs: random.int(MINUTE_MS, random.pick([20 * MINUTE_MS, 3 * HOUR_MS])),
      tickEveryMs: random.pick([1, 5, 20]) * MINUTE_MS,
    },
  ];
}

function fullDatabase(random: Random, { startMs, stormMs }: Span): PartEvent[] {
  if (!random.chance(0.1)) return [];
  const atMs = startMs + random.int(0, stormMs);
  const forMs = random.int(1, random.pick([10, 200])) * MINUTE_MS;
  return [
    { atMs, do: "database full", isFull: true },
    { atMs: atMs + forMs, do: "database full", isFull: false },
  ];
}

/** Where clocks are wrong, times in the ledger cannot be held against those of people and announcements, so neither is there. */
function clockEvents(random: Random, { startMs, stormMs, notion, webhooks }: Given): PartEvent[] {
  const atMs = startMs + random.int(0, stormMs);
  if (random.chance(0.08)) return [{ atMs, do: "suspend", forMs: random.int(HOUR_MS, 24 * HOUR_MS) }];
  if (notion !== null || webhooks !== null || !random.chance(0.15)) return [];
  return Array.from({ length: random.int(1, 3) }, (): PartEvent => ({
    atMs: startMs + random.int(0, stormMs),
    do: "set clock",
    aheadMs: random.int(-10, 10) * MINUTE_MS + random.int(-30, 30) * SECOND_MS,
  }));
}
