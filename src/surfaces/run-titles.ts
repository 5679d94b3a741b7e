import type { Run } from "../ports/run-store.ts";

const SYNC_TITLES: Readonly<Record<string, string>> = {
  fireflies: "Meetings from Fireflies",
  vectors: "Documents to vectors",
};

/** A sync as people name it; one without a title by its own name. */
export function syncTitle(sync: string): string {
  return SYNC_TITLES[sync] ?? sync.replaceAll("_", " ");
}

/** A run as people name it: by its sync, or by the rebuild that it carries. */
export function runTitle({ sync, rebuild }: Pick<Run, "sync" | "rebuild">): string {
  return rebuild === null ? syncTitle(sync) : `Rebuild of ${rebuild.what}`;
}
