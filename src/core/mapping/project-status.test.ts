import { describe, expect, it } from "vitest";
import { clientTypeOf } from "./client-type.ts";
import { priorityLabel, priorityOf, statusLabel, statusOf, type ProjectStatus } from "./project-status.ts";

/** `Phase` of the projects database in use, in its order. */
const PHASES = ["Not started", "In progress", "On hold", "Complete", "Cancelled"];

describe("statusOf", () => {
  it.each<[where: string, labels: Readonly<Record<string, ProjectStatus>>]>([
    [
      "the requirements",
      { active: "active", "on-hold": "on-hold", completed: "completed", cancelled: "cancelled" },
    ],
    [
      "the older tables",
      {
        planning: "active",
        active: "active",
        "on-hold": "on-hold",
        completed: "completed",
        cancelled: "cancelled",
      },
    ],
    [
      "Notion's Phase",
      {
        "Not started": "active",
        "In progress": "active",
        "On hold": "on-hold",
        Complete: "completed",
        Cancelled: "cancelled",
      },
    ],
    ["the ingest workers", { on_hold: "on-hold" }],
    ["American spelling", { Canceled: "cancelled" }],
  ])("knows the words of %s", (_, labels) => {
    expect(Object.fromEntries(Object.keys(labels).map((label) => [label, statusOf(label)]))).toEqual(labels);
  });

  it.each(["IN PROGRESS", " in-progress ", "In_Progress", "in  progress", "In\u00A0progress", "in–progress"])(
    "reads %j as in progress",
    (label) => expect(statusOf(label)).toBe("active"),
  );

  it.each(["Warranty", "Done", "Complete?", "inprogress", "", " ", "活动", "__proto__", "toString"])(
    "does not guess what %j means",
    (label) => expect(statusOf(label)).toBeNull(),
  );
});

describe("statusLabel", () => {
  it("keeps the label there where it means the same, so that planned work is not shown as begun", () => {
    expect(statusLabel("active", PHASES, "Not started")).toBe("Not started");
    expect(statusLabel("active", PHASES, "In progress")).toBe("In progress");
    expect(statusLabel("completed", ["Completed", "Complete"], "Completed")).toBe("Completed");
  });

  it.each<[ProjectStatus, string]>([
    ["active", "In progress"],
    ["on-hold", "On hold"],
    ["completed", "Complete"],
    ["cancelled", "Cancelled"],
  ])("writes %s as the live option %s", (status, label) => {
    expect(statusLabel(status, PHASES, null)).toBe(label);
    expect(statusLabel(status, PHASES, "Warranty")).toBe(label);
  });

  it("spells an option as the live schema does, and prefers work begun to work planned", () => {
    expect(statusLabel("on-hold", ["ON-HOLD"], "Active")).toBe("ON-HOLD");
    expect(statusLabel("active", ["planning", "not started", "active"], null)).toBe("active");
    expect(statusLabel("active", ["Planning"], "Complete")).toBe("Planning");
  });

  it("writes nothing where no live option means the status: an option is not made up", () => {
    expect(statusLabel("cancelled", ["Not started", "Complete"], "Complete")).toBeNull();
  });

  it.each(PHASES)("brings %s back as the status that it was read as", (phase) => {
    const status = statusOf(phase);
    expect(status).not.toBeNull();
    expect(statusOf(statusLabel(status ?? "active", PHASES, null) ?? "")).toBe(status);
  });
});

describe("priority", () => {
  it.each(["low", "medium", "high", "critical"] as const)("knows %s, both ways", (priority) => {
    expect(priorityOf(priority.toUpperCase())).toBe(priority);
    expect(priorityLabel(priority, ["CRITICAL", "High", "medium", " Low"], null)).toBe(
      { low: " Low", medium: "medium", high: "High", critical: "CRITICAL" }[priority],
    );
  });

  it("does not make an unknown priority medium", () => {
    expect(priorityOf("Urgent")).toBeNull();
    expect(priorityLabel("critical", ["Low", "Urgent"], "Urgent")).toBeNull();
  });
});

describe("clientTypeOf", () => {
  it("knows the four types of the estate in use, and no other", () => {
    expect(["Commercial", "RESIDENTIAL", "government", "Non profit", "nonprofit"].map(clientTypeOf)).toEqual([
      "commercial",
      "residential",
      "government",
      "non-profit",
      "non-profit",
    ]);
    expect(clientTypeOf("Industrial")).toBeNull();
  });
});
