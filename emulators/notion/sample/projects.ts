import { ESTIMATOR, PROJECTS } from "../../fireflies/sample/company.ts";
import { createRandom, type Random } from "../../world/random.ts";
import type { SeedValue } from "../seed.ts";
import { BUSIEST_CLIENT, CLIENT_PLANS, TRASHED_CLIENT } from "./clients.ts";
import { TRADES } from "./properties.ts";

const DAY_MS = 86_400_000;

/** A project before it has values: what it is called, where it stands, whose it is. */
type ProjectPlan = {
  readonly key: string;
  readonly name: string;
  readonly place: string;
  /** Key of its client. */
  readonly client: string;
  readonly team: readonly string[];
  /** Meetings are held about it to this day. */
  readonly isUnderWay: boolean;
};

const OFFICE_TEAM: readonly string[] = [ESTIMATOR.name, PROJECTS[0]!.manager.name];

/** Key of a row, made from its name. */
function keyOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}

/** Projects that meetings are about; their clients stand in the same order. */
const FROM_MEETINGS: readonly ProjectPlan[] = PROJECTS.map(({ name, place, manager, superintendent }, i) => ({
  key: keyOf(name),
  name,
  place,
  client: CLIENT_PLANS[i]!.key,
  team: [manager.name, superintendent.name],
  isUnderWay: true,
}));

const LOT_FIRST = 3;
const LOT_LAST = 31;

/** Buildings of one developer, who has Willow Creek Townhomes too: thirty projects of one client. */
const LOTS: readonly ProjectPlan[] = Array.from({ length: LOT_LAST - LOT_FIRST + 1 }, (_, i) => ({
  key: `lot-${LOT_FIRST + i}`,
  name: `Willow Creek Lot ${LOT_FIRST + i}`,
  place: `${LOT_FIRST + i} Willow Creek Lane`,
  client: BUSIEST_CLIENT,
  team: [PROJECTS[5]!.manager.name],
  isUnderWay: false,
}));

const plan = (key: string, name: string, place: string, client: string): ProjectPlan => ({
  key,
  name,
  place,
  client,
  team: OFFICE_TEAM,
  isUnderWay: false,
});

const OTHERS: readonly ProjectPlan[] = [
  plan("ferry-landing-food-hall", "Ferry Landing Food Hall", "1 Ferry Landing", "harbor-foods"),
  plan("old-mill-data-room", "Old Mill Data Room", "77 Mill Lane", "old-mill"),
  plan("shelter-kitchen", "Shelter Kitchen", "5 Chapel Street", "st-brigid"),
  plan("pier-nine-seawall", "Pier Nine Seawall", "Pier 9", "port-authority"),
  plan("residence-eclusier", "Résidence Éclusier", "3 quai de l'Écluse", "eclusier"),
  plan("nakheel-centre", "Nakheel Centre", "12 Port Road", "nakheel"),
  plan("namal-tower", "Namal Tower", "8 Harbour Steps", "namal"),
];

/** Projects with names of their own, in the order in which they were entered. */
const NAMED: readonly ProjectPlan[] = [...FROM_MEETINGS, ...LOTS, ...OTHERS];

/** Size of the sample unless another is asked for: exactly the projects with names of their own. */
export const PROJECTS_COUNT_DEFAULT = NAMED.length;

/** The one that is in the trash whatever the size. */
const TRASHED = plan("gallery-row-parking", "Gallery Row Parking", "Gallery Row", "fulton-partners");

const PLACES = [
  "Ash Lane",
  "Birch Court",
  "Dock Road",
  "Elm Square",
  "Foundry Row",
  "Quay Street",
  "Mill Green",
];
const BUILDINGS = ["Apartments", "Clinic", "Depot", "Garage", "Offices", "School Wing", "Shops", "Warehouse"];

/** Clients of further projects: neither the one of thirty nor the one in the trash. */
const FURTHER_CLIENTS = CLIENT_PLANS.map(({ key }) => key).filter(
  (key) => key !== BUSIEST_CLIENT && key !== TRASHED_CLIENT,
);

/** One of the projects beyond those with names of their own. */
function furtherPlan(ordinal: number): ProjectPlan {
  const place = PLACES[ordinal % PLACES.length]!;
  const building = BUILDINGS[Math.floor(ordinal / PLACES.length) % BUILDINGS.length]!;
  return {
    key: `project-${ordinal + 1}`,
    name: `${place} ${building} ${ordinal + 1}`,
    place: `${ordinal + 1} ${place}`,
    client: FURTHER_CLIENTS[ordinal % FURTHER_CLIENTS.length]!,
    team: OFFICE_TEAM,
    isUnderWay: false,
  };
}

/** Plans of `count` projects, and last the one for the trash. */
export function projectPlans(count: number): readonly ProjectPlan[] {
  return [
    ...NAMED.slice(0, count),
    ...Array.from({ length: Math.max(0, count - NAMED.length) }, (_, i) => furtherPlan(NAMED.length + i)),
    TRASHED,
  ];
}

/** Years in which jobs were numbered, two digits. */
const JOB_YEARS = [24, 25, 26];

/** Different for every ordinal, so that only the list of oddities makes doubles. */
function jobNumber(ordinal: number): string {
  const year = JOB_YEARS[ordinal % JOB_YEARS.length]!;
  return `${year}-${401 + Math.floor(ordinal / JOB_YEARS.length)}`;
}

function dayOf(ms: number): SeedValue {
  return { start: new Date(ms).toISOString().slice(0, 10), end: null };
}

function phaseAt(nowMs: number, startMs: number, endMs: number, random: Random): string {
  if (random.chance(0.08)) return "Cancelled";
  if (startMs > nowMs) return "Not started";
  if (endMs < nowMs) return "Complete";
  return random.chance(0.12) ? "On hold" : "In progress";
}

const PRIORITIES = ["low", "medium", "medium", "High"];

/** What chance and time add to a plan. */
type Chance = {
  readonly seed: number;
  readonly ordinal: number;
  readonly createdMs: number;
  readonly nowMs: number;
};

/** The usual values of a project, by name of property. Equal arguments give equal values. */
export function projectValues(
  { key, name, place, client, team, isUnderWay }: ProjectPlan,
  { seed, ordinal, createdMs, nowMs }: Chance,
): Readonly<Record<string, SeedValue>> {
  const random = createRandom(seed, `project ${key}`);
  const startMs = createdMs + random.int(20, 120) * DAY_MS;
  const endMs = (isUnderWay ? nowMs : startMs) + random.int(120, 700) * DAY_MS;
  const revenue = random.int(250, 40_000) * 1_000;
  return {
    "Project name": name,
    "Job #": jobNumber(ordinal),
    Address: `${place}, Fairhaven`,
    "Est Revenue": revenue,
    "Est Profit": Math.round((revenue * random.int(40, 140)) / 1_000),
    Phase: isUnderWay ? "In progress" : phaseAt(nowMs, startMs, endMs, random),
    Priority: random.pick(PRIORITIES),
    "Start Date": dayOf(startMs),
    "Est Completion Date": dayOf(endMs),
    Client: [client],
    Notes: `Bid ${random.int(2, 9)} against ${random.int(2, 6)}. Retention ${random.int(3, 10)} %.`,
    Trades: random.shuffle(TRADES).slice(0, random.int(1, 3)),
    Team: team,
    Documents: random.chance(0.5) ? [`https://example.com/plans/${key}.pdf`, `${key}-permit.pdf`] : [],
    "Permit issued": startMs < nowMs,
    Drawings: random.chance(0.7) ? `https://example.com/drawings/${key}` : null,
  };
}
