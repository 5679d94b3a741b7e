import { BUILDING_ISSUES } from "./issues-building.ts";
import { GROUND_ISSUES } from "./issues-ground.ts";
import { OFFICE_ISSUES } from "./issues-office.ts";
import type { Issue } from "./issue.ts";

/** Everything that meetings of the sample are about. */
export const ISSUES: readonly Issue[] = [...BUILDING_ISSUES, ...GROUND_ISSUES, ...OFFICE_ISSUES];
