import { createRandom } from "../../world/random.ts";
import type { NotionSeed, SeedRow } from "../seed.ts";
import { CLIENT_PLANS } from "./clients.ts";
import { withOddities } from "./oddities.ts";
import { PROJECTS_COUNT_DEFAULT, projectPlans, projectValues } from "./projects.ts";
import { CLIENT_PROPERTIES, PROJECT_PROPERTIES } from "./properties.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How far back the rows of the sample reach from its epoch, and how long the newest was left alone. */
const SPAN_DAYS = 540;
const QUIET_DAYS = 2;

/** What the sample is made from. `epochMs` is the world instant at which it begins. */
export type SampleOptions = {
  readonly seed: number;
  readonly epochMs: number;
  /** Projects outside the trash; default 44. Below that some oddities are left out. */
  readonly projectsCount?: number | undefined;
};

/**
 * The databases `projects` and `clients` of the invented company whose meetings the Fireflies sample holds.
 *
 * Thirty clients, the projects asked for, and one more of each in the trash. What is odd among them stands in
 * `NOTION_ODDITIES`, by key. Values of a relation stand on the projects' side alone. Equal options give equal seeds;
 * keys and oddities are those of every seed.
 */
export function sampleNotion({
  seed,
  epochMs,
  projectsCount = PROJECTS_COUNT_DEFAULT,
}: SampleOptions): NotionSeed {
  const plans = projectPlans(projectsCount);
  const projects = plans.map((plan, ordinal) => {
    const moments = momentsOf({ seed, epochMs, label: plan.key, share01: ordinal / plans.length });
    const chance = { seed, ordinal, createdMs: moments.createdMs, nowMs: epochMs };
    return withOddities("projects", { key: plan.key, ...moments, values: projectValues(plan, chance) });
  });
  const clients = CLIENT_PLANS.map(({ key, values }, ordinal) => {
    const moments = momentsOf({ seed, epochMs, label: key, share01: ordinal / CLIENT_PLANS.length });
    return withOddities("clients", { key, ...moments, values });
  });
  return {
    databases: [
      { key: "projects", title: "Projects", properties: PROJECT_PROPERTIES, rows: projects },
      { key: "clients", title: "Clients", properties: CLIENT_PROPERTIES, rows: clients },
    ],
  };
}

/** When a row was made and last touched, to the millisecond; rows with a greater share are younger. */
function momentsOf(place: {
  readonly seed: number;
  readonly epochMs: number;
  readonly label: string;
  /** Where the row stands among those of its database, in [0, 1). */
  readonly share01: number;
}): Pick<SeedRow, "createdMs" | "editedMs"> {
  const random = createRandom(place.seed, `moments of ${place.label}`);
  const latestMs = place.epochMs - QUIET_DAYS * DAY_MS;
  const daysBack = (SPAN_DAYS - QUIET_DAYS) * (1 - place.share01);
  const createdMs = Math.floor(latestMs - daysBack * DAY_MS) - random.int(0, 5 * MINUTE_MS);
  const editedMs = random.chance(0.2)
    ? createdMs
    : createdMs + Math.floor(random.next() * (latestMs - createdMs));
  return { createdMs, editedMs };
}
