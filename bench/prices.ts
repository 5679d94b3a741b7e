/** What Cloudflare bills, in US dollars a month. Source: docs/vendors/cloudflare.md, "Prices". */

/** What a month uses, and what is stored in it. */
export type Usage = {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly d1Bytes: number;
  readonly r2Bytes: number;
  /** Class A: writes and lists. */
  readonly r2Writes: number;
  /** Class B: reads. */
  readonly r2Reads: number;
  readonly vectors: number;
  /** Of Workflows. */
  readonly steps: number;
  /** Embedded. */
  readonly tokens: number;
};

/** Length of the vectors of the usual model. */
const DIMENSIONS = 1_024;
const WORKERS_PAID = 5;
const GB = 1e9;

/** One item of the bill: so much is included, then a price for each unit. */
const ITEMS: readonly {
  readonly name: string;
  readonly used: (usage: Usage) => number;
  readonly included: number;
  readonly unit: number;
  readonly dollars: number;
}[] = [
  { name: "D1 rows read", used: (usage) => usage.rowsRead, included: 25e9, unit: 1e6, dollars: 0.001 },
  { name: "D1 rows written", used: (usage) => usage.rowsWritten, included: 50e6, unit: 1e6, dollars: 1 },
  { name: "D1 storage", used: (usage) => usage.d1Bytes, included: 5 * GB, unit: GB, dollars: 0.75 },
  { name: "R2 storage", used: (usage) => usage.r2Bytes, included: 10 * GB, unit: GB, dollars: 0.015 },
  { name: "R2 writes", used: (usage) => usage.r2Writes, included: 1e6, unit: 1e6, dollars: 4.5 },
  { name: "R2 reads", used: (usage) => usage.r2Reads, included: 10e6, unit: 1e6, dollars: 0.36 },
  {
    name: "vectors stored",
    used: (usage) => usage.vectors * DIMENSIONS,
    included: 10e6,
    unit: 100e6,
    dollars: 0.05,
  },
  { name: "Workflow steps", used: (usage) => usage.steps, included: 500e3, unit: 100e3, dollars: 0.8 },
  // 10,000 neurons a day are free; a million tokens of the usual model are 1,075 neurons.
  {
    name: "embeddings",
    used: (usage) => (usage.tokens / 1e6) * 1_075,
    included: 300e3,
    unit: 1_000,
    dollars: 0.011,
  },
];

/** The bill of a month, and its items. */
export function monthlyCosts(usage: Usage): {
  readonly total: number;
  readonly parts: readonly { readonly name: string; readonly dollars: number }[];
} {
  const parts = ITEMS.map(({ name, used, included, unit, dollars }) => ({
    name,
    dollars: (Math.max(0, used(usage) - included) / unit) * dollars,
  }));
  return {
    total: parts.reduce((sum, { dollars }) => sum + dollars, WORKERS_PAID),
    parts: [{ name: "Workers Paid", dollars: WORKERS_PAID }, ...parts],
  };
}
