import type { SeedProperty } from "../seed.ts";

/*
 * The two databases as the company built them. Names, types and vocabularies are those of the estate in use today;
 * what stands below "nobody maps these" is there because real databases are full of such properties.
 */

/** Options of a property that nobody maps. */
export const TRADES = ["concrete", "steel", "roofing", "electrical", "mechanical"] as const;

/** Properties of a project. `Client` appears among the clients as `Projects`. */
export const PROJECT_PROPERTIES = [
  { name: "Project name", type: "title" },
  { name: "Job #", type: "rich_text" },
  { name: "Address", type: "rich_text" },
  { name: "Est Revenue", type: "number" },
  { name: "Est Profit", type: "number" },
  {
    name: "Phase",
    type: "status",
    groups: [
      { name: "To-do", options: ["Not started"] },
      { name: "In progress", options: ["In progress", "On hold"] },
      { name: "Complete", options: ["Complete", "Warranty", "Cancelled"] },
    ],
  },
  // Typed by several people over the years: case is mixed, and Urgent is no level of anybody's.
  { name: "Priority", type: "select", options: ["low", "medium", "High", "CRITICAL", "Urgent"] },
  { name: "Start Date", type: "date" },
  { name: "Est Completion Date", type: "date" },
  { name: "Client", type: "relation", target: "clients", mirror: "Projects" },
  // Whoever keeps the projects in step marks the pages here that it makes.
  { name: "Sync ID", type: "rich_text" },
  // Nobody maps these.
  { name: "Notes", type: "rich_text" },
  { name: "Trades", type: "multi_select", options: TRADES },
  { name: "Team", type: "people" },
  { name: "Documents", type: "files" },
  { name: "Permit issued", type: "checkbox" },
  { name: "Drawings", type: "url" },
  { name: "No.", type: "unique_id" },
  { name: "Revenue twice", type: "formula", doubles: "Est Revenue" },
  { name: "Client type", type: "rollup", relation: "Client", property: "Type" },
  { name: "Created", type: "created_time" },
  { name: "Created by", type: "created_by" },
  { name: "Last edited", type: "last_edited_time" },
  { name: "Last edited by", type: "last_edited_by" },
] as const satisfies readonly SeedProperty[];

/** Properties of a client. */
export const CLIENT_PROPERTIES = [
  { name: "Name", type: "title" },
  { name: "Type", type: "select", options: ["commercial", "residential", "government", "non-profit"] },
  { name: "Phone", type: "phone_number" },
  { name: "Email", type: "email" },
  { name: "Address", type: "rich_text" },
  { name: "Company", type: "rich_text" },
  { name: "Contact", type: "rich_text" },
  { name: "Status", type: "select", options: ["active", "prospect", "former"] },
  { name: "Notes", type: "rich_text" },
] as const satisfies readonly SeedProperty[];
