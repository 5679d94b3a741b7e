/**
 * The columns of `clients` that are filled from Notion; nothing is written back. Names: the estate in use
 * (`company_name` is the requirements' *name*). What is required: requirements, "Client Records".
 */
import type { FieldPolicy } from "../merge.ts";
import type { Column } from "./column.ts";

const FROM_NOTION: FieldPolicy = { direction: "in", conflict: "notion" };

export const CLIENT_COLUMNS = {
  company_name: {
    kind: "text",
    isRequired: true,
    requirement: "name",
    group: "company_name",
    policy: FROM_NOTION,
    synonyms: ["Name", "Client name", "Client", "Company name", "Title"],
    notionTypes: ["title"],
  },
  email: {
    kind: "email",
    isRequired: false,
    requirement: "email",
    group: "email",
    policy: FROM_NOTION,
    synonyms: ["Email", "E-mail", "Email address", "E-mail address", "Mail", "Contact email"],
    notionTypes: ["email", "rich_text", "formula"],
  },
  phone: {
    kind: "phone",
    isRequired: false,
    requirement: "phone",
    group: "phone",
    policy: FROM_NOTION,
    synonyms: ["Phone", "Phone number", "Telephone", "Tel", "Contact phone", "Mobile"],
    notionTypes: ["phone_number", "rich_text", "formula"],
  },
  company: {
    kind: "text",
    isRequired: false,
    requirement: "company",
    group: "company",
    policy: FROM_NOTION,
    synonyms: ["Company", "Company name", "Organisation", "Organization", "Firm", "Employer"],
    notionTypes: ["rich_text", "select", "formula"],
  },
  contact_person: {
    kind: "text",
    isRequired: false,
    requirement: null,
    group: "contact_person",
    policy: FROM_NOTION,
    synonyms: ["Contact person", "Contact", "Contact name", "Primary contact", "Main contact"],
    notionTypes: ["rich_text", "formula"],
  },
  address: {
    kind: "text",
    isRequired: false,
    requirement: null,
    group: "address",
    policy: FROM_NOTION,
    synonyms: ["Address", "Client address", "Company address", "Office address", "Location"],
    notionTypes: ["rich_text", "formula"],
  },
  client_type: {
    kind: "client_type",
    isRequired: false,
    requirement: null,
    group: "client_type",
    policy: FROM_NOTION,
    synonyms: ["Type", "Client type", "Category", "Sector"],
    notionTypes: ["select", "status"],
  },
  // Free words: only a project's status has a vocabulary.
  status: {
    kind: "text",
    isRequired: false,
    requirement: null,
    group: "status",
    policy: FROM_NOTION,
    synonyms: ["Status", "Client status", "State"],
    notionTypes: ["status", "select", "rich_text"],
  },
  notes: {
    kind: "text",
    isRequired: false,
    requirement: null,
    group: "notes",
    policy: FROM_NOTION,
    synonyms: ["Notes", "Note", "Comments", "Description", "Remarks"],
    notionTypes: ["rich_text"],
  },
} as const satisfies Readonly<Record<string, Column>>;

export type ClientColumn = keyof typeof CLIENT_COLUMNS;
