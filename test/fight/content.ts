import type { NotionSeed, SeedRow } from "../../emulators/notion/seed.ts";

/** The workspace that the fight is about: small, so that people meet on the same pages. */
export function fightContent(startMs: number, projects: number): NotionSeed {
  const rowOf = (key: string, values: SeedRow["values"]): SeedRow => ({
    key,
    createdMs: startMs,
    editedMs: startMs,
    values,
  });
  return {
    databases: [
      {
        key: "clients",
        title: "Clients",
        properties: [{ name: "Name", type: "title" }],
        rows: ["a", "b", "c"].map((key) => rowOf(`client-${key}`, { Name: `Client ${key}` })),
      },
      {
        key: "projects",
        title: "Projects",
        properties: [
          { name: "Project name", type: "title" },
          { name: "Job #", type: "rich_text" },
          { name: "Address", type: "rich_text" },
          { name: "Est Revenue", type: "number" },
          {
            name: "Phase",
            type: "status",
            groups: [
              { name: "To-do", options: ["Not started"] },
              { name: "In progress", options: ["In progress", "On hold"] },
              { name: "Complete", options: ["Complete", "Cancelled"] },
            ],
          },
          { name: "Start Date", type: "date" },
          { name: "Client", type: "relation", target: "clients" },
          { name: "Sync ID", type: "rich_text" },
        ],
        rows: Array.from({ length: projects }, (_, n) =>
          rowOf(`project-${n}`, {
            "Project name": `Project ${n}`,
            "Job #": `26-${100 + n}`,
            "Est Revenue": 1_000 + n,
            Phase: "In progress",
            Client: ["client-a"],
          }),
        ),
      },
    ],
  };
}
