/** What people call the work behind the operations that the engine measures. Pure. Source: requirements, "Time taken per operation". */

/** Parts of the work, in the order in which an item passes through them. */
export const STAGES = [
  "prepare",
  "list",
  "fetch",
  "store",
  "record",
  "chunk",
  "embed",
  "index",
  "verify",
  "push",
  "clean",
  "wait",
  "other",
] as const;
export type Stage = (typeof STAGES)[number];

/** The operation under which a run's pauses for an index that shows late are measured. */
export const WAIT_FOR_INDEX = "wait for the index";

/** Operation to stage; a test holds that each one that is measured stands here. */
const STAGE_OF: Readonly<Record<string, Stage>> = {
  preflight: "prepare",
  account: "prepare",
  database: "prepare",
  schema: "prepare",
  list: "list",
  query: "list",
  find: "list",
  fetch: "fetch",
  look: "fetch",
  read: "fetch",
  "read list": "fetch",
  items: "fetch",
  store: "store",
  record: "record",
  "record chunks": "record",
  "read revision": "chunk",
  chunk: "chunk",
  embed: "embed",
  "keep embeddings": "embed",
  "read embeddings": "embed",
  index: "index",
  "delete vectors": "index",
  "read back": "verify",
  "read vectors back": "verify",
  "see vectors gone": "verify",
  "count vectors": "verify",
  "hash revisions again": "verify",
  "hash chunks again": "verify",
  create: "push",
  update: "push",
  trash: "push",
  "count days": "clean",
  "delete rows": "clean",
  "delete objects": "clean",
  [WAIT_FOR_INDEX]: "wait",
};

/** The stage that an operation belongs to. */
export function stageOf(operation: string): Stage {
  return STAGE_OF[operation] ?? "other";
}
