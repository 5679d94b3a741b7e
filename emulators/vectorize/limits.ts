/**
 * Limits of production Vectorize that this stand-in enforces.
 *
 * Sources: developers.cloudflare.com/vectorize/platform/limits (autumn 2026); the two id caps are undocumented
 * and come from error texts that users of the service published.
 */
export const VECTORIZE_LIMITS = {
  dimensionsMax: 1536,
  indexNameBytesMax: 64,
  /** By the binding. */
  vectorsPerWriteMax: 1000,
  /** By the HTTP API. */
  vectorsPerUploadMax: 5000,
  uploadBytesMax: 100_000_000,
  idsPerListMax: 1000,
  idsPerListDefault: 100,
  idsPerGetMax: 20,
  idsPerDeleteMax: 100,
  idBytesMax: 64,
  namespaceBytesMax: 64,
  metadataBytesMax: 10_240,
  metadataIndexesMax: 10,
  indexedStringBytesMax: 64,
  topKDefault: 5,
  topKMax: 100,
  /** With returnValues, or with returnMetadata "all". */
  topKHeavyMax: 50,
  filterBytesMax: 2048,
  filterKeyCharsMax: 512,
} as const;

/** What depends on the plan of the account. Source: the same page. */
export const PLAN_LIMITS = {
  free: { indexesMax: 100, namespacesMax: 1000 },
  paid: { indexesMax: 50_000, namespacesMax: 50_000 },
} as const;

export type Plan = keyof typeof PLAN_LIMITS;

/** How long a list-vectors cursor lives. Production names an instant in each page, but no rule. */
export const LIST_CURSOR_MS = 5 * 60_000;

/** How long a mutation stays invisible unless a binding says otherwise. Production: "a few seconds". */
export const DELAY_MS_DEFAULT = 2_000;
