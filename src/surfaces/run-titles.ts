import type { Run } from "../ports/run-store.ts";

const SYNC_TITLES: Readonly<Record<string, string>> = {
  fireflies: "Meetings from Fireflies",
  clients: "Clients from Notion",
  projects: "Projects with Notion",
  vectors: "Documents to vectors",
  verify: "Proof of everything",
  cleanup: "Cleaning up",
};

/** A sync as people name it; one without a title by its own name. */
export function syncTitle(sync: string): string {
  return SYNC_TITLES[sync] ?? sync.replaceAll("_", " ");
}

/** What one item of a sync is; nothing where the items speak for themselves. */
export function itemTitle({ sync, rebuild }: Pick<Run, "sync" | "rebuild">): string {
  if (rebuild !== null) return "";
  return { clients: "client", projects: "project", fireflies: "", vectors: "", verify: "", cleanup: "" }[
    sync
  ];
}

/** A run as people name it: by its sync, or by the rebuild that it carries; one that only makes a plan says so. */
export function runTitle({
  sync,
  rebuild,
  preview,
}: Pick<Run, "sync" | "rebuild"> & Partial<Pick<Run, "preview">>): string {
  if (rebuild !== null) return `Rebuild of ${rebuild.what}`;
  return preview?.mode === "dry_run" ? `${syncTitle(sync)}, dry run` : syncTitle(sync);
}
