const SYNC_TITLES: Readonly<Record<string, string>> = {
  fireflies: "Meetings from Fireflies",
  vectors: "Documents to vectors",
};

/** A sync as people name it; one without a title by its own name. */
export function syncTitle(sync: string): string {
  return SYNC_TITLES[sync] ?? sync.replaceAll("_", " ");
}
