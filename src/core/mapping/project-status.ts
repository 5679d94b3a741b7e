/**
 * Status and priority of projects. Words: requirements, "Status values"; labels: the vocabularies in use today (Notion's
 * `Phase`, older tables with `planning`, others with `on_hold`). `Warranty` and whatever else is unknown stays unknown.
 */
import { labelFor, wordOf, type Vocabulary } from "./vocabulary.ts";

export type ProjectStatus = "active" | "on-hold" | "completed" | "cancelled";
export type ProjectPriority = "low" | "medium" | "high" | "critical";

/** Work that is planned or not begun is active: the requirements have no word for it, and it is neither held nor over. */
const STATUS: Vocabulary<ProjectStatus> = {
  active: ["In progress", "Active", "Not started", "Planning"],
  "on-hold": ["On hold"],
  completed: ["Complete", "Completed"],
  cancelled: ["Cancelled", "Canceled"],
};

const PRIORITY: Vocabulary<ProjectPriority> = {
  low: ["Low"],
  medium: ["Medium"],
  high: ["High"],
  critical: ["Critical"],
};

/** The status that a label means; null for an unknown one, whose row then keeps its old status. */
export function statusOf(label: string): ProjectStatus | null {
  return wordOf(STATUS, label);
}

/**
 * The label to write for a status: the current one where it means the same, else a live option, else null.
 * `options` are the names of the live options; `current` is the label there now.
 */
export function statusLabel(
  status: ProjectStatus,
  options: readonly string[],
  current: string | null,
): string | null {
  return labelFor(STATUS, status, options, current);
}

/** The priority that a label means; null for an unknown one. */
export function priorityOf(label: string): ProjectPriority | null {
  return wordOf(PRIORITY, label);
}

/** The label to write for a priority, as for a status. */
export function priorityLabel(
  priority: ProjectPriority,
  options: readonly string[],
  current: string | null,
): string | null {
  return labelFor(PRIORITY, priority, options, current);
}
