import { concurrently } from "../core/concurrently.ts";
import { revisionFolder, sha256Hex } from "../core/identity.ts";
import {
  asPageId,
  LINEAGE_KINDS,
  type Lineage,
  type LineageFact,
  type LineageKind,
  type MeetingFacts,
} from "../core/lineage.ts";
import { meetingLife, pageLife } from "../core/lineage-words.ts";
import { nearestWord } from "../core/nearest.ts";
import {
  LINEAGE_NEAR_CHARS,
  LINEAGE_NEAR_IDS_MAX,
  LINEAGE_REVISIONS_READ_MAX,
  LINEAGE_ROWS_MAX,
  LINEAGE_VECTORS_READ_MAX,
} from "../core/policy.ts";
import type { TableName } from "../core/records/table.ts";
import type { PageSubject } from "../ports/lineage-store.ts";
import type { Ports } from "../ports/ports.ts";

type Stores = Pick<Ports, "lineage" | "raw" | "index">;

/** Why no life can be told, in one sentence that says what to do. */
export type Untold = { readonly refused: string };

/**
 * The whole life of one record: how it was found, what was decided of it, where its content lies now, each looked at in
 * the store itself. Writes nothing.
 *
 * @param id of the record, of its transcript or page (with or without dashes), or the job number of one project
 * @returns the life; or a sentence, if the id means nothing, or several records
 */
export async function readLineage(stores: Stores, kind: string, id: string): Promise<Lineage | Untold> {
  const known = LINEAGE_KINDS.find((one) => one === kind);
  if (known === undefined) {
    const near = nearestWord(kind, LINEAGE_KINDS);
    return { refused: `there is no kind "${kind}": ask for ${near ?? LINEAGE_KINDS.join(", ")}` };
  }
  if (known === "meeting") return meetingLineage(stores, id);
  return pageLineage(stores, known, id);
}

async function meetingLineage(stores: Stores, id: string): Promise<Lineage | Untold> {
  const facts = await stores.lineage.meeting(id, LINEAGE_ROWS_MAX);
  if (facts === null) return unknown(stores, "meeting", id);
  const { now, ...life } = meetingLife(facts);
  const isRecord = facts.record !== null;
  return {
    kind: "meeting",
    recordId: isRecord ? id : null,
    sourceId: id,
    name: facts.record?.title ?? null,
    now: [...now, ...(await revisions(stores, id, facts)), await vectors(stores, id)],
    ...life,
  };
}

/** Every revision that R2 keeps of a meeting, and what the ledger relies on and R2 does not have. */
async function revisions(
  { raw }: Stores,
  id: string,
  { sighting, record }: MeetingFacts,
): Promise<LineageFact[]> {
  const { items, cursor } = await raw.list(await revisionFolder(id), null);
  const relied = [...new Set([sighting.revisionKey, record?.revisionKey ?? ""])].filter((key) => key !== "");
  // The ones in use first: they are looked at whatever the others are.
  const kept = items.toSorted((a, b) => Number(relied.includes(b.key)) - Number(relied.includes(a.key)));
  const facts = await concurrently(kept.slice(0, LINEAGE_REVISIONS_READ_MAX), async ({ key, sizeBytes }) => {
    const text = await raw.getText(key);
    const isIntact = text !== null && key.endsWith(`/${await sha256Hex(text)}.json.gz`);
    const use = relied.includes(key) ? "in use" : "an earlier one";
    const state = isIntact ? "its bytes are what its name says" : "its bytes are damaged";
    return { where: "R2", says: `${key}, ${sizeBytes} bytes, ${use}: ${state}` };
  });
  const missing = cursor === null ? relied.filter((key) => items.every((item) => item.key !== key)) : [];
  const more = items.length - facts.length;
  return [
    ...missing.map((key) => ({ where: "R2", says: `${key}, in use: it is missing` })),
    ...facts,
    ...(more > 0 ? [{ where: "R2", says: `and ${more} more revisions` }] : []),
  ];
}

async function vectors({ lineage, index }: Stores, id: string): Promise<LineageFact> {
  const { items } = await lineage.liveVectors(id, LINEAGE_VECTORS_READ_MAX);
  if (items.length === 0) return { where: "index", says: "no vectors that search could find" };
  const visible = await index.getByIds(items);
  const asked = items.length < LINEAGE_VECTORS_READ_MAX ? `${items.length}` : `the first ${items.length}`;
  return { where: "index", says: `${visible.length} of ${asked} live vectors are there` };
}

/** Where records of a kind stand. */
const TABLE: Readonly<Record<Exclude<LineageKind, "meeting">, TableName>> = {
  project: "projects",
  client: "clients",
};

async function pageLineage(
  stores: Stores,
  kind: Exclude<LineageKind, "meeting">,
  id: string,
): Promise<Lineage | Untold> {
  const sync = TABLE[kind];
  const subjects = await subjectsOf(stores, sync, id);
  const [subject, ...others] = subjects;
  if (subject === undefined) return unknown(stores, kind, id);
  if (others.length > 0) {
    const ids = subjects.map((one) => one.recordId ?? one.pageId).join(", ");
    return { refused: `${id} stands for several ${sync}: ask for one of ${ids}` };
  }
  const facts = await stores.lineage.page(sync, subject, LINEAGE_ROWS_MAX);
  return {
    kind,
    recordId: subject.recordId,
    sourceId: subject.pageId,
    name: subject.name,
    ...pageLife(facts),
  };
}

/** What is written as it stands goes before what it may mean: an application's own id may look like a page's. */
async function subjectsOf({ lineage }: Stores, sync: TableName, id: string): Promise<PageSubject[]> {
  const { items } = await lineage.pageSubjects(sync, id, LINEAGE_ROWS_MAX);
  const pageId = asPageId(id);
  if (items.length > 0 || pageId === id) return items;
  return (await lineage.pageSubjects(sync, pageId, LINEAGE_ROWS_MAX)).items;
}

async function unknown({ lineage }: Stores, kind: LineageKind, id: string): Promise<Untold> {
  const table = kind === "meeting" ? "meetings" : TABLE[kind];
  const begins = id.slice(0, LINEAGE_NEAR_CHARS);
  const near = nearestWord(id, (await lineage.idsLike(table, begins, LINEAGE_NEAR_IDS_MAX)).items);
  const what = kind === "meeting" ? "an id of Fireflies" : "the id of a record or page";
  return {
    refused: `no ${kind} is known as ${id}${near === null ? `: give ${what}` : `: did you mean ${near}?`}`,
  };
}
