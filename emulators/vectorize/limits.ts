/**
 * Limits of production Vectorize that this stand-in enforces.
 *
 * Sources: developers.cloudflare.com/vectorize/platform/limits (autumn 2026); the two id caps are undocumented
 * and come from error texts that users of the service published.
 */
export const VECTORIZE_LIMITS = {
  dimensionsMax: 1536,
  indexNameBytesMax: 64,
  vectorsPerWriteMax: 1000,
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

/** How long a mutation stays invisible unless a binding says otherwise. Production: "a few seconds". */
export const DELAY_MS_DEFAULT = 2_000;
