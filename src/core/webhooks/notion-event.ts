/** Events of Notion. Pure. Source: Notion docs, "Event types & delivery"; docs/vendors/notion.md. */
import * as z from "zod";
import { sha256Hex } from "../identity.ts";
import type { Announcement, Unreadable } from "./announcement.ts";

/** Who changed what where. */
export type NotionEvent = Announcement & {
  readonly entity: "page" | "data_source" | "other";
  /** Data source or database that it says it belongs to, without hyphens; of a page that was moved, the new ones. */
  readonly parents: readonly string[];
  readonly authors: readonly { readonly id: string; readonly type: string }[];
  /** Ids of the properties that changed; null: not said. */
  readonly properties: readonly string[] | null;
};

const ID = z.string().min(1).max(100);

const EVENT = z.object({
  id: ID,
  timestamp: z.iso.datetime({ offset: true }),
  type: ID,
  authors: z.array(z.object({ id: ID, type: ID })).default([]),
  entity: z.object({ id: ID, type: ID }),
  data: z
    .object({
      parent: z.object({ id: ID.optional(), data_source_id: ID.optional() }).optional(),
      updated_properties: z.array(z.unknown()).optional(),
    })
    .optional(),
});

/** What may change a record. What stands in the body of a page, comments, views and files does not. */
const READABLE: ReadonlySet<string> = new Set([
  "page.created",
  "page.deleted",
  "page.undeleted",
  "page.moved",
  "page.properties_updated",
  "data_source.schema_updated",
  "data_source.deleted",
  "data_source.undeleted",
  "data_source.moved",
]);

/** Read an event. */
export function notionEvent(body: unknown): NotionEvent | Unreadable {
  const read = EVENT.safeParse(body);
  if (!read.success) {
    const [issue] = read.error.issues;
    return { error: `the event of Notion: ${issue?.path.join(".") || "the body"}: ${issue?.message}` };
  }
  const { id, timestamp, type, authors, entity, data } = read.data;
  const { parent, updated_properties: updated } = data ?? {};
  const parents = [parent?.data_source_id, parent?.id].filter((one) => one !== undefined);
  const names = updated?.map((one) => (typeof one === "string" ? one : null)) ?? null;
  return {
    vendor: "notion",
    id: `notion:${id}`,
    kind: type,
    subject: entity.id,
    eventMs: Date.parse(timestamp),
    isReadable: READABLE.has(type),
    entity: entity.type === "page" || entity.type === "data_source" ? entity.type : "other",
    parents: parents.map(bareId),
    authors,
    // A change of a schema gives objects, and says nothing about values.
    properties: names === null || names.includes(null) ? null : (names as string[]),
  };
}

const HANDSHAKE = z.strictObject({ verification_token: z.string().regex(/^[\x21-\x7e]{16,200}$/) });

/** The token of a handshake; null if it is none. */
export function handshakeToken(body: unknown): string | null {
  const read = HANDSHAKE.safeParse(body);
  return read.success ? read.data.verification_token : null;
}

const FINGERPRINT_DIGITS = 12;

/** What people call a token by: it tells nothing about it. */
export async function fingerprintOf(token: string): Promise<string> {
  return (await sha256Hex(token)).slice(0, FINGERPRINT_DIGITS);
}

/** An id of Notion in the one form that can be compared: it is written with hyphens and without. */
export function bareId(id: string): string {
  return id.replaceAll("-", "").toLowerCase();
}
