/**
 * The columns of `projects` that are kept in step with Notion, both ways. Names: the estate in use (`title` is the
 * requirements' *name*, `start_date` and `estimated_completion` their *timeline*). What is required: requirements,
 * "Project Records"; their *id* is the row's own and no column of Notion's.
 */
import type { FieldPolicy } from "../merge.ts";
import type { Column } from "./column.ts";

const BOTH_WAYS: FieldPolicy = { direction: "both", conflict: "notion" };

export const PROJECT_COLUMNS = {
  title: {
    kind: "text",
    isRequired: true,
    requirement: "name",
    group: "title",
    policy: BOTH_WAYS,
    synonyms: ["Project name", "Name", "Title", "Project", "Project title"],
    notionTypes: ["title"],
  },
  status: {
    kind: "status",
    isRequired: true,
    requirement: "status",
    group: "schedule",
    policy: BOTH_WAYS,
    synonyms: ["Phase", "Status", "Project status", "Project phase", "Stage", "State"],
    notionTypes: ["status", "select"],
  },
  start_date: {
    kind: "date",
    isRequired: false,
    requirement: "timeline",
    group: "schedule",
    policy: BOTH_WAYS,
    synonyms: ["Start date", "Start", "Project start", "Start on", "Begin date"],
    notionTypes: ["date", "formula"],
  },
  estimated_completion: {
    kind: "date",
    isRequired: false,
    requirement: "timeline",
    group: "schedule",
    policy: BOTH_WAYS,
    synonyms: [
      "Est completion date",
      "Est. completion date",
      "Estimated completion date",
      "Estimated completion",
      "Est completion",
      "Est. completion",
      "Completion date",
      "End date",
      "Due date",
    ],
    notionTypes: ["date", "formula"],
  },
  priority: {
    kind: "priority",
    isRequired: false,
    requirement: null,
    group: "priority",
    policy: BOTH_WAYS,
    synonyms: ["Priority", "Project priority"],
    notionTypes: ["select", "status"],
  },
  // A column of its own, not the id: taken from its first digits, 24-101 and 24-102 were one project.
  job_number: {
    kind: "text",
    isRequired: false,
    requirement: null,
    group: "job_number",
    policy: BOTH_WAYS,
    synonyms: ["Job #", "Job number", "Job no", "Job no.", "Job", "Job ID", "Project number", "Project #"],
    notionTypes: ["rich_text", "unique_id", "number", "formula"],
  },
  client_id: {
    kind: "relation",
    isRequired: false,
    requirement: "client_id",
    group: "client_id",
    policy: BOTH_WAYS,
    synonyms: ["Client", "Clients", "Customer", "Company", "Account"],
    notionTypes: ["relation"],
  },
  project_address: {
    kind: "text",
    isRequired: false,
    requirement: null,
    group: "project_address",
    policy: BOTH_WAYS,
    synonyms: ["Address", "Project address", "Site address", "Job address", "Location", "Site"],
    notionTypes: ["rich_text"],
  },
  description: {
    kind: "text",
    isRequired: false,
    requirement: null,
    group: "description",
    policy: BOTH_WAYS,
    synonyms: ["Description", "Project description", "Scope", "Scope of work", "Summary"],
    notionTypes: ["rich_text"],
  },
  estimated_value: {
    kind: "number",
    isRequired: false,
    requirement: "budget",
    group: "estimated_value",
    policy: BOTH_WAYS,
    synonyms: [
      "Est revenue",
      "Est. revenue",
      "Estimated revenue",
      "Estimated value",
      "Est value",
      "Revenue",
      "Contract value",
      "Budget",
      "Project budget",
    ],
    notionTypes: ["number", "formula"],
  },
  // Notion holds the profit and applications read the share of it, `profit_margin`. Only what a person types is kept in
  // step; the share is computed by the table, so an edit of the revenue is not an edit of the profit.
  estimated_profit: {
    kind: "number",
    isRequired: false,
    requirement: null,
    group: "estimated_profit",
    policy: BOTH_WAYS,
    synonyms: ["Est profit", "Est. profit", "Estimated profit", "Profit"],
    notionTypes: ["number", "formula"],
  },
} as const satisfies Readonly<Record<string, Column>>;

export type ProjectColumn = keyof typeof PROJECT_COLUMNS;
