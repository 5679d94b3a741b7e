/** An event of a vendor, as far as it matters: ids and times, no content. */
export type Announcement = {
  readonly vendor: "fireflies" | "notion";
  /** Name of the event: a copy of it has the same. */
  readonly id: string;
  /** As the vendor names it. */
  readonly kind: string;
  /** Id of a meeting, a page or a data source. */
  readonly subject: string;
  /** The vendor's time of it, epoch ms; null: not said. */
  readonly eventMs: number | null;
  /** False if nothing can be read because of it, now or ever. */
  readonly isReadable: boolean;
};

/** What is wrong with an event, in a sentence. */
export type Unreadable = { readonly error: string };
